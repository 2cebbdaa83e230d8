import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
import type { Forward } from '../tunnel/forward.ts';
import type { EnvironmentView, Resolution } from './resolution.ts';

/** One route of an environment: its live forwards, newest first, or the memory of when they were lost. */
interface RouteRecord {
  readonly route: RouteName;
  access: Access;
  forwards: readonly Forward[];
  /** Milliseconds since the epoch; undefined while a forward is live. */
  lostAt: number | undefined;
}

/** Lost routes that are remembered; a client that adds and cancels forwards for ever does not grow the memory. */
const maxRememberedRoutes = 128;

const openness: Record<Access, number> = { private: 0, team: 1, public: 2 };

/**
 * One environment name with its owner and its routes. What it answers is computed from the live forwards; it keeps no
 * state of its own but who owned the name, and what was offered when it was last seen.
 */
export class Environment {
  readonly name: string;
  readonly #routes = new Map<string, RouteRecord>();
  readonly #waiters = new Set<() => void>();
  readonly #resolutions = new Map<string, Resolution>();
  #owner: string;
  #lastSeenAt: number;
  #liveForwards = 0;
  #turn = 0;

  constructor(name: string, owner: string, now: number) {
    this.name = name;
    this.#owner = owner;
    this.#lastSeenAt = now;
  }

  get owner(): string {
    return this.#owner;
  }

  get online(): boolean {
    return this.#liveForwards > 0;
  }

  get lastSeenAt(): number {
    return this.#lastSeenAt;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  get forwards(): readonly Forward[] {
    return [...this.#routes.values()].flatMap((record) => record.forwards);
  }

  /** The name passes to another owner; what the previous one offered is forgotten. */
  transfer(owner: string): void {
    this.#owner = owner;
    this.#routes.clear();
    this.#changed();
  }

  /** The forwards of the same route that are now behind this one, newest first. */
  add(forward: Forward, now: number): readonly Forward[] {
    const key = routeKey(forward.route);
    const older = this.#routes.get(key)?.forwards ?? [];
    this.#routes.set(key, {
      route: forward.route,
      access: forward.access,
      forwards: [forward, ...older],
      lostAt: undefined,
    });
    this.#liveForwards += 1;
    this.#lastSeenAt = now;
    this.#changed();
    return older;
  }

  remove(forward: Forward, now: number): void {
    const record = this.#routes.get(routeKey(forward.route));
    if (record?.forwards.includes(forward) !== true) return;
    record.forwards = record.forwards.filter((other) => other !== forward);
    this.#liveForwards -= 1;
    this.#lastSeenAt = now;
    const next = record.forwards[0];
    if (next === undefined) record.lostAt = now;
    else record.access = next.access;
    this.#forgetOldestLost();
    this.#changed();
  }

  refresh(forward: Forward): void {
    const record = this.#routes.get(routeKey(forward.route));
    if (record?.forwards[0] === forward) record.access = forward.access;
    this.#changed();
  }

  resolve(route: RouteName, key: string, options: { now: number; holdMs: number }): Resolution {
    const cached = this.#resolutions.get(key);
    if (cached !== undefined) return cached;
    const record = this.#routes.get(key);
    if (record?.forwards[0] !== undefined) return this.#live(record, key);
    if (record !== undefined && this.#lostLately(record, options)) {
      return { kind: 'reconnecting', environment: this.view(record.access), route };
    }
    if (this.online)
      return this.#remember(key, { kind: 'no-service', environment: this.view(undefined), route });
    return { kind: 'offline', environment: this.view(record?.access), route };
  }

  /** How long the route is still held, in ms; 0 when it is not lost, or lost for too long. */
  holdLeftMs(key: string, options: { now: number; holdMs: number }): number {
    const lostAt = this.#routes.get(key)?.lostAt;
    return lostAt === undefined ? 0 : Math.max(0, lostAt + options.holdMs - options.now);
  }

  /** Calls back at the next change of any route; the result stops that. */
  onChange(callback: () => void): () => void {
    this.#waiters.add(callback);
    return () => {
      this.#waiters.delete(callback);
    };
  }

  view(access: Access | undefined): EnvironmentView {
    const services = [...this.#routes.values()].filter(
      (record) => record.lostAt === undefined || !this.online,
    );
    return {
      name: this.name,
      owner: this.#owner,
      lastSeenAt: this.#lastSeenAt,
      services: services.map(({ route, access: own }) => ({ route, access: own })),
      access: access ?? mostOpen(services.map((record) => record.access)),
    };
  }

  #live(record: RouteRecord, key: string): Resolution {
    const [newest, second] = record.forwards;
    if (newest === undefined) throw new Error('a live route without a forward');
    const environment = this.view(record.access);
    if (newest.options.balance !== true || second === undefined) {
      return this.#remember(key, { kind: 'forward', environment, forward: newest, standby: second });
    }
    this.#turn += 1;
    const chosen = record.forwards[this.#turn % record.forwards.length] ?? newest;
    return { kind: 'forward', environment, forward: chosen, standby: chosen === newest ? second : newest };
  }

  /** Kept until the next change: the request path computes nothing for a route that stays as it is. */
  #remember(key: string, resolution: Resolution): Resolution {
    if (this.#resolutions.size > 256) this.#resolutions.clear();
    this.#resolutions.set(key, resolution);
    return resolution;
  }

  #forgetOldestLost(): void {
    if (this.#routes.size <= maxRememberedRoutes) return;
    const lost = [...this.#routes].filter(([, record]) => record.lostAt !== undefined);
    lost.sort(([, a], [, b]) => (a.lostAt ?? 0) - (b.lostAt ?? 0));
    for (const [key] of lost.slice(0, this.#routes.size - maxRememberedRoutes)) this.#routes.delete(key);
  }

  #lostLately(record: RouteRecord, options: { now: number; holdMs: number }): boolean {
    return record.lostAt !== undefined && options.now - record.lostAt < options.holdMs;
  }

  #changed(): void {
    this.#resolutions.clear();
    const waiters = [...this.#waiters];
    for (const waiter of waiters) waiter();
  }
}

/** A key for a route inside its environment. */
export function routeKey(route: RouteName): string {
  return `${route.service ?? ''}:${route.port === undefined ? '' : String(route.port)}`;
}

function mostOpen(accesses: readonly Access[]): Access {
  return accesses.reduce<Access>((best, next) => (openness[next] > openness[best] ? next : best), 'private');
}
