import type { Access } from '../../core/forward.ts';
import { matchesPattern } from '../../core/env-pattern.ts';
import type { Account } from './session-record.ts';

/** What access is asked to. */
export interface Place {
  readonly env: string;
  /** Undefined for the default service. */
  readonly service: string | undefined;
  readonly access: Access;
  /** The principal that owns the environment; undefined when nobody does. */
  readonly owner: string | undefined;
  /** The networks that it may be visited from, as its forward says; undefined for any. */
  readonly from: string | undefined;
}

/** The place as it is for those who come from a network that it is not for: as if nobody had ever offered it. */
export function hidden(place: Place): Place {
  return { ...place, access: 'private', owner: undefined, from: undefined };
}

/** What a logged-in account may see, by what holds at this moment. */
export interface Viewer {
  /** Sees what is open to the team. */
  readonly member: boolean;
  /** Sees everything. */
  readonly admin: boolean;
  /** Sees what is theirs. */
  readonly principal: string | undefined;
  /** Sees the private environments of these names. */
  readonly envPatterns: readonly string[];
  /** The verified address, in lower case, by which links may invite them. */
  readonly email: string | undefined;
}

/** Whether the viewer may see the place by what they are; links that invite them by name come on top. */
export function mayView(viewer: Viewer, place: Place): boolean {
  if (place.access === 'public' || viewer.admin) return true;
  if (place.owner === undefined) return false;
  if (place.access === 'team' && viewer.member) return true;
  if (viewer.principal !== undefined && viewer.principal === place.owner) return true;
  return viewer.envPatterns.some((pattern) => matchesPattern(pattern, place.env));
}

/** Says what an account may see now; undefined when its key was revoked, its provider or its rule is gone, or the like. */
export interface Viewers {
  viewerOf(account: Account): Viewer | undefined;
  /** Called when what it says may have changed. */
  onChange(callback: () => void): void;
}
