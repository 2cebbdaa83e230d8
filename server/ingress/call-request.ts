import type { Forward } from '../tunnel/forward.ts';
import type { CallRequest } from './call.ts';
import type { PublicAddress } from './dependencies.ts';
import type { RequestHead } from './request-head.ts';
import { upstreamHeaders, upstreamPath } from './upstream-head.ts';
import type { Visit } from './visit.ts';

const idempotentMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

export interface CallRequestOptions {
  readonly publicAddress: PublicAddress;
  /** Asks for a channel that no request has used. */
  readonly fresh: boolean;
}

/** The request that goes to the upstream of a forward, for what a visitor asked. */
export function callRequest(
  visit: Visit,
  forward: Forward,
  { publicAddress, fresh }: CallRequestOptions,
): CallRequest {
  const { head, forwarded, exchange } = visit;
  return {
    method: head.method,
    path: upstreamPath(head),
    headers: upstreamHeaders(head, {
      forwarded,
      requestId: exchange.id,
      publicAddress,
      host: rewrittenHost(forward),
      spent: visit.spent,
      withoutCookies: exchange.leftovers !== undefined,
    }),
    hasBody: head.body !== 'none',
    upgrade: head.upgrade !== undefined,
    idempotent: isIdempotent(head),
    fresh,
    origin: { address: forwarded.address, port: exchange.visitor.connection.info.remotePort },
  };
}

/** Whether it may be repeated without harm (RFC 9110, 9.2.2). A request to upgrade is a GET like others until it is answered. */
export function isIdempotent({ method }: RequestHead): boolean {
  return idempotentMethods.has(method);
}

/** What `host=` of the forward makes of the Host; undefined when it stays the visitor's. */
export function rewrittenHost({ options }: Forward): string | undefined {
  return options.host === 'keep' ? undefined : options.host;
}
