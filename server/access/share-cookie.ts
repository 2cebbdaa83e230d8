import { signGrant } from './share-link.ts';
import type { ShareGrant } from './share-link.ts';

/** Host-only by its prefix (RFC 6265bis, 4.1.3.2): no sibling host can set or shadow it. */
export const shareCookieName = '__Host-porthole_share';

/** More than one of the name means that somebody tampers; a few are looked at. */
const maxCandidates = 4;

/** The `Set-Cookie` that a share link is exchanged for: its own signed token, never the link's, and as long-lived as that. */
export function shareCookie(key: Uint8Array, grant: ShareGrant, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((grant.expiresAtMs - nowMs) / 1000));
  const value = signGrant(key, 'cookie', grant);
  return `${shareCookieName}=${value}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=Lax`;
}

/** The values of the share cookie in a `Cookie` header. */
export function shareCookiesIn(header: string | undefined): string[] {
  if (header?.includes(shareCookieName) !== true) return [];
  return header
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(`${shareCookieName}=`))
    .slice(0, maxCandidates)
    .map((cookie) => cookie.slice(shareCookieName.length + 1));
}
