import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
import type { Forward, ForwardEnding, OpenResult } from '../tunnel/forward.ts';
import { Answers, routeKey, type Subject } from './answers.ts';
import type { Clock } from './clock.ts';
import type { FormerOwner } from './former-owners.ts';
import type { RememberedEnvironment } from './memory.ts';
import { monotonicOf, Ownership } from './ownership.ts';
import type { EnvironmentView, Resolution } from './resolution.ts';
import { ServiceRecord, type Moment } from './service-record.ts';
import { combinedState, type ServiceEvent, type ServiceState } from './state.ts';

export interface EnvironmentOptions {
  readonly clock: Clock;
  readonly holdMs: number;
  readonly onChange: (environment: Environment, change: EnvironmentChange) => void;
}

export interface EnvironmentChange {
  /** The state until now; undefined at its first. */
  readonly previous: ServiceState | undefined;
  /** It must be known after a restart too. */
  readonly lasting: boolean;
}

/** Services that are remembered; a client that adds and cancels forwards for ever does not grow the memory. */
const maxRememberedServices = 128;

/** One environment name with its owner and its services; its state is that of the services together. */
export class Environment implements Subject {
  readonly name: string;
  readonly #options: EnvironmentOptions;
  readonly #services = new Map<string, ServiceRecord>();
  /** Made when somebody asks: most of what is remembered is never asked for. */
  #madeAnswers: Answers | undefined;
  readonly #ownership: Ownership;
  #state: ServiceState | undefined;
  #sinceMs: number;
  #liveForwards = 0;
  #lastSeenAt: number;
  #lastSeenMonotonicMs: number;
  #heldUntilMs = Infinity;

  constructor(name: string, owner: string, options: EnvironmentOptions) {
    this.name = name;
    this.#ownership = new Ownership(owner);
    this.#options = options;
    this.#lastSeenAt = options.clock.wall();
    this.#sinceMs = this.#lastSeenAt;
    this.#lastSeenMonotonicMs = options.clock.monotonic();
  }

  get owner(): string {
    return this.#ownership.owner;
  }

  get changedHandsAt(): number | undefined {
    return this.#ownership.changedHandsAt;
  }

  get state(): ServiceState {
    return this.#state ?? 'offline';
  }

  get sinceMs(): number {
    return this.#sinceMs;
  }

  get services(): ReadonlyMap<string, ServiceRecord> {
    return this.#services;
  }

