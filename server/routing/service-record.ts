import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
import type { Forward } from '../tunnel/forward.ts';
import { bestFirst, choose, isSteady, type Line } from './choice.ts';
import type { ServiceView } from './resolution.ts';
import {
  combinedState,
  nextStatus,
  offline,
  ready,
  type ServiceEvent,
  type ServiceState,
  type ServiceStatus,
} from './state.ts';

/** The moment of a change, on both clocks. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
  /** For how long a service that goes at this moment is held. */
  readonly holdMs: number;
}

export interface RouteChoice {
  readonly forward: Forward;
  readonly standby: Forward | undefined;
  /** The same until the next change. */
  readonly steady: boolean;
}

interface OwnLine extends Line {
  status: ServiceStatus;
  retryAtMs: number;
  retryDelayMs: number;
}

/** How long a forward that refuses is left alone while another works; doubled each time, up to this. */
const firstRetryMs = 1000;
const maxRetryMs = { refused: 5000, timeout: 30_000, silent: 30_000 };

/** One service (and port) of an environment: its forwards, newest first, or the memory of how the last one ended. */
export class ServiceRecord {
  readonly route: RouteName;
  #access: Access;
  #from: string | undefined;
  #lines: readonly OwnLine[] = [];
  /** What it is when there is no forward. */
  #rest: ServiceStatus = offline;
  #heldUntilMs = Infinity;
  #state: ServiceState = 'offline';
  #sinceMs: number;
  #turn = 0;

  constructor(route: RouteName, access: Access, wallMs: number) {
    this.route = route;
    this.#access = access;
    this.#sinceMs = wallMs;
  }

  get access(): Access {
    return this.#access;
  }

  /** The networks that its newest forward may be visited from; undefined for any. */
  get from(): string | undefined {
    return this.#from;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** When it entered its state; when it went, if it is gone. Milliseconds since the epoch. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** It has a forward, though its tunnel may be ending at this moment. */
  get online(): boolean {
    return this.#lines.length > 0;
  }

  get forwards(): readonly Forward[] {
    return this.#lines.map((line) => line.forward);
  }

  /** Those that still are, the best first. */
  get liveForwards(): readonly Forward[] {
    return bestFirst(this.#lines).map((line) => line.forward);
  }

  /** When the next event is due that only time brings; `Infinity` if none is. */
  get heldUntilMs(): number {
    return this.#heldUntilMs;
  }

  has(forward: Forward): boolean {
    return this.#lines.some((line) => line.forward === forward);
  }

  /** The forwards that are now behind this one, newest first. */
  add(forward: Forward, at: Moment): readonly Forward[] {
    const older = this.forwards;
    const line = { forward, status: ready, retryAtMs: 0, retryDelayMs: firstRetryMs };
    this.#lines = [line, ...this.#lines];
    this.#rest = nextStatus(this.#rest, { kind: 'connected' });
    this.#offer(forward);
    this.#heldUntilMs = Infinity;
    this.settle(at);
    return older;
  }

  remove(forward: Forward, event: ServiceEvent, at: Moment): void {
    const gone = this.#lines.find((line) => line.forward === forward);
    if (gone === undefined) return;
    this.#lines = this.#lines.filter((line) => line !== gone);
    const next = this.#lines[0];
    if (next === undefined) this.#apply(nextStatus(gone.status, event), at);
    else this.#offer(next.forward);
    this.settle(at);
  }

  /** What its live forward shows of itself: whether that changed anything. */
  heed(forward: Forward, event: ServiceEvent, at: Moment): boolean {
    const line = this.#lines.find((each) => each.forward === forward);
    if (line === undefined) return false;
    const status = nextStatus(line.status, event);
    if (status === line.status) return false;
    if (line.status.kind === 'ready') {
      line.retryDelayMs = firstRetryMs;
      line.retryAtMs = at.monotonicMs + firstRetryMs;
    }
    line.status = status;
    this.settle(at);
    return true;
  }

  /** Whether the newest forward has other options now. */
  refresh(forward: Forward): boolean {
    if (this.#lines[0]?.forward !== forward) return false;
    const [access, from] = [this.#access, this.#from];
    this.#offer(forward);
    return access !== this.#access || from !== this.#from;
  }

  /** The last forward of its environment went; or it was gone for as long as it is held. */
  pass(event: ServiceEvent & { kind: 'deserted' | 'hold-over' }, at: Moment): void {
    if (this.online) return;
    const next = nextStatus(this.#rest, event);
    if (next === this.#rest) return;
    this.#apply(next, at);
    this.settle(at);
  }

  /** Takes up what was known before the gateway was started; it went when it was made. */
  recall(state: ServiceState, at: Moment, from?: string): void {
    this.#from = from;
    this.#apply(nextStatus(offline, { kind: 'recalled', state }), at);
    this.settle({ ...at, wallMs: this.#sinceMs });
  }

  /** Enters the state that its forwards are in. One that is no longer held has been gone since before. */
  settle(at: Moment): void {
    const state = this.#present();
    if (state === this.#state) return;
    const goneBefore = this.#state === 'reconnecting' && state === 'offline';
    this.#state = state;
    if (!goneBefore) this.#sinceMs = at.wallMs;
  }

  /** Undefined without a live forward. */
  choose(nowMs: number): RouteChoice | undefined {
    const balance = this.#lines[0]?.forward.options.balance === true;
    const options = { balance, turn: this.#turn, nowMs };
    const choice = choose(this.#lines, options);
    if (choice === undefined) return undefined;
    this.#turn += 1;
    if (choice.trial) this.#postpone(choice.line, nowMs);
    const { line, standby } = choice;
    return {
      forward: line.forward,
      standby: standby?.forward,
      steady: isSteady(this.#lines, balance),
    };
  }

  view(): ServiceView {
    return {
      route: this.route,
      access: this.#access,
      ...(this.#from !== undefined && { from: this.#from }),
      state: this.#state,
      sinceMs: this.#sinceMs,
      detail: this.#state === 'degraded' ? this.#detail() : undefined,
    };
  }

  #offer({ access, options }: Forward): void {
    this.#access = access;
    this.#from = options.from;
  }

  #apply(rest: ServiceStatus, at: Moment): void {
    this.#rest = rest;
    const waits = rest.kind === 'reconnecting' || (rest.kind === 'offline' && rest.withdrawn);
    this.#heldUntilMs = waits ? at.monotonicMs + at.holdMs : Infinity;
  }

  /** A tunnel that ends takes its forwards away one by one, but they are all gone. */
  #present(): ServiceState {
    if (!this.online) return this.#rest.kind;
    const live = this.#lines.filter((line) => line.forward.live);
    return live.length === 0 ? 'reconnecting' : combinedState(live.map((line) => line.status.kind));
  }

  #detail(): string | undefined {
    for (const { status } of this.#lines) if (status.kind === 'degraded') return status.detail;
    return undefined;
  }

  #postpone(line: OwnLine, nowMs: number): void {
    const longest = line.status.kind === 'degraded' ? maxRetryMs[line.status.cause] : firstRetryMs;
    line.retryDelayMs = Math.min(longest, line.retryDelayMs * 2);
    line.retryAtMs = nowMs + line.retryDelayMs;
  }
}
