import type { Forward, ForwardEnding, OpenResult } from '../tunnel/forward.ts';
import { systemClock, type Clock } from './clock.ts';
import { Environment, type EnvironmentChange } from './environment.ts';
import { FormerOwners, type FormerOwner } from './former-owners.ts';
import { HostTable } from './host-table.ts';
import { HoldTimer } from './hold-timer.ts';
import type { EnvironmentMemory, RememberedEnvironment } from './memory.ts';
import type { EnvironmentView, HoldOptions, Resolution, Router } from './resolution.ts';
import { StateCounts } from './state-counts.ts';
import type { ServiceState } from './state.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface RegistryOptions {
  /** The gateway's domain, such as `preview.example.com`. */
  readonly domain: string;
  /** Another host of the gateway itself, such as `login.example.com`. */
  readonly adminDomain?: string | undefined;
  readonly holdMs: number;
  /** How long a name stays its owner's after it was last seen. */
  readonly claimTtlMs: number;
  readonly maxHeldPerEnv: number;
  /** Requests that are held for all environments together; as many others may wait until something is ready. */
  readonly maxHeldTotal?: number;
  /** Those that wait for environments that were never seen. */
  readonly maxUnseenWaits?: number;
  /** Environments that are remembered after they went offline; the longest gone are forgotten first. */
  readonly maxRemembered: number;
  readonly memory?: EnvironmentMemory;
  /** Once for each change of an environment's state; `previous` is undefined for one that was never seen. */
  readonly onStateChange?: (view: EnvironmentView, previous: ServiceState | undefined) => void;
  readonly clock?: Clock;
}

export type AddResult =
  | { readonly kind: 'added'; readonly takenOver: readonly Forward[] }
  /** The name belongs to another principal. */
  | { readonly kind: 'taken' }
  /** This tunnel already offers the same route. */
  | { readonly kind: 'duplicate' };

const defaultMaxHeldTotal = 4096;
const defaultMaxUnseenWaits = 1024;

/** The live tunnels' forwards by environment and service: the routing table, which changes in the moment a tunnel does. */
export class Registry implements Router {
  readonly #options: RegistryOptions;
  readonly #clock: Clock;
  /** In the order in which they are forgotten. */
  readonly #environments = new Map<string, Environment>();
  readonly #former = new FormerOwners();
  readonly #hosts: HostTable;
  /** One does not fill up another's: requests, those who wait until it is ready, and the same where nobody knows of it yet. */
  readonly #rooms: Readonly<Record<'held' | 'waits' | 'unseen', WaitingRoom>>;
  readonly #counts = new StateCounts();
  readonly #holdTimer: HoldTimer;

