import { remembering } from '../../core/remembering.ts';
import { rememberedCookies } from './cookie-values.ts';
import { plainName } from './spelling.ts';
import { stripQuery } from './own-query.ts';

export { stripQuery } from './own-query.ts';

/** The names that cookies of the gateway have, and that no environment may read or set. Browsers ignore the prefixes' case. */
const ownCookie = /^(?:__(?:host-http|host|secure|http)-)*porthole/;

/** Whether a cookie belongs to the gateway, by its name or its whole `name=value`, in whatever spelling. */
export function isOwnCookie(cookie: string): boolean {
  // A cookie without a name is sent as its value alone, and then read as if that were its name.
  const named = cookie.replace(/^[\s="']+/, '');
  const equals = named.indexOf('=');
  return ownCookie.test(plainName(equals === -1 ? named : named.slice(0, equals)));
}

/** A `Cookie` header without the gateway's cookies, and otherwise byte for byte; undefined when nothing is left. */
export function stripCookies(header: string): string | undefined {
  return mayHoldOwn(header) ? withoutOwn(header) : header;
}

const withoutOwn = remembering((header: string): string | undefined => {
  const pieces = header.split(';');
  const kept = pieces.filter((piece, index) => !isOwnCookie(piece) && !isAttributeOfOwn(pieces, index));
  if (kept.length === pieces.length) return header;
  const left = kept.join(';').trim();
  return /[^\s;]/.test(left) ? left : undefined;
}, rememberedCookies);

/** A `Referer` without what of its query is meant for the gateway. */
export function stripReferer(referer: string): string {
  return stripQuery(referer);
}

/** False for nearly all requests, at the cost of one look: none has its name in full, or a name with an escape in it. */
function mayHoldOwn(header: string): boolean {
  return /porthole/i.test(header) || /(?:^|;)[^=;]*%/.test(header);
}

/** `$Path` and the like behind a cookie are of that cookie (RFC 2965, 3.3.4). */
function isAttributeOfOwn(pieces: readonly string[], index: number): boolean {
  let at = index;
  while (at > 0 && /^\s*\$(?!version)/i.test(pieces[at] ?? '')) at--;
  return at !== index && isOwnCookie(pieces[at] ?? '');
}
