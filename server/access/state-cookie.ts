import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { embedStateCookieName, ownCookie, partitionedCookie, stateCookieName } from './cookie-names.ts';
import { cookieValues } from './cookie-values.ts';

const lifeSeconds = 600;
const nonceForm = /^[\w-]{43}$/;
const hashForm = nonceForm;

export interface OwnState {
  readonly nonce: string;
  /** The `Set-Cookie` value that keeps it for another ten minutes; undefined where it need not be set. */
  readonly setCookie: string | undefined;
}

/**
 * The nonce that a hand-over must come back to, in a cookie of this browser on this host: the one that it has, so that several tabs do
 * not get in each other's way, or a new one. `embed`: for a page in a frame of another site.
 */
export function stateOf(
  cookieHeader: string | undefined,
  { embed }: { readonly embed: boolean } = { embed: false },
): OwnState {
  const name = embed ? embedStateCookieName : stateCookieName;
  const nonce = noncesIn(cookieHeader, name)[0] ?? randomBytes(32).toString('base64url');
  const cookie = embed ? partitionedCookie : ownCookie;
  return { nonce, setCookie: cookie(name, nonce, lifeSeconds) };
}

/** What of a nonce is shown to others: its SHA-256, in base64url. */
export function stateHash(nonce: string): string {
  return createHash('sha256').update(nonce).digest('base64url');
}

export function isStateHash(text: string): boolean {
  return hashForm.test(text);
}

/** Whether this browser has the nonce of the hash. */
export function hasState(cookieHeader: string | undefined, hash: string): boolean {
  if (!isStateHash(hash)) return false;
  const wanted = Buffer.from(hash);
  const nonces = [stateCookieName, embedStateCookieName].flatMap((name) => noncesIn(cookieHeader, name));
  return nonces.filter((nonce) => timingSafeEqual(Buffer.from(stateHash(nonce)), wanted)).length > 0;
}

function noncesIn(cookieHeader: string | undefined, name: string): string[] {
  return cookieValues(cookieHeader, name).filter((value) => nonceForm.test(value));
}
