import { stripCookies, stripShareParameter } from '../access/strip.ts';
import type { PublicAddress } from './dependencies.ts';
import type { Forwarded } from './forwarded.ts';
import type { RequestHead } from './request-head.ts';

export interface UpstreamHeadOptions {
  readonly forwarded: Forwarded;
  readonly requestId: string;
  readonly publicAddress: PublicAddress;
  /** What `host=` of the forward says; undefined keeps the visitor's. */
  readonly host: string | undefined;
}

/** Methods of which a request without a body need not say that it has none (RFC 9110, 8.6). */
const bodyless = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** The path that an upstream is asked for: without what is the gateway's own. */
export function upstreamPath(head: RequestHead): string {
  return stripShareParameter(head.path);
}

/** The headers of the request to an upstream, names and values in turn; HTTP/1.1's framing included. */
export function upstreamHeaders(head: RequestHead, options: UpstreamHeadOptions): string[] {
  const list = head.passed.slice();
  if (options.host !== undefined) list[1] = options.host;
  const cookie = head.cookie === undefined ? undefined : stripCookies(head.cookie);
  if (cookie !== undefined) list.push('Cookie', cookie);
  if (head.expect !== undefined) list.push('Expect', head.expect);
  pushFraming(list, head);
  pushForwarding(list, head, options);
  return list;
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
