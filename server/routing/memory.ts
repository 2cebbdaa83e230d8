import type { Access } from '../../core/forward.ts';
import type { RouteName } from '../../core/names.ts';
import type { ServiceState } from './state.ts';

/** What is known of an environment besides its live tunnels: enough to tell its visitors, and whose it is, after a restart. */
export interface RememberedEnvironment {
  readonly name: string;
  /** The owning principal. */
  readonly owner: string;
  /** Milliseconds since the epoch; of one that is online, when this was remembered. */
  readonly lastSeenAt: number;
  /** Milliseconds since the epoch: when it was given to its owner, who has not been seen with it since. */
  readonly givenAt?: number;
  /** Milliseconds since the epoch: when it last passed from one owner to another. */
  readonly changedHandsAt?: number;
  readonly state: ServiceState;
  /** When it entered that state, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** It has a live tunnel. */
  readonly online: boolean;
  readonly services: readonly RememberedService[];
}

export interface RememberedService {
  readonly route: RouteName;
  readonly access: Access;
  /** The networks that it may be visited from; any, if it is not there. */
  readonly from?: string;
  readonly state: ServiceState;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

/**
 * Where environments are remembered beyond the life of the process. Told of changes that matter after a restart, never of
 * requests. Cheap, and never throws.
 */
export interface EnvironmentMemory {
  remember(environment: RememberedEnvironment): void;
  forget(name: string): void;
}
