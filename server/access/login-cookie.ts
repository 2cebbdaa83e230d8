import { loginCookieName, ownCookie } from './cookie-names.ts';
import { cookieValues } from './cookie-values.ts';
import type { Sealer } from './seal.ts';

/** What a browser has on the login origin: at most one login, and what it opened without an account, the newest last. */
export interface LoginState {
  readonly sessionId: string | undefined;
  readonly grants: readonly string[];
}

export interface LoginCookieContext {
  /** The host of the login origin. */
  readonly host: string;
  readonly sealer: Sealer;
  readonly nowMs: number;
}

export const noLogin: LoginState = { sessionId: undefined, grants: [] };

/** The most grants that one browser keeps; the oldest go first. */
const maxGrants = 16;
const idForm = /^[a-z2-7]{1,32}$/;

/** What the first genuine login cookie says; nothing, where there is none. Whether any of it still holds is for whoever asks. */
export function readLogin(
  cookieHeader: string | undefined,
  { host, sealer }: LoginCookieContext,
): LoginState {
  for (const sealed of cookieValues(cookieHeader, loginCookieName)) {
    const opened = sealer.open('login', host, sealed);
    const state = opened === undefined ? undefined : readState(opened.text);
    if (state !== undefined) return state;
  }
  return noLogin;
}

/** The `Set-Cookie` value that keeps it, or ends the cookie where there is nothing to keep. */
export function loginCookie(
  { sessionId, grants }: LoginState,
  { host, sealer, nowMs, ttlMs }: LoginCookieContext & { readonly ttlMs: number },
): string {
  if (sessionId === undefined && grants.length === 0) return ownCookie(loginCookieName, '', 0);
  const text = JSON.stringify({ s: sessionId, g: grants.slice(-maxGrants), at: nowMs });
  return ownCookie(loginCookieName, sealer.seal('login', host, text), Math.floor(ttlMs / 1000));
}

/** The same browser with one grant more, which is the newest. */
export function withGrant(state: LoginState, id: string): LoginState {
  return { ...state, grants: [...state.grants.filter((each) => each !== id), id].slice(-maxGrants) };
}

function readState(text: string): LoginState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { s, g } = value as Record<string, unknown>;
  if (!Array.isArray(g)) return undefined;
  return { sessionId: isId(s) ? s : undefined, grants: g.filter(isId).slice(-maxGrants) };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && idForm.test(value);
}
