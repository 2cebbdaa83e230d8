import { STATUS_CODES } from 'node:http';
import { errorTable } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { preferredForm } from './accept.ts';
import { makeAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import { pagePolicy, renderPage } from './error-page.ts';

/** A detail of a failure: a field of the JSON, a line of the page. */
export interface Fact {
  readonly field: string;
  readonly label: string;
  readonly value: string;
}

/** What is said about one failure, beyond its code. All of it may be read by whoever made the request. */
export interface Failure {
  readonly code: ErrorCode;
  /** Replaces the table's sentence. */
  readonly reason?: string;
  /** Replaces the code's advice. */
  readonly next?: string;
  readonly retryAfterSeconds?: number;
  readonly facts?: readonly Fact[];
  readonly services?: readonly { readonly name: string; readonly url: string }[];
  /** The page reloads itself when the environment is ready. */
  readonly waits?: boolean;
  readonly headers?: readonly string[];
}

const retryLater = 'Try again in a moment.';
const checkAddress = 'Check the address.';

/** What to do about it, in one sentence. */
const advice: Partial<Record<ErrorCode, string>> = {
  ERR_ENV_UNKNOWN:
    'Check the name; if the preview is private, open it by its share link, which whoever started it can give you.',
  ERR_ENV_OFFLINE: 'It is served again as soon as its machine reconnects.',
  ERR_SERVICE_UNKNOWN: 'Check the name of the service, or start a forward for it.',
  ERR_UPSTREAM_REFUSED: 'Start the service on the machine, or correct the address in its -R option.',
  ERR_UPSTREAM_PROTOCOL:
    'Check that the service speaks HTTP there, or say what it speaks with scheme=https, h2c or tcp.',
  ERR_UPSTREAM_TIMEOUT: 'See what keeps the service busy, then try again.',
  ERR_UPSTREAM_LOST: 'Check whether the request had its effect before you repeat it.',
  ERR_BUSY: retryLater,
  ERR_DRAINING: retryLater,
  ERR_BAD_REQUEST: 'Correct the request.',
  ERR_REQUEST_TIMEOUT: 'Send the request again.',
  ERR_URI_TOO_LONG: 'Shorten the address.',
  ERR_HEADERS_TOO_LARGE: 'Send smaller headers; old cookies are a common reason.',
  ERR_MISDIRECTED: 'Repeat the request on a connection of its own.',
  ERR_METHOD_REFUSED: 'Use another method.',
  ERR_NOT_FOUND: checkAddress,
  ERR_INTERNAL: 'Try again; if it stays, tell the operator the error id.',
};

/** The methods that are named to whoever used another (RFC 9110, 15.5.6). */
export const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** The answer to a failure: a page, JSON or a line of text, as the visitor's `Accept` prefers. */
export function errorAnswer(
  failure: Failure,
  visitor: { readonly accept: string; readonly requestId: string },
): Answer {
  const { status, message, retryable } = errorTable[failure.code];
  const { requestId } = visitor;
  const reason = failure.reason ?? message;
  const next = failure.next ?? advice[failure.code] ?? (retryable ? retryLater : checkAddress);
  const headers = headersOf(failure, requestId);
  const { code } = failure;
  switch (preferredForm(visitor.accept)) {
    case 'html': {
      const waits = failure.waits === true;
      return makeAnswer(status, {
        type: 'text/html; charset=utf-8',
        body: renderPage({
          title: reason,
          status: `${status} ${STATUS_CODES[status] ?? ''}`.trim(),
          reason,
          next,
          facts: [
            ...(failure.facts ?? []).map(({ label, value }) => [label, value] as const),
            ['Code', code],
            ['Error id', requestId],
          ],
          links: (failure.services ?? []).map(({ name, url }) => ({ text: name, href: url })),
          waits,
        }),
        headers: [...headers, 'Content-Security-Policy', pagePolicy(waits)],
        code,
      });
    }
    case 'json': {
      const { retryAfterSeconds, services } = failure;
      const facts = Object.fromEntries((failure.facts ?? []).map(({ field, value }) => [field, value]));
      const body = {
        code,
        status,
        message: reason,
        next,
        id: requestId,
        retryAfterSeconds,
        services,
        ...facts,
      };
      return makeAnswer(status, {
        type: 'application/json; charset=utf-8',
        body: `${JSON.stringify(body)}\n`,
        headers,
        code,
      });
    }
    case 'text': {
      const services = (failure.services ?? []).map(({ name, url }) => `\n  ${name}  ${url}`).join('');
      const body = `${code}: ${reason} ${next}${services}\nError id: ${requestId}\n`;
      return makeAnswer(status, { type: 'text/plain; charset=utf-8', body, headers, code });
    }
  }
}

function headersOf(failure: Failure, requestId: string): string[] {
  const headers = ['Porthole-Error', failure.code, 'Porthole-Error-Id', requestId, 'Vary', 'Accept'];
  if (failure.retryAfterSeconds !== undefined) headers.push('Retry-After', String(failure.retryAfterSeconds));
  if (failure.headers !== undefined) headers.push(...failure.headers);
  else if (failure.code === 'ERR_METHOD_REFUSED') headers.push('Allow', allowedMethods);
  return headers;
}
