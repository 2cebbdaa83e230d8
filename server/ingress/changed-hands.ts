import { timingSafeEqual } from 'node:crypto';
import { handsCookieName, hostCookieName, ownCookie, partitionedCookie } from '../access/cookie-names.ts';
import { cookieValues } from '../access/cookie-values.ts';
import type { Owned } from '../access/owner-mark.ts';
import { isOwnCookie } from '../access/strip.ts';
import type { EnvironmentView } from '../routing/resolution.ts';
import type { RequestHead } from './request-head.ts';

/** A request from a browser that may still keep what a former owner of the name has put there. */
export interface Leftovers {
  /** Removes them, before whatever the answer itself sets: names and values in turn. */
  readonly headers: readonly string[];
}

export interface HandsContext {
  readonly ownerMark: (owned: Owned) => string;
  readonly nowMs: number;
}

/**
 * A browser keeps storage and service workers for as long as it is used, but who has not come for a quarter of a year does not come for what was
 * there then; and names change hands that are used all the time, so it must end.
 */
export const clearingPeriodMs = 90 * 24 * 3_600_000;

/** Of the answer's header fields: a bound, which browsers have too. */
const maxExpired = 64;
const maxNameLength = 128;
const maxPathLength = 256;

/**
 * Never "cookies": that takes the cookies of the whole registrable domain, the gateway's own and those of all other previews included. Those of the
 * former owner are taken by their names instead.
 */
const clearSiteData = ['Clear-Site-Data', '"cache", "storage"'];

/**
 * What is left of former owners, where the name has passed to another lately and the browser does not show that it has been cleared since.
 * Undefined for what cannot tell, such as programs.
 */
export function leftovers(
  head: RequestHead,
  { name: env, owner, changedHandsAt: sinceMs }: EnvironmentView,
  { ownerMark, nowMs }: HandsContext,
): Leftovers | undefined {
  if (sinceMs === undefined || !isOfBrowser(head)) return undefined;
  const leftMs = sinceMs + clearingPeriodMs - nowMs;
  if (leftMs <= 0) return undefined;
  const mark = ownerMark({ env, owner, sinceMs });
  if (cookieValues(head.cookie, handsCookieName).some((shown) => isSame(shown, mark))) return undefined;
  // Nothing is cleared by the answer to an upgrade: what is left stays where it is, and does not go on.
  if (head.upgrade !== undefined) return { headers: [] };
  const cookies = [...expired(head), marker(head, mark, Math.ceil(leftMs / 1000))];
  return { headers: [...clearSiteData, ...cookies.flatMap((cookie) => ['Set-Cookie', cookie])] };
}

/**
 * A worker of what is closed to its browser, or gone, would go on answering for it: it goes, with what it keeps. It is the same for all that is closed,
 * and all that is not there.
 */
export function closedWorker({ context }: RequestHead): Leftovers | undefined {
  return context.serviceWorker === 'script' ? { headers: clearSiteData } : undefined;
}

/** Whether the answer lets the browser in that it goes to: a former owner's worker might be between them from here on. */
export function letsIn(headers: readonly string[]): boolean {
  return headers.some((text, index) => index % 2 === 1 && text.startsWith(`${hostCookieName}=`));
}

/**
 * Where its answers are kept and its cookies set: it goes to a page, looks for a new version of a worker (a former one answers everything else itself), or
 * brings cookies along, and so would have brought the marker.
 */
function isOfBrowser({ navigation, context, cookie }: RequestHead): boolean {
  if (navigation || context.secFetchMode === 'navigate' || context.serviceWorker === 'script') return true;
  return context.secFetchMode !== undefined && cookie !== undefined;
}

function isSame(shown: string, mark: string): boolean {
  const [a, b] = [Buffer.from(shown), Buffer.from(mark)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** In a frame of another site, cookies and storage are those of that site's partition. */
function marker({ context }: RequestHead, mark: string, seconds: number): string {
  const framed = context.secFetchSite === 'cross-site' && context.secFetchDest !== 'document';
  return framed
    ? partitionedCookie(handsCookieName, mark, seconds)
    : ownCookie(handsCookieName, mark, seconds);
}

/** The path that a cookie was set with is not told: it is the root, or one on the way to what is asked for. */
function expired(head: RequestHead): string[] {
  const paths = pathsOf(head.pathname);
  const names = namesIn(head.cookie ?? '');
  return names
    .flatMap((name) => paths.map((path) => `${name}=; Path=${path}; Max-Age=0; Secure`))
    .slice(0, maxExpired);
}

function namesIn(cookie: string): string[] {
  const names = cookie
    .split(';')
    .filter((pair) => !isOwnCookie(pair))
    .map((pair) => pair.slice(0, Math.max(0, pair.indexOf('='))).trim())
    .filter((name) => name.length <= maxNameLength && /^[!#$%&'*+\-.^_`|~\w]+$/.test(name));
  return [...new Set(names)].slice(0, maxExpired);
}

/** `/`, and the directory of the path. */
function pathsOf(pathname: string): string[] {
  const directory = pathname.slice(0, pathname.lastIndexOf('/'));
  const usable = directory.length <= maxPathLength && /^\/[\x21-\x3a\x3c-\x7e]+$/.test(directory);
  return usable ? ['/', directory] : ['/'];
}
