import { stripCookies, stripQuery, stripReferer } from '../access/strip.ts';
import type { PublicAddress } from './dependencies.ts';
import type { Forwarded } from './forwarded.ts';
import { isOwnAuthorization } from './own-authorization.ts';
import type { RequestHead } from './request-head.ts';
import type { Visit } from './visit.ts';

export interface UpstreamHeadOptions {
  readonly forwarded: Forwarded;
  readonly requestId: string;
  readonly publicAddress: PublicAddress;
  /** What `host=` of the forward says; undefined keeps the visitor's. */
  readonly host: string | undefined;
  /** Was for the gateway. */
  readonly spent: Visit['spent'];
  /** They are a former owner's. */
  readonly withoutCookies?: boolean;
}

/** Methods of which a request without a body need not say that it has none (RFC 9110, 8.6). */
const bodyless = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** The path that an upstream is asked for: without what is the gateway's own. */
export function upstreamPath(head: RequestHead): string {
  return stripQuery(head.path);
}

/** The headers of the request to an upstream, names and values in turn; HTTP/1.1's framing included. */
export function upstreamHeaders(head: RequestHead, options: UpstreamHeadOptions): string[] {
  const list = passedOn(head, options.spent);
  if (options.host !== undefined) list[1] = options.host;
  const cookie =
    head.cookie === undefined || options.withoutCookies === true ? undefined : stripCookies(head.cookie);
  if (cookie !== undefined) list.push('Cookie', cookie);
  if (head.expect !== undefined) list.push('Expect', head.expect);
  pushFraming(list, head);
  pushForwarding(list, head, options);
  return list;
}

/** What goes on as it is, without what was for the gateway. */
function passedOn({ passed, authorization, context }: RequestHead, spent: Visit['spent']): string[] {
  const list = passed.slice();
  if (authorization !== undefined && (spent === 'authorization' || isOwnAuthorization(authorization)))
    replace(list, 'authorization', undefined);
  const referer = context.referer === undefined ? undefined : stripReferer(context.referer);
  if (referer !== context.referer) replace(list, 'referer', referer);
  return list;
}

/** All fields of the name, by one with this value or by none. */
function replace(list: string[], name: string, value: string | undefined): void {
  for (let i = list.length - 2; i >= 0; i -= 2) {
    if (list[i]?.toLowerCase() === name) list.splice(i, 2);
  }
  if (value !== undefined) list.push(name, value);
}

function pushFraming(list: string[], head: RequestHead): void {
  if (head.body === 'chunked') {
    list.push('Transfer-Encoding', 'chunked');
    if (head.trailer !== undefined) list.push('Trailer', head.trailer);
  } else if (head.contentLength !== undefined) {
    list.push('Content-Length', head.contentLength);
  } else if (!bodyless.has(head.method)) {
    list.push('Content-Length', '0');
  }
  if (head.upgrade !== undefined) list.push('Connection', 'Upgrade', 'Upgrade', head.upgrade);
  else if (head.takesTrailers) list.push('Connection', 'keep-alive, TE', 'TE', 'trailers');
}

function pushForwarding(list: string[], head: RequestHead, options: UpstreamHeadOptions): void {
  const { forwarded, publicAddress } = options;
  list.push('X-Forwarded-For', forwarded.chain, 'X-Forwarded-Proto', forwarded.proto);
  if (forwarded.believed.length > 0) pushBelieved(list, forwarded.believed);
  if (!says(forwarded.believed, 'x-forwarded-host')) list.push('X-Forwarded-Host', head.host);
  if (!says(forwarded.believed, 'x-forwarded-port')) {
    list.push('X-Forwarded-Port', String(publicAddress.port));
  }
  list.push('X-Real-IP', forwarded.address, 'X-Request-Id', options.requestId);
}

function pushBelieved(list: string[], believed: readonly string[]): void {
  for (let i = 0; i < believed.length; i += 2) {
    const name = believed[i] ?? '';
    if (name.toLowerCase() !== 'x-real-ip') list.push(name, believed[i + 1] ?? '');
  }
}

function says(believed: readonly string[], name: string): boolean {
  return believed.some((text, index) => index % 2 === 0 && text.toLowerCase() === name);
}
