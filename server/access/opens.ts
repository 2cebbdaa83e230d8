import { grantProblem } from './grant-record.ts';
import type { Grants } from './grant-record.ts';
import type { Pass } from './pass.ts';
import type { SessionRecord, Sessions } from './session-record.ts';
import { mayView } from './viewer.ts';
import type { Place, Viewer, Viewers } from './viewer.ts';

/** What a pass is looked up in. */
export interface PassSources {
  readonly sessions: Pick<Sessions, 'byId'>;
  readonly grants: Pick<Grants, 'byId' | 'ofEnv'>;
  readonly viewers: Pick<Viewers, 'viewerOf'>;
}

/** Whether a pass opens a place, by what holds at this moment: the one check, of each request and of the login pages. */
export function passOpens(pass: Pass, place: Place, nowMs: number, sources: PassSources): boolean {
  if (pass.kind === 'grant') return grantOpens(pass.id, place, nowMs, sources);
  const viewer = sessionViewer(pass.id, nowMs, sources);
  return viewer !== undefined && viewerMaySee(viewer, place, nowMs, sources);
}

/** Who a session is, with what they may see now; undefined for one that is over, or of an account that is no longer one. */
export function sessionViewer(
  id: string,
  nowMs: number,
  { sessions, viewers }: Pick<PassSources, 'sessions' | 'viewers'>,
): Viewer | undefined {
  const session = liveSession(id, nowMs, sessions);
  return session && viewers.viewerOf(session.account);
}

/** The session of that id, if it is not over. */
export function liveSession(
  id: string,
  nowMs: number,
  sessions: Pick<Sessions, 'byId'>,
): SessionRecord | undefined {
  const session = sessions.byId(id);
  if (session === undefined || session.endedAt !== undefined || session.expiresAt <= nowMs) return undefined;
  return session;
}

/** By what they are, or because a link invites them by their address. */
export function viewerMaySee(
  viewer: Viewer,
  place: Place,
  nowMs: number,
  { grants }: Pick<PassSources, 'grants'>,
): boolean {
  if (mayView(viewer, place)) return true;
  const { email } = viewer;
  if (email === undefined) return false;
  return grants
    .ofEnv(place.env)
    .some(
      (grant) =>
        grant.kind === 'link' &&
        grant.emails.includes(email) &&
        grantProblem(grant, place, nowMs) === undefined,
    );
}

/** A link for certain people opens nothing by itself: they log in. */
function grantOpens(
  id: string,
  place: Place,
  nowMs: number,
  { grants }: Pick<PassSources, 'grants'>,
): boolean {
  const grant = grants.byId(id);
  if (grant === undefined || grant.emails.length > 0) return false;
  return grantProblem(grant, place, nowMs) === undefined;
}
