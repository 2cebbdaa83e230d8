import type { ErrorCode } from '../../core/errors.ts';

/** A whole answer of the gateway itself. */
export interface Answer {
  readonly status: number;
  /** Names and values in turn, `Content-Length` included. */
  readonly headers: string[];
  readonly body: Buffer;
  readonly code: ErrorCode | undefined;
}

/** Headers that every answer of the gateway itself carries: nobody keeps it, frames it, indexes it or guesses its type. */
const always = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Robots-Tag', 'noindex'],
].flat();

export function makeAnswer(
  status: number,
  parts: {
    readonly type?: string;
    readonly body?: string;
    readonly headers?: readonly string[];
    readonly code?: ErrorCode;
  },
): Answer {
  const body = Buffer.from(parts.body ?? '');
  const type = parts.type === undefined ? [] : ['Content-Type', parts.type];
  return {
    status,
    headers: [...type, 'Content-Length', String(body.length), ...always, ...(parts.headers ?? [])],
    body,
    code: parts.code,
  };
}

export function textAnswer(status: number, text: string, headers: readonly string[] = []): Answer {
  return makeAnswer(status, { type: 'text/plain; charset=utf-8', body: `${text}\n`, headers });
}

export function jsonAnswer(status: number, value: unknown, headers: readonly string[] = []): Answer {
  return makeAnswer(status, {
    type: 'application/json; charset=utf-8',
    body: `${JSON.stringify(value)}\n`,
    headers,
  });
}

export function redirectAnswer(status: 303 | 308, location: string, headers: readonly string[] = []): Answer {
  return makeAnswer(status, {
    type: 'text/plain; charset=utf-8',
    body: `See ${location}\n`,
    headers: ['Location', location, ...headers],
  });
}
