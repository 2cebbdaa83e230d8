import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { SecureContext } from 'node:tls';
import { lookup } from './localhost-lookup.ts';
import { describeSocketError } from './socket-error.ts';

export interface HttpQuestion {
  readonly url: URL;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For https. */
  readonly trust: SecureContext | undefined;
  /** From the first packet to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type HttpResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
    }
  | {
      readonly kind: 'failed';
      /** Node's code, such as `ENOTFOUND`, `ECONNREFUSED`, `CERT_HAS_EXPIRED`; `ETIMEDOUT` when it took too long. */
      readonly code: string;
      readonly reason: string;
    };

const maxBodyBytes = 256 * 1024;

/** Asks one question over a connection of its own. Never rejects; an answer that is too long is cut. */
export function askHttp(question: HttpQuestion): Promise<HttpResult> {
  const { url, method = 'GET', headers, body, trust, timeoutMs, signal } = question;
  return new Promise((resolve) => {
    const isSecure = url.protocol === 'https:';
    const settle = (result: HttpResult): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(result);
      request.destroy();
    };
    const fail = (code: string, reason: string): void => settle({ kind: 'failed', code, reason });
    const onAbort = (): void => fail('ABORT_ERR', 'stopped');
    const timer = setTimeout(
      () => fail('ETIMEDOUT', `${url.host} did not answer within ${timeoutMs / 1000} s`),
      timeoutMs,
    );
    const options = { method, headers: { connection: 'close', ...headers }, agent: false, lookup };
    const request = isSecure
      ? requestHttps(url, { ...options, ...(trust === undefined ? {} : { secureContext: trust }) })
      : requestHttp(url, options);
    request.on('error', (error: NodeJS.ErrnoException) =>
      fail(error.code ?? '', describeSocketError(error, url.host)),
    );
    request.on('response', (response) => void readAnswer(response).then(settle));
    request.end(body);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort);
  });
}

async function readAnswer(response: IncomingMessage): Promise<HttpResult> {
  const { statusCode = 0, headers } = response;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBodyBytes) break;
    }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return { kind: 'failed', code, reason: `the answer broke off: ${message}` };
  }
  const body = Buffer.concat(chunks).toString('utf8', 0, maxBodyBytes);
  return { kind: 'answered', status: statusCode, headers, body };
}
