import { matchHost } from '../../core/names.ts';
import type { AccessRequest, FetchContext } from './decision.ts';

/** Where the hosts of environments are, as browsers name them. */
export interface OriginContext {
  /** The gateway's domain, in lower case. */
  readonly domain: string;
  /** Where visitors reach it. */
  readonly publicAddress: { readonly protocol: 'http' | 'https'; readonly port: number };
}

/** Whose pages may use what a browser holds for the hosts of an environment. */
export interface OriginRules extends OriginContext {
  /** Besides those of the environment itself. */
  readonly allowedOrigins: readonly string[];
  /** Those that may show them in a frame, too. */
  readonly embedOrigins: readonly string[];
}

export interface CookieRules extends OriginRules {
  /** `https://preview.example.com`: a page of it in such a frame sends that on to the preview, when somebody has logged in. */
  readonly loginOrigin: string;
}

/** Whether an origin is that of a host of the environment: by its name alone, whether there is such a host or not. */
export function isOriginOf(
  origin: string | undefined,
  env: string,
  { domain, publicAddress: { protocol, port } }: OriginContext,
): boolean {
  if (origin?.startsWith(`${protocol}://`) !== true) return false;
  const [, host = '', portText] =
    /^([a-z0-9.-]+)(?::(\d{1,5}))?$/.exec(origin.slice(protocol.length + 3)) ?? [];
  const match = matchHost(host, domain);
  if (match.kind !== 'label' || match.route.env !== env || host.endsWith('.')) return false;
  return Number(portText ?? impliedPort(protocol)) === port;
}

/** Whether pages of the origin may call the hosts of the environment, and read what they answer. */
export function mayCall(origin: string | undefined, env: string, rules: OriginRules): boolean {
  return origin !== undefined && (isOriginOf(origin, env, rules) || rules.allowedOrigins.includes(origin));
}

/**
 * Whether what a browser sends by itself counts in this request: it comes from the host itself, from its user, by a click on a link
 * somewhere, or from a page that may call it. The hosts of other environments are of the same site, so that SameSite says nothing of them.
 */
export function mayUseCookie(
  {
    place,
    context,
    navigation,
    upgrade,
  }: Pick<AccessRequest, 'place' | 'context' | 'navigation' | 'upgrade'>,
  rules: CookieRules,
): boolean {
  const { secFetchSite, origin } = context;
  if (secFetchSite === 'same-origin' || secFetchSite === 'none') return true;
  if (navigation && !upgrade && isTopLevel(context)) return true;
  const from = origin ?? originOfReferer(context.referer);
  // No browser leaves both out that does not say what it does: a program.
  if (from === undefined) return secFetchSite === undefined;
  if (mayCall(from, place.env, rules)) return true;
  return navigation && isInFrame(context) && mayShowInFrame(from, rules);
}

function mayShowInFrame(origin: string, { embedOrigins, loginOrigin }: CookieRules): boolean {
  return embedOrigins.includes(origin) || (embedOrigins.length > 0 && origin === loginOrigin);
}

/** By a browser that says so; or one that does not, which then has no `Origin` in a request for a page. */
function isTopLevel({ secFetchMode, secFetchDest, origin }: FetchContext): boolean {
  return secFetchMode === undefined ? origin === undefined : secFetchDest === 'document';
}

/** `https://host[:port]`, as browsers write it. */
export function originOfHost(
  host: string,
  { publicAddress: { protocol, port } }: Pick<OriginContext, 'publicAddress'>,
): string {
  return `${protocol}://${host}${port === impliedPort(protocol) ? '' : `:${port}`}`;
}

function impliedPort(protocol: 'http' | 'https'): number {
  return protocol === 'https' ? 443 : 80;
}

/** A page that is to be shown inside of another. */
export function isInFrame({ secFetchDest }: Pick<FetchContext, 'secFetchDest'>): boolean {
  return (
    secFetchDest === 'iframe' ||
    secFetchDest === 'frame' ||
    secFetchDest === 'fencedframe' ||
    secFetchDest === 'embed' ||
    secFetchDest === 'object'
  );
}

function originOfReferer(referer: string | undefined): string | undefined {
  return referer === undefined ? undefined : (/^https?:\/\/[^/?#\\@\s]+(?=[/?#]|$)/.exec(referer)?.[0] ?? '');
}
