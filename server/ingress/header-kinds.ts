import type { RequestContext } from './request-head.ts';

/** What the gateway does with a header field of a request, told by its name. */
export const requestHeaderKind = {
  /** Passed on as it is. */
  plain: 0,
  host: 1,
  connection: 2,
  contentLength: 3,
  transferEncoding: 4,
  te: 5,
  trailer: 6,
  upgrade: 7,
  expect: 8,
  cookie: 9,
  accept: 10,
  /** Says where a request comes from, and what it is for: looked at, and passed on. */
  context: 11,
  requestId: 12,
  forwardedFor: 13,
  forwardedProto: 14,
  /** Tells where a request came from: believed from trusted proxies only. */
  forwarding: 15,
  share: 16,
  /** Ends at this hop, or is the gateway's own: never passed on. */
  dropped: 17,
  token: 18,
  authorization: 19,
} as const;

export type RequestHeaderKind = (typeof requestHeaderKind)[keyof typeof requestHeaderKind];

const k = requestHeaderKind;

/** RFC 9110, 7.6.1, with the older ones that are still sent, and HTTP/2's upgrade from HTTP/1.1. */
export const hopByHopNames: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Headers by which applications are told the visitor's address, besides all of `x-forwarded-*`. */
const addressNames = [
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'fly-client-ip',
];

const named = new Map<string, RequestHeaderKind>([
  ...[...hopByHopNames].map((name) => [name, k.dropped] as const),
  ...addressNames.map((name) => [name, k.forwarding] as const),
  ['host', k.host],
  ['connection', k.connection],
  ['content-length', k.contentLength],
  ['transfer-encoding', k.transferEncoding],
  ['te', k.te],
  ['trailer', k.trailer],
  ['upgrade', k.upgrade],
  ['expect', k.expect],
  ['cookie', k.cookie],
  ['accept', k.accept],
  ['authorization', k.authorization],
  ['x-request-id', k.requestId],
  ['x-forwarded-for', k.forwardedFor],
  ['x-forwarded-proto', k.forwardedProto],
  ['porthole-share', k.share],
  ['porthole-token', k.token],
]);

/** The fields of a request that its context is made of. */
export const contextFields: ReadonlyMap<string, keyof RequestContext> = new Map([
  ['origin', 'origin'],
  ['referer', 'referer'],
  ['sec-fetch-site', 'secFetchSite'],
  ['sec-fetch-mode', 'secFetchMode'],
  ['sec-fetch-dest', 'secFetchDest'],
  ['user-agent', 'userAgent'],
  ['content-type', 'contentType'],
  ['access-control-request-method', 'corsMethod'],
  ['access-control-request-headers', 'corsHeaders'],
  ['service-worker', 'serviceWorker'],
]);
for (const name of contextFields.keys()) named.set(name, k.context);

/** Names as browsers and tools write them, so that most lookups need no lower-casing. */
const asWritten = new Map<string, RequestHeaderKind>(
  [
    ...named.keys(),
    'accept-encoding',
    'accept-language',
    'cache-control',
    'if-modified-since',
    'if-none-match',
    'pragma',
    'range',
  ].flatMap((name) => [
    [name, named.get(name) ?? k.plain] as const,
    [titleCase(name), named.get(name) ?? k.plain] as const,
  ]),
);

export function kindOfRequestHeader(name: string): RequestHeaderKind {
  return asWritten.get(name) ?? kindOfUncommon(name);
}

/**
 * Many applications see `X_Forwarded_For` as `X-Forwarded-For` (CGI's rule, more or less), so a name that means something
 * here is dropped when it is spelled with another separator.
 */
function kindOfUncommon(name: string): RequestHeaderKind {
  const lower = name.toLowerCase();
  if (/^[a-z0-9-]+$/.test(lower)) return kindOfCanonical(lower);
  const kind = kindOfCanonical(lower.replace(/[^a-z0-9]/g, '-'));
  return kind === k.plain ? kind : k.dropped;
}

function kindOfCanonical(canonical: string): RequestHeaderKind {
  return named.get(canonical) ?? kindByPrefix(canonical);
}

function kindByPrefix(canonical: string): RequestHeaderKind {
  if (canonical.startsWith('x-forwarded-') || canonical === 'x-forwarded') return k.forwarding;
  return canonical.startsWith('porthole-') || canonical.startsWith('x-porthole-') ? k.dropped : k.plain;
}

function titleCase(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
