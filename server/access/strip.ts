import { shareParameter } from './share-link.ts';

/** The names that cookies of the gateway have, and that no environment may read or set. Browsers ignore the prefixes' case. */
const ownCookie = /^[\s=]*(?:__(?:host|secure|http|host-http)-)?porthole/i;

/** Whether a cookie belongs to the gateway, by its name or its whole `name=value`. */
export function isOwnCookie(cookie: string): boolean {
  return ownCookie.test(cookie);
}

/** A `Cookie` header without the gateway's cookies; undefined when nothing is left. */
export function stripCookies(header: string): string | undefined {
  if (!/porthole/i.test(header)) return header;
  const kept = header
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '' && !isOwnCookie(cookie));
  return kept.length === 0 ? undefined : kept.join('; ');
}

/** A request path (with its query) without share tokens, in whatever spelling; everything else stays byte for byte. */
export function stripShareParameter(path: string): string {
  const start = path.indexOf('?');
  if (start === -1 || !mayHoldParameter(path)) return path;
  const kept = path
    .slice(start + 1)
    .split('&')
    .filter((pair) => parameterName(pair).toLowerCase() !== shareParameter);
  return kept.length === 0 ? path.slice(0, start) : `${path.slice(0, start)}?${kept.join('&')}`;
}

/** The share tokens in a request path, in order. */
export function shareTokensIn(path: string): string[] {
  const start = path.indexOf('?');
  if (start === -1 || !path.includes(`${shareParameter}=`, start)) return [];
  return path
    .slice(start + 1)
    .split('&')
    .filter((pair) => pair.startsWith(`${shareParameter}=`))
    .map((pair) => pair.slice(shareParameter.length + 1));
}

/** False for nearly all requests, at the cost of one look. */
function mayHoldParameter(path: string): boolean {
  return path.includes('%') || /porthole-share/i.test(path);
}

function parameterName(pair: string): string {
  const name = pair.split('=', 1)[0] ?? '';
  if (!name.includes('%')) return name.trim();
  try {
    return decodeURIComponent(name).trim();
  } catch {
    return name;
  }
}
