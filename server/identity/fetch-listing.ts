import http from 'node:http';
import https from 'node:https';
import { maxTimerMs } from '../../core/lifecycle.ts';
import { quote } from '../../core/quote.ts';

/** What a server answered that was asked for the keys of an account. Problems are words for an admin, with nothing of the answer in them. */
export type Fetched =
  | { readonly kind: 'listing'; readonly text: string }
  /** It says that there is no such account. */
  | { readonly kind: 'absent'; readonly problem: string }
  | { readonly kind: 'failed'; readonly problem: string };

export interface FetchOptions {
  /** Ends it before its time. */
  readonly signal?: AbortSignal;
  /** For all of it, redirects too. */
  readonly deadlineMs?: number;
  readonly maxBytes?: number;
  /** PEM: authorities that are trusted instead of the system's. */
  readonly ca?: string;
}

const defaults = { deadlineMs: 10_000, maxBytes: 64 * 1024 };
const maxRedirects = 3;
const headers = {
  accept: 'text/plain',
  'accept-encoding': 'identity',
  connection: 'close',
  'user-agent': 'porthole',
};

/**
 * Fetches a listing of keys. It goes to the host that the URL names and nowhere else, always checks the certificate, and takes nothing but
 * text of a bounded size in a bounded time. Never rejects.
 */
export async function fetchListing(url: string, options: FetchOptions = {}): Promise<Fetched> {
  const { deadlineMs, maxBytes, signal, ca } = { ...defaults, ...options };
  const ending = new AbortController();
  const end = (): void => {
    ending.abort();
  };
  const timer = setTimeout(end, Math.min(deadlineMs, maxTimerMs));
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  const from = { host: new URL(url).host, deadlineMs, maxBytes, ca, signal: ending.signal };
  try {
    return await follow(new URL(url), from);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

interface From {
  readonly host: string;
  readonly deadlineMs: number;
  readonly maxBytes: number;
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

async function follow(start: URL, from: From): Promise<Fetched> {
  let url = start;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const answer = await ask(url, from);
    if (answer.kind !== 'moved') return answer;
    const next = URL.parse(answer.location, url.href);
    if (next?.origin !== start.origin || next.username !== '') {
      return failed(
        `${from.host} sends on to ${quote(next?.host ?? '')}; only the host that was named is asked`,
      );
    }
    url = next;
  }
  return failed(`${from.host} sends from one address to the next without an end`);
}

type Answered = Fetched | { readonly kind: 'moved'; readonly location: string };

function ask(url: URL, from: From): Promise<Answered> {
  const { promise, resolve } = Promise.withResolvers<Answered>();
  const { ca, signal } = from;
  // Whatever the environment says of certificates in general.
  const options = { signal, headers, rejectUnauthorized: true, ...(ca !== undefined && { ca }) };
  const request = url.protocol === 'https:' ? https.get(url, options) : http.get(url, options);
  request.on('error', (error) => {
    resolve(failed(reasonOf(error, from)));
  });
  request.on('response', (response) => {
    response.on('error', (error) => {
      resolve(failed(reasonOf(error, from)));
    });
    void judge(response, from).then((answer) => {
      resolve(answer);
      request.destroy();
    });
  });
  return promise;
}

async function judge(response: http.IncomingMessage, from: From): Promise<Answered> {
  const { statusCode = 0, headers } = response;
  if ([301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined)
    return { kind: 'moved', location: headers.location };
  if (statusCode === 404 || statusCode === 410)
    return { kind: 'absent', problem: `${from.host} knows no such account (it answered ${statusCode})` };
  if (statusCode !== 200) return failed(`${from.host} answered ${statusCode}`);
  const type = headers['content-type'] ?? '';
  if (/html|xml|json/i.test(type))
    return failed(`${from.host} answered with ${quote(type)}, not with a list of keys`);
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
    return failed(`${from.host} answered in an encoding that was not asked for`);
  return readText(response, from);
}

async function readText(response: http.IncomingMessage, from: From): Promise<Fetched> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > from.maxBytes) return failed(`${from.host} answered with more than ${from.maxBytes} bytes`);
      chunks.push(chunk);
    }
    return { kind: 'listing', text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) };
  } catch (error) {
    if (error instanceof TypeError) return failed(`${from.host} answered with something that is not text`);
    return failed(reasonOf(error, from));
  }
}

function failed(problem: string): Fetched {
  return { kind: 'failed', problem };
}

function reasonOf(error: unknown, { host, deadlineMs, signal }: From): string {
  if (signal.aborted) return `${host} did not answer within ${deadlineMs / 1000} s`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = reasons.get(code) ?? (code === '' ? 'the connection failed' : code);
  return `${host} could not be asked: ${why}`;
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'there is no host of that name'],
  ['EAI_AGAIN', 'its name could not be looked up'],
  ['ECONNREFUSED', 'it refused the connection'],
  ['ECONNRESET', 'it broke the connection'],
  ['ETIMEDOUT', 'it cannot be reached'],
  ['EHOSTUNREACH', 'it cannot be reached'],
  ['ENETUNREACH', 'it cannot be reached'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted()],
  ['SELF_SIGNED_CERT_IN_CHAIN', untrusted()],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted()],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted()],
]);

function untrusted(): string {
  return 'its certificate is of an authority that is not trusted (NODE_EXTRA_CA_CERTS names a file of further ones)';
}
