import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
import type { Forward } from '../tunnel/forward.ts';
import type { ServiceState } from './state.ts';

/** A service as its environment shows it. */
export interface ServiceView {
  readonly route: RouteName;
  readonly access: Access;
  /** The networks that it may be visited from; any, if it is not there. */
  readonly from?: string;
  readonly state: ServiceState;
  /** When it entered that state, in milliseconds since the epoch; of one that is gone, when it went. */
  readonly sinceMs: number;
  /** Why it is degraded: the client's own words, for those who may see them. */
  readonly detail: string | undefined;
}

/** What the registry knows of an environment. */
export interface EnvironmentView {
  readonly name: string;
  /** The owning principal; never shown to strangers. */
  readonly owner: string;
  /** When the name last passed from one owner to another, in milliseconds since the epoch. */
  readonly changedHandsAt?: number | undefined;
  readonly state: ServiceState;
  /** When it entered that state, in milliseconds since the epoch; of one that is gone, when it went. */
  readonly sinceMs: number;
  /** Milliseconds since the epoch; the present for one that is online. */
  readonly lastSeenAt: number;
  /** What it offers or is about to offer again; of one that is offline, what it offered when it was last seen. */
  readonly services: readonly ServiceView[];
  /** Access of the asked route if known, else of the most open service; what decides who may be told the truth. */
  readonly access: Access;
}

/** The router's answer for one hostname, computed from the live registry at that moment. */
export type Resolution =
  | { readonly kind: 'apex' }
  /** Not a host of this gateway, or not a label that could be a route. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unknown'; readonly env: string }
  | {
      readonly kind: 'forward';
      readonly environment: EnvironmentView;
      readonly forward: Forward;
      /** Of the service: `degraded` when every forward of it refuses, or does not answer. */
      readonly state: 'ready' | 'degraded';
      /** Another live forward of the same owner for the same route: where a request is retried. Not one that is known to refuse. */
      readonly standby: Forward | undefined;
    }
  /** The environment is online without it. */
  | {
      readonly kind: 'no-service';
      readonly environment: EnvironmentView;
      readonly route: RouteName;
      /** There was one until its `ttl` was over. */
      readonly expired?: boolean;
    }
  /** Its tunnel is gone for less than `hold`. */
  | { readonly kind: 'reconnecting'; readonly environment: EnvironmentView; readonly route: RouteName }
  | {
      readonly kind: 'offline';
      readonly environment: EnvironmentView;
      readonly route: RouteName;
      /** Of the asked service if known, else of the environment. */
      readonly state: 'offline' | 'expired';
      /** When it went, in milliseconds since the epoch. */
      readonly sinceMs: number;
    };

export interface HoldOptions {
  readonly ms: number;
  readonly signal?: AbortSignal;
  readonly untilReady?: boolean;
}

/** The routing table as the ingress sees it. */
export interface Router {
  resolve(host: string): Resolution;
  /**
   * Waits until the host resolves to something else than `reconnecting`, or `ms` or the rest of the hold have passed, or
   * `signal` aborts, and gives the resolution of that moment. With `untilReady` it waits for a forward that is ready, for all of `ms`,
   * through every other state, also for an environment that was never seen. Bounded in number, for each environment and
   * for all of them: one more gets 'full' at once.
   */
  hold(host: string, options: HoldOptions): Promise<Resolution | 'full'>;
}
