import type { SecureContext } from 'node:tls';
import { askHttp, type HttpResult } from '../http-ask.ts';
import { oneLine } from '../printable.ts';
import { takeCredentials } from '../wait/wait-for-url.ts';
import { failed, fine, type Verdict } from './check.ts';
import { echoHeader, type ForwardFacts } from './temporary-service.ts';

export interface TripFacts {
  readonly url: URL;
  readonly result: HttpResult;
  readonly ms: number;
  readonly sent: string;
  readonly nonce: string;
}

const timeoutMs = 15_000;

/** One request through the public URL, as a visitor with a share link makes it. */
export async function makeRoundTrip(
  { url, shareUrl }: ForwardFacts & { kind: 'open' },
  { nonce, trust, signal }: { nonce: string; trust: SecureContext | undefined; signal: AbortSignal },
): Promise<TripFacts> {
  const { credentials } = takeCredentials(shareUrl ?? url);
  const sent = `porthole doctor ${nonce}\r\n\u00e9`.repeat(100);
  const start = performance.now();
  const result = await askHttp({
    url,
    method: 'POST',
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      accept: 'application/json',
      ...credentials,
    },
    body: sent,
    trust,
    timeoutMs,
    signal,
  });
  return { url, result, ms: performance.now() - start, sent, nonce };
}

export function judgeForward(facts: ForwardFacts): Verdict {
  switch (facts.kind) {
    case 'open':
      return fine(facts.url.href);
    case 'refused':
      return failed(
        `the forward was refused: ${facts.reason}`,
        'take another name for the environment, or ask whoever runs the gateway which names your key may have',
      );
    case 'lost':
      return failed(
        `the connection broke: ${oneLine(facts.reason)}`,
        'try again; the log of the gateway says why',
      );
  }
}

export function judgeTrip(facts: TripFacts): Verdict {
  const { url, result, ms, sent, nonce } = facts;
  if (result.kind === 'failed') return judgeFailure(url, result);
  const { status, headers, body } = result;
  if (headers[echoHeader] === nonce)
    return status === 200 && body === sent
      ? fine(`a request through ${url.origin} came back whole (${Math.max(1, Math.round(ms))} ms)`)
      : failed(
          `a request through ${url.origin} came back changed (status ${status}, ${body.length} characters of ${sent.length})`,
          'something between the visitor and the gateway changes what passes: look for a proxy or CDN in front of it',
        );
  const code = headers['porthole-error'];
  if (code !== undefined)
    return failed(
      `the gateway answered ${status} ${oneLine(String(code))}`,
      'its log has the error id: ' + oneLine(String(headers['porthole-error-id'] ?? 'none')),
    );
  const who = headers['server'] === undefined ? '' : ` by ${oneLine(String(headers['server']))}`;
  return failed(
    `${url.origin} is answered${who} with ${status}, and not by the gateway`,
    'its wildcard DNS record leads elsewhere, or what is in front of the gateway does not pass the request on',
  );
}

function judgeFailure(url: URL, { code, reason }: HttpResult & { kind: 'failed' }): Verdict {
  const wildcard = `*.${url.hostname.slice(url.hostname.indexOf('.') + 1)}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return failed(
      `the certificate is not for ${url.hostname}`,
      `give the gateway a certificate for ${wildcard} too: one for the bare domain does not cover its previews`,
    );
  if (/^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code))
    return failed(
      `the certificate of ${url.host} is not trusted (${code})`,
      'previews have another certificate than the gateway: check what answers there',
    );
  if (code === 'ECONNREFUSED' || code === 'ETIMEDOUT')
    return failed(
      `${url.host} cannot be reached: ${oneLine(reason)}`,
      `open the port for visitors, or let the gateway say the right one: public-url is how it is reached from outside`,
    );
  return failed(
    `the request to ${url.origin} failed: ${oneLine(reason)}`,
    'the log of the gateway may say more',
  );
}
