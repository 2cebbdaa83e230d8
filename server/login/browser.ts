import { loginCookie, readLogin, type LoginState } from '../access/login-cookie.ts';
import { liveSession, passOpens } from '../access/opens.ts';
import type { Pass } from '../access/pass.ts';
import type { SessionRecord } from '../access/session-record.ts';
import type { Place, Viewer } from '../access/viewer.ts';
import type { LoginContext } from './login-context.ts';

/** A browser as the login origin knows it: by its cookie, and what of that holds now. */
export interface Browser {
  readonly state: LoginState;
  /** Who is logged in; undefined where nobody is (any more). */
  readonly login: { readonly session: SessionRecord; readonly viewer: Viewer } | undefined;
}

export function readBrowser(cookieHeader: string | undefined, context: LoginContext): Browser {
  return browserOf(readLogin(cookieHeader, cookieContext(context)), context);
}

export function browserOf(state: LoginState, context: LoginContext): Browser {
  const { sessionId } = state;
  const session =
    sessionId === undefined ? undefined : liveSession(sessionId, context.now(), context.sessions);
  const viewer = session && context.viewers.viewerOf(session.account);
  return { state, login: session && viewer && { session, viewer } };
}

/** The `Set-Cookie` header field that keeps what the browser has now. */
export function keepLogin(state: LoginState, context: LoginContext): string[] {
  const ttlMs = context.sessionTtlMs;
  return ['Set-Cookie', loginCookie(state, { ...cookieContext(context), ttlMs })];
}

/** What of that which the browser has opens the place: its login, or else the newest of its grants that does. */
export function openingPass(
  { state, login }: Browser,
  place: Place,
  context: LoginContext,
): Pass | undefined {
  const session: Pass[] = login === undefined ? [] : [{ kind: 'session', id: login.session.id }];
  const grants = state.grants.map((id) => ({ kind: 'grant', id }) as const).toReversed();
  return [...session, ...grants].find((pass) => passOpens(pass, place, context.now(), context));
}

/** When it ends by itself. Passwords do not: a browser keeps what one opened for as long as a login. */
export function passEnd(pass: Pass, { sessions, grants, sessionTtlMs, now }: LoginContext): number {
  const record = pass.kind === 'session' ? sessions.byId(pass.id) : grants.byId(pass.id);
  return record?.expiresAt ?? now() + sessionTtlMs;
}

function cookieContext({ loginHost, sealer, now }: LoginContext) {
  return { host: loginHost, sealer, nowMs: now() };
}
