import { createHmac, timingSafeEqual } from 'node:crypto';

/** What is given out for a grant: `link` in the URL of a share link, `token` for programs. One opens nothing as the other. */
export type GrantTokenKind = 'link' | 'token';

/** What tokens begin with, so that scanners for leaked secrets know one. */
export const tokenPrefix = 'pht_';

const linkForm = /^([a-z2-7]{12})\.([\w-]{43})$/;

/** `ID.MAC` for a link, `pht_ID.MAC` for a token: the MAC is HMAC-SHA256 of the kind and the id, in base64url. */
export function grantToken(key: Uint8Array, kind: GrantTokenKind, id: string): string {
  return `${kind === 'token' ? tokenPrefix : ''}${id}.${mac(key, kind, id).toString('base64url')}`;
}

/** The id in a genuine one; undefined for every other text. Whether the grant still opens anything is not asked. */
export function grantIdOf(key: Uint8Array, kind: GrantTokenKind, text: string): string | undefined {
  const bare = kind === 'link' ? text : text.startsWith(tokenPrefix) ? text.slice(tokenPrefix.length) : '';
  const [, id, given] = linkForm.exec(bare) ?? [];
  if (id === undefined || given === undefined) return undefined;
  const actual = Buffer.from(given, 'base64url');
  // The last character has bits to spare: only one spelling of a MAC is taken.
  if (actual.toString('base64url') !== given) return undefined;
  return timingSafeEqual(actual, mac(key, kind, id)) ? id : undefined;
}

function mac(key: Uint8Array, kind: GrantTokenKind, id: string): Buffer {
  return createHmac('sha256', key).update(`porthole-${kind} ${id}`).digest();
}