  constructor(options: RegistryOptions) {
    const { maxHeldPerEnv: maxPerEnv, maxHeldTotal = defaultMaxHeldTotal } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#hosts = new HostTable(options.domain, options.adminDomain);
    this.#rooms = {
      held: new WaitingRoom({ maxPerEnv, maxTotal: maxHeldTotal }),
      waits: new WaitingRoom({ maxPerEnv, maxTotal: maxHeldTotal }),
      unseen: new WaitingRoom({ maxPerEnv, maxTotal: options.maxUnseenWaits ?? defaultMaxUnseenWaits }),
    };
    this.#holdTimer = new HoldTimer(this.#clock);
  }

  /** Requests that wait for a tunnel, whatever they are. */
  get heldCount(): number {
    const { held, waits, unseen } = this.#rooms;
    return held.total + waits.total + unseen.total;
  }

  stateCounts(): Record<ServiceState, number> {
    return this.#counts.all;
  }

  view(env: string): EnvironmentView | undefined {
    return this.#settled(env)?.view();
  }

  /** Those that are live: of each service those that answer first, then the newest. */
  forwardsOf(env: string): readonly Forward[] {
    return this.#environments.get(env)?.forwards ?? [];
  }

  /** Those of one owner, if one is given. */
  *views(owner?: string): Iterable<EnvironmentView> {
    for (const [name, environment] of this.#environments) {
      if (owner !== undefined && environment.owner !== owner) continue;
      const view = this.view(name);
      if (view !== undefined) yield view;
    }
  }

  /** Whether the principal could offer a service of this environment now. */
  mayClaim(env: string, owner: string): boolean {
    const environment = this.#environments.get(env);
    return environment === undefined || environment.owner === owner || this.#claimIsOver(environment);
  }

  /** When the name is free for others, in milliseconds since the epoch; undefined while it is online, and for one that is not known. */
  claimEndsAt(env: string): number | undefined {
    const environment = this.#environments.get(env);
    if (environment === undefined || environment.online) return undefined;
    return this.#clock.wall() + this.#options.claimTtlMs - environment.idleMs;
  }

  /**
   * Forgets the environment, and with it whose it is. Its live forwards are no longer reached; whoever asked for it ends their tunnels. False when it
   * is not, or no longer, that owner's.
   */
  release(env: string, owner: string): boolean {
    const environment = this.#ownedBy(env, owner);
    if (environment === undefined) return false;
    this.#forget(environment);
    for (const room of Object.values(this.#rooms)) room.changed(env);
    return true;
  }

  /** Gives the name to another principal, whose claim begins now. As with `release`. */
  transfer(env: string, owner: string, to: string): boolean {
    const environment = this.#ownedBy(env, owner);
    if (environment === undefined) return false;
    environment.giveTo(to);
    this.#forgetLast(environment);
    return true;
  }

  /** Makes the route live. The newest forward of the owner wins at once; older ones stay behind it as stand-by. */
  add(forward: Forward): AddResult {
    const { env } = forward.route;
    if (!this.mayClaim(env, forward.owner)) return { kind: 'taken' };
    const environment = this.#environment(env, forward.owner);
    if (environment.offers(forward.tunnelId, forward.route)) return { kind: 'duplicate' };
    if (environment.owner !== forward.owner) environment.passTo(forward.owner);
    this.#forgetLast(environment);
    return { kind: 'added', takenOver: environment.add(forward) };
  }

  /** The route is gone when this returns; why decides what it is then. */
  remove(forward: Forward, ending: ForwardEnding): void {
    const environment = this.#environments.get(forward.route.env);
    if (environment === undefined) return;
    environment.remove(forward, ending);
    if (!environment.online) this.#forgetLast(environment);
  }

  /** A live forward's options were changed, or its tunnel began to drain. */
  refresh(forward: Forward): void {
    this.#environments.get(forward.route.env)?.refresh(forward);
  }

  /** What a channel open of the forward said. */
  opened(forward: Forward, result: OpenResult, detail?: string): void {
    this.#environments.get(forward.route.env)?.opened(forward, result, detail);
  }

  /** The machine leaves a ping unanswered, or is heard again. */
  silence(forward: Forward, silent: boolean): void {
    this.#environments.get(forward.route.env)?.silence(forward, silent);
  }

  /**
   * Takes up what was known before the gateway was started, or what another process knew until it ended. What is live, or
   * was seen here since then, stays as it is.
   */
  recall(remembered: readonly RememberedEnvironment[]): void {
    const longestGoneFirst = remembered.toSorted((a, b) => ownedAt(a) - ownedAt(b));
    for (const each of longestGoneFirst) {
      const known = this.#environments.get(each.name);
      if (known !== undefined && (known.online || known.ownedAt >= ownedAt(each))) continue;
      const environment = this.#environment(each.name, each.owner);
      this.#forgetLast(environment);
      environment.recall(each);
    }
  }

  /** Takes up whose names were that nobody had any more, the longest forgotten first. */
  recallFormer(former: readonly FormerOwner[]): void {
    for (const each of former) if (!this.#environments.has(each.name)) this.#former.note(each);
  }

  resolve(host: string): Resolution {
    const { kind, route, key } = this.#hosts.read(host);
    if (kind !== 'route') return { kind };
    const environment = this.#settled(route.env);
    return environment?.resolve(route, key) ?? { kind: 'unknown', env: route.env };
  }

  async hold(host: string, { ms, signal, untilReady = false }: HoldOptions): Promise<Resolution | 'full'> {
    const { kind, route, key } = this.#hosts.read(host);
    const { env } = route;
    if (kind !== 'route' || env === '') return this.resolve(host);
    const done = (): boolean => {
      const state = this.#settled(env)?.stateOf(key);
      return untilReady ? state === 'ready' : state !== 'reconnecting';
    };
    if (done()) return this.resolve(host);
    const environment = this.#environments.get(env);
    const room = this.#rooms[environment === undefined ? 'unseen' : untilReady ? 'waits' : 'held'];
    if (!room.hasRoom(env)) return 'full';
    const leftMs = untilReady ? Infinity : (environment?.holdLeftMs(key) ?? 0);
    // Timers may be early by a fraction of a millisecond: whoever has waited to the end is told what is true after it.
    const boundMs = ms < leftMs ? ms : Math.ceil(leftMs) + 1;
    await room.wait(env, { ms: boundMs, ...(signal && { signal }), done });
    return this.resolve(host);
  }

  /** As time has made it by now. */
  #settled(name: string): Environment | undefined {
    const environment = this.#environments.get(name);
    if (environment === undefined || environment.heldUntilMs === Infinity) return environment;
    if (environment.heldUntilMs <= this.#clock.monotonic()) environment.settle();
    return environment;
  }

  #environment(name: string, owner: string): Environment {
    const known = this.#environments.get(name);
    if (known !== undefined) return known;
    this.#forgetOldest();
    const environment = new Environment(name, owner, {
      clock: this.#clock,
      holdMs: this.#options.holdMs,
      onChange: (changed, change) => this.#onChange(changed, change),
    });
    this.#environments.set(name, environment);
    const former = this.#former.take(name);
    if (former !== undefined) environment.follow(former);
    return environment;
  }

  #onChange(environment: Environment, { previous, lasting }: EnvironmentChange): void {
    const { name, state } = environment;
    if (environment.heldUntilMs === Infinity) this.#holdTimer.forget(environment);
    else this.#holdTimer.watch(environment);
    if (state !== previous) {
      this.#counts.move(previous, state);
      // What is recalled at the start is no news.
      if (previous !== undefined || environment.online)
        this.#options.onStateChange?.(environment.view(), previous);
    }
    if (lasting) this.#options.memory?.remember(environment.toRemember());
    for (const room of Object.values(this.#rooms)) room.changed(name);
  }

  /** Insertion order is the order in which names are forgotten. */
  #forgetLast(environment: Environment): void {
    this.#environments.delete(environment.name);
    this.#environments.set(environment.name, environment);
  }

  #ownedBy(env: string, owner: string): Environment | undefined {
    const environment = this.#environments.get(env);
    if (environment?.owner === owner) return environment;
    // Whoever asks has noted already that it passes on.
    if (environment !== undefined) this.#options.memory?.remember(environment.toRemember());
    return undefined;
  }

  #forget(environment: Environment): void {
    this.#environments.delete(environment.name);
    this.#holdTimer.forget(environment);
    this.#counts.move(environment.state, undefined);
    this.#options.memory?.forget(environment.name);
    const { name, owner, changedHandsAt } = environment;
    this.#former.note({ name, owner, changedHandsAt });
  }

  #claimIsOver(environment: Environment): boolean {
    return !environment.online && environment.idleMs > this.#options.claimTtlMs;
  }

  #forgetOldest(): void {
    if (this.#environments.size < this.#options.maxRemembered) return;
    for (const [name, environment] of this.#environments) {
      if (environment.online || this.#isAwaited(name)) continue;
      this.#forget(environment);
      return;
    }
  }

  #isAwaited(name: string): boolean {
    return this.#rooms.held.countOf(name) > 0 || this.#rooms.waits.countOf(name) > 0;
  }
}

function ownedAt({ lastSeenAt, givenAt = 0 }: RememberedEnvironment): number {
  return Math.max(lastSeenAt, givenAt);
}
