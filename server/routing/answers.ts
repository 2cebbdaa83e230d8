import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
import { isWider } from '../../core/openness.ts';
import type { Clock } from './clock.ts';
import type { EnvironmentView, Resolution, ServiceView } from './resolution.ts';
import type { ServiceRecord } from './service-record.ts';
import type { ServiceState } from './state.ts';

/** An environment as its answers need it. */
export interface Subject {
  readonly name: string;
  readonly owner: string;
  readonly changedHandsAt?: number | undefined;
  readonly state: ServiceState;
  readonly sinceMs: number;
  readonly lastSeenAt: number;
  readonly online: boolean;
  /** By `routeKey`. */
  readonly services: ReadonlyMap<string, ServiceRecord>;
}

/** A host that nobody offers has an answer too: these are the most that are kept. */
const maxKept = 256;

/** What an environment answers for each of its routes: computed when first asked for, and kept until something changes. */
export class Answers {
  readonly #subject: Subject;
  readonly #clock: Clock;
  readonly #resolutions = new Map<string, Resolution>();
  readonly #views = new Map<Access, EnvironmentView>();
  #listed: readonly ServiceView[] | undefined;

  constructor(subject: Subject, clock: Clock) {
    this.#subject = subject;
    this.#clock = clock;
  }

  /** Something changed. */
  clear(): void {
    this.#resolutions.clear();
    this.#views.clear();
    this.#listed = undefined;
  }

  resolve(route: RouteName, key: string): Resolution {
    return this.#resolutions.get(key) ?? this.#live(key) ?? this.#keep(key, this.#notLive(route, key));
  }

  /** The state of a route, asked or not: what `resolve` is about to say, without a choice among forwards. */
  stateOf(key: string): ServiceState {
    const { services, state } = this.#subject;
    const own = services.get(key)?.state ?? 'offline';
    // What is not offered yet, or no longer, may come with the tunnel that is about to be back.
    return own === 'offline' && state === 'reconnecting' ? 'reconnecting' : own;
  }

  /** `access` is that of what is asked for, if that is known. */
  view(access?: Access): EnvironmentView {
    this.#listed ??= this.#list();
    const asked = access ?? mostOpen(this.#listed);
    const view = this.#views.get(asked) ?? viewOf(this.#subject, this.#listed, asked);
    this.#views.set(asked, view);
    return view;
  }

  #live(key: string): Resolution | undefined {
    const record = this.#subject.services.get(key);
    if (record?.online !== true) return undefined;
    const choice = record.choose(this.#clock.monotonic());
    if (choice === undefined) return undefined;
    const { forward, standby, steady } = choice;
    const state = record.state === 'degraded' ? 'degraded' : 'ready';
    const resolution: Resolution = {
      kind: 'forward',
      environment: this.view(record.access),
      forward,
      state,
      standby,
    };
    return steady ? this.#keep(key, resolution) : resolution;
  }

  #notLive(route: RouteName, key: string): Resolution {
    const { online, services, state, sinceMs } = this.#subject;
    const record = services.get(key);
    const own = this.stateOf(key);
    const environment = this.view(record?.access);
    // Also in the moment in which a tunnel ends, and its forwards are taken away.
    if (own === 'reconnecting' || own === 'ready' || own === 'degraded')
      return { kind: 'reconnecting', environment, route };
    if (online) return { kind: 'no-service', environment, route, expired: own === 'expired' };
    return {
      kind: 'offline',
      environment,
      route,
      state: (record?.state ?? state) === 'expired' ? 'expired' : 'offline',
      sinceMs: record?.sinceMs ?? sinceMs,
    };
  }

  #keep(key: string, resolution: Resolution): Resolution {
    if (this.#resolutions.size >= maxKept) this.#resolutions.clear();
    this.#resolutions.set(key, resolution);
    return resolution;
  }

  #list(): readonly ServiceView[] {
    const { services, online } = this.#subject;
    const views = [...services.values()].map((record) => record.view());
    return online ? views.filter(({ state }) => state !== 'offline' && state !== 'expired') : views;
  }
}

/** A key for a route inside its environment. */
export function routeKey(route: RouteName): string {
  return `${route.service ?? ''}:${route.port === undefined ? '' : String(route.port)}`;
}

function viewOf(subject: Subject, services: readonly ServiceView[], access: Access): EnvironmentView {
  const { name, owner, changedHandsAt, state, sinceMs } = subject;
  return {
    name,
    owner,
    changedHandsAt,
    state,
    sinceMs,
    services,
    access,
    get lastSeenAt() {
      return subject.lastSeenAt;
    },
  };
}

function mostOpen(services: readonly ServiceView[]): Access {
  return services.reduce<Access>((best, { access }) => (isWider(access, best) ? access : best), 'private');
}
