import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
import type { Forward } from '../tunnel/forward.ts';

/** What the registry remembers of an environment beyond its live tunnels. */
export interface EnvironmentView {
  readonly name: string;
  /** The owning principal; never shown to strangers. */
  readonly owner: string;
  /** Milliseconds since the epoch; the present for one that is online. */
  readonly lastSeenAt: number;
  /** The routes that it offers, or offered when it was last seen. */
  readonly services: readonly { readonly route: RouteName; readonly access: Access }[];
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
      /** Another live forward of the same owner for the same route: where a request is retried. */
      readonly standby: Forward | undefined;
    }
  | { readonly kind: 'no-service'; readonly environment: EnvironmentView; readonly route: RouteName }
  /** Its tunnel is gone for less than `hold`. */
  | { readonly kind: 'reconnecting'; readonly environment: EnvironmentView; readonly route: RouteName }
  | { readonly kind: 'offline'; readonly environment: EnvironmentView; readonly route: RouteName };

/** The routing table as the ingress sees it. */
export interface Router {
  resolve(host: string): Resolution;
  /**
   * Waits until the host resolves to something else than `reconnecting` (or `offline`, with `untilReady`), or `ms` have passed or
   * `signal` aborts, and gives the resolution of that moment. At most `max-held` waiters an environment:
   * one more gets 'full' at once.
   */
  hold(
    host: string,
    options: { ms: number; signal?: AbortSignal; untilReady?: boolean },
  ): Promise<Resolution | 'full'>;
}
