import type { CustomFetch, FetchBody } from 'openid-client';
import { isFetchable, isLoopback } from '../../oidc/issuer-address.ts';

/** The provider does not answer, or not with anything that can be used: the login may be good, and nobody can tell. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
}

export interface ProviderFetchOptions {
  readonly issuer: string;
  /** Of each answer, from the question to its last byte. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Of the login as a whole. */
  readonly signal: AbortSignal;
}

/** Statuses whose answers have no body (Fetch, 2.2.3). */
const withoutBody = [101, 103, 204, 205, 304];

/**
 * `fetch` for what a provider says: over TLS (or from this machine itself, for a provider that is on it), bounded, within a deadline, and never from where
 * it redirects to. Rejects with `ProviderUnavailable`.
 */
export function providerFetch({ issuer, timeoutMs, maxBytes, signal }: ProviderFetchOptions): CustomFetch {
  return async (address, { body, headers, method }) => {
    const url = checked(address, issuer);
    try {
      const response = await fetch(url, {
        ...bodyOf(body),
        headers,
        method,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return await wholeOf(response, maxBytes);
    } catch (error) {
      throw new ProviderUnavailable(`${placeOf(url)} ${reasonOf(error)}`, { cause: error });
    }
  };
}

/** Whether a provider may name this address, for the gateway to ask or for people to go to. */
export function isTrusted(url: URL, issuer: string): boolean {
  return isFetchable(url) && (!isLoopback(url) || isLoopback(new URL(issuer)));
}

type RequestBody = NonNullable<NonNullable<Parameters<typeof fetch>[1]>['body']>;

function bodyOf(body: FetchBody): { readonly body?: RequestBody } {
  return body === undefined || body === null ? {} : { body };
}

function checked(address: string, issuer: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && isTrusted(url, issuer)) return url;
  throw new ProviderUnavailable('it names an address that is not https');
}

/** The answer once more, all of it in memory. */
async function wholeOf(response: Response, maxBytes: number): Promise<Response> {
  const { status, headers } = response;
  if (status >= 500 || status === 429 || (status >= 300 && status < 400)) {
    await response.body?.cancel();
    throw new Error(`answered ${String(status)}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`answered with more than ${String(maxBytes)} bytes`);
    chunks.push(chunk);
  }
  return new Response(withoutBody.includes(status) ? null : Buffer.concat(chunks), { status, headers });
}

/** Without its query. */
function placeOf({ origin, pathname }: URL): string {
  return origin + pathname;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'did not answer';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'did not answer in time';
  // What `fetch` rejects with hides the reason in its cause.
  const { cause } = error;
  return cause instanceof Error ? `cannot be reached: ${codeOf(cause)}` : error.message;
}

function codeOf(error: Error & { readonly code?: unknown }): string {
  return typeof error.code === 'string' ? error.code : error.message;
}