  /** Those that are live, the best of each service first. */
  get forwards(): readonly Forward[] {
    return [...this.#services.values()].flatMap(({ liveForwards }) => liveForwards);
  }

  /** It has a forward. */
  get online(): boolean {
    return this.#liveForwards > 0;
  }

  /** Milliseconds since the epoch; the present while it is online. */
  get lastSeenAt(): number {
    return this.online ? this.#options.clock.wall() : this.#lastSeenAt;
  }

  /** When its owner had it last, or got it. Milliseconds since the epoch. */
  get ownedAt(): number {
    return Math.max(this.lastSeenAt, this.#ownership.givenAt ?? 0);
  }

  /** For how long its owner has done nothing with it: it was not seen, nor given to them. */
  get idleMs(): number {
    if (this.online) return 0;
    const since = Math.max(this.#lastSeenMonotonicMs, this.#ownership.givenMonotonicMs ?? -Infinity);
    return this.#options.clock.monotonic() - since;
  }

  /** When `settle` has something to do: monotonic milliseconds, or `Infinity`. */
  get heldUntilMs(): number {
    return this.#heldUntilMs;
  }

  resolve(route: RouteName, key: string): Resolution {
    return this.#answers.resolve(route, key);
  }

  stateOf(key: string): ServiceState {
    return this.#answers.stateOf(key);
  }

  view(access?: Access): EnvironmentView {
    return this.#answers.view(access);
  }

  /** How long a request for the route may still be held, in ms. */
  holdLeftMs(key: string): number {
    if (this.stateOf(key) !== 'reconnecting') return 0;
    const own = this.#services.get(key);
    const held = own?.state === 'reconnecting' ? [own] : this.#reconnecting();
    const untilMs = held.reduce((latest, record) => Math.max(latest, record.heldUntilMs), 0);
    return Math.max(0, untilMs - this.#options.clock.monotonic());
  }

  /** A tunnel offers each route once. */
  offers(tunnelId: string, route: RouteName): boolean {
    const forwards = this.#services.get(routeKey(route))?.forwards ?? [];
    return forwards.some((forward) => forward.tunnelId === tunnelId);
  }

  /** The name is another owner's now, whose forward follows; what the previous one offered is forgotten. */
  passTo(owner: string): void {
    this.#ownership.passTo(owner, this.#moment());
    this.#services.clear();
  }

  /** It was forgotten until now, and had an owner before that. */
  follow(former: FormerOwner): void {
    this.#ownership.follow(former, this.#moment());
  }

  /** The name is given to another owner, as if it were seen now. What the previous one offers is no longer reached. */
  giveTo(owner: string): void {
    const at = this.#moment();
    if (this.online) this.#seen(at);
    this.#liveForwards = 0;
    this.#ownership.giveTo(owner, at);
    this.#services.clear();
    this.#changed(at, true);
  }

  /** The forwards of the same route that are now behind this one, newest first. */
  add(forward: Forward): readonly Forward[] {
    const at = this.#moment();
    const key = routeKey(forward.route);
    const record = this.#services.get(key) ?? new ServiceRecord(forward.route, forward.access, at.wallMs);
    const lasting = !record.online || record.access !== forward.access;
    this.#services.set(key, record);
    this.#ownership.use();
    this.#liveForwards += 1;
    const older = record.add(forward, at);
    this.#changed(at, lasting);
    return older;
  }

  remove(forward: Forward, ending: ForwardEnding): void {
    const record = this.#services.get(routeKey(forward.route));
    if (record?.has(forward) !== true) return;
    const at = this.#moment();
    this.#liveForwards -= 1;
    this.#seen(at);
    record.remove(forward, this.#eventOf(ending), at);
    for (const each of this.#services.values()) {
      each.settle(at);
      if (!this.online) each.pass({ kind: 'deserted' }, at);
    }
    this.#forgetOldest();
    this.#changed(at, !record.online);
  }

  /** The options of a live forward changed, or its tunnel drains. */
  refresh(forward: Forward): void {
    const lasting = this.#services.get(routeKey(forward.route))?.refresh(forward) === true;
    this.#changed(this.#moment(), lasting);
  }

  /** What a channel open said: nothing changes when it is what the one before said. */
  opened(forward: Forward, result: OpenResult, detail: string | undefined): void {
    this.#heed(forward, { kind: 'opened', result, detail });
  }

  /** Whether its machine answers pings. */
  silence(forward: Forward, silent: boolean): void {
    this.#heed(forward, { kind: silent ? 'silent' : 'heard' });
  }

  /** What was held for long enough no longer is. */
  settle(): void {
    const at = this.#moment();
    if (at.monotonicMs < this.#heldUntilMs) return;
    const due = [...this.#services.values()].filter((record) => record.heldUntilMs <= at.monotonicMs);
    const lasting = due.some((record) => record.state === 'reconnecting');
    for (const record of due) record.pass({ kind: 'hold-over' }, at);
    this.#changed(at, lasting);
  }

  /** Takes up what was known before the gateway was started. There is no live forward. */
  recall(remembered: RememberedEnvironment): void {
    const at = this.#moment();
    this.#ownership.recall(remembered, at);
    this.#lastSeenAt = remembered.lastSeenAt;
    this.#lastSeenMonotonicMs = monotonicOf(remembered.lastSeenAt, at);
    this.#services.clear();
    for (const service of remembered.services.slice(-maxRememberedServices)) {
      const wasLive = service.state === 'ready' || service.state === 'degraded';
      const sinceMs = wasLive ? remembered.lastSeenAt : service.sinceMs;
      const record = new ServiceRecord(service.route, service.access, sinceMs);
      record.recall(service.state, at, service.from);
      this.#services.set(routeKey(service.route), record);
    }
    this.#changed(at, false, remembered.online ? remembered.lastSeenAt : remembered.sinceMs);
  }

  toRemember(): RememberedEnvironment {
    const { name, owner, lastSeenAt, state, sinceMs, online } = this;
    const services = [...this.#services.values()].map((record) => ({
      route: record.route,
      access: record.access,
      ...(record.from !== undefined && { from: record.from }),
      state: record.state,
      sinceMs: record.sinceMs,
    }));
    const { givenAt, changedHandsAt } = this.#ownership;
    const passed = {
      ...(givenAt !== undefined && { givenAt }),
      ...(changedHandsAt !== undefined && { changedHandsAt }),
    };
    return { name, owner, lastSeenAt, ...passed, state, sinceMs, online, services };
  }

  /** How a service feels is not remembered beyond the process. */
  #heed(forward: Forward, event: ServiceEvent): void {
    const at = this.#moment();
    const changed = this.#services.get(routeKey(forward.route))?.heed(forward, event, at) === true;
    if (changed) this.#changed(at, false);
  }

  #eventOf(ending: ForwardEnding): ServiceEvent {
    return ending.kind === 'withdrawn' ? { kind: 'withdrawn', alone: this.online } : { kind: ending.kind };
  }

  #seen({ wallMs, monotonicMs }: Moment): void {
    this.#lastSeenAt = wallMs;
    this.#lastSeenMonotonicMs = monotonicMs;
  }

  #moment(): Moment {
    const { clock, holdMs } = this.#options;
    return { monotonicMs: clock.monotonic(), wallMs: clock.wall(), holdMs };
  }

  /** One that is no longer held has been gone since before. */
  #changed(at: Moment, lasting: boolean, sinceMs?: number): void {
    const previous = this.#state;
    const records = [...this.#services.values()];
    this.#state = combinedState(records.map((record) => record.state));
    this.#heldUntilMs = records.reduce((first, record) => Math.min(first, record.heldUntilMs), Infinity);
    const goneBefore = previous === 'reconnecting' && this.#state === 'offline';
    if (sinceMs !== undefined) this.#sinceMs = sinceMs;
    else if (this.#state !== previous && !goneBefore) this.#sinceMs = at.wallMs;
    this.#madeAnswers?.clear();
    this.#options.onChange(this, { previous, lasting });
  }

  get #answers(): Answers {
    this.#madeAnswers ??= new Answers(this, this.#options.clock);
    return this.#madeAnswers;
  }

  #reconnecting(): readonly ServiceRecord[] {
    return [...this.#services.values()].filter((record) => record.state === 'reconnecting');
  }

  #forgetOldest(): void {
    if (this.#services.size <= maxRememberedServices) return;
    const gone = [...this.#services].filter(([, record]) => !record.online);
    gone.sort(([, a], [, b]) => a.sinceMs - b.sinceMs);
    for (const [key] of gone.slice(0, this.#services.size - maxRememberedServices))
      this.#services.delete(key);
  }
}
