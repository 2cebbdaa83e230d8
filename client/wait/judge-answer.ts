import type { HttpResult } from '../http-ask.ts';
import { oneLine } from '../printable.ts';

/** What an answer to `GET /_porthole/wait` means. */
export type WaitVerdict =
  | { readonly kind: 'ready'; readonly env: string | undefined }
  /** The truth of this moment; asked again after `retryMs`. */
  | { readonly kind: 'not-yet'; readonly truth: Truth; readonly retryMs: number }
  /** Asking again is of no use. */
  | { readonly kind: 'hopeless'; readonly truth: Truth };

/** Why something is not ready. */
export interface Truth {
  /** The gateway's error code, or Node's. */
  readonly code: string;
  readonly reason: string;
  /** `offline`, `degraded`, ... as far as the gateway tells it. */
  readonly state: string | undefined;
}

const defaultRetryMs = 1000;
const maxRetryMs = 5000;

/** Codes of a certificate or a protocol that will not become another by waiting. */
const hopelessCodes = /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/;

export function judgeAnswer(result: HttpResult): WaitVerdict {
  if (result.kind === 'failed') return judgeFailure(result);
  const { status, headers } = result;
  const body = readJson(result.body);
  const state = asText(body['state']);
  if (status === 200)
    return state === 'ready' ? { kind: 'ready', env: asText(body['env']) } : hopeless(noGateway);
  if (status >= 300 && status < 400) return hopeless(moved(headers.location ?? ''));
  const code = oneLine(String(headers['porthole-error'] ?? ''));
  const truth: Truth = {
    code: code === '' ? `HTTP_${status}` : code,
    reason: `${asText(body['message']) ?? `the answer is ${status}, and not from a Porthole gateway`}${adviceOn(code)}`,
    state,
  };
  if (code === 'ERR_BAD_REQUEST' || code === 'ERR_NOT_FOUND') return hopeless(truth);
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  const retryMs = Number.isFinite(seconds)
    ? Math.min(maxRetryMs, Math.max(0, seconds * 1000))
    : defaultRetryMs;
  return { kind: 'not-yet', truth, retryMs: Math.max(defaultRetryMs, retryMs) };
}

/** It may still come up: who is not let in is not told whether it is there. */
function adviceOn(code: string): string {
  return code === 'ERR_LOGIN_REQUIRED'
    ? ' If it is private, give its share link, or add ?porthole-token=TOKEN to its address.'
    : '';
}

function judgeFailure({ code, reason }: HttpResult & { kind: 'failed' }): WaitVerdict {
  const truth = { code, reason: oneLine(reason), state: undefined };
  if (!hopelessCodes.test(code)) return { kind: 'not-yet', truth, retryMs: defaultRetryMs };
  const advice = /SELF_SIGNED|UNABLE_TO/.test(code)
    ? "; pass the gateway's CA with --ca FILE or PORTHOLE_CA"
    : '';
  return hopeless({
    ...truth,
    reason: `the certificate or protocol is wrong: ${truth.reason} (${code})${advice}`,
  });
}

const noGateway: Truth = {
  code: 'NO_GATEWAY',
  reason:
    'that host is not served by a Porthole gateway: it answers 200 to a question that only a gateway knows',
  state: undefined,
};

function moved(location: string): Truth {
  return {
    code: 'MOVED',
    reason: `the host sends on to ${oneLine(location)}: use that URL`,
    state: undefined,
  };
}

function hopeless(truth: Truth): WaitVerdict {
  return { kind: 'hopeless', truth };
}

function readJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? oneLine(value) : undefined;
}
