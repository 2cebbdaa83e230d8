import type { ErrorCode } from '../../core/errors.ts';

/** A whole answer of the gateway itself. */
export interface Answer {
  readonly status: number;
  /** Names and values in turn, `Content-Length` included. */
  readonly headers: string[];
  readonly body: Buffer;
  readonly code: ErrorCode | undefined;
}

/** Headers that every answer of the gateway itself carries: nobody keeps it, indexes it or guesses its type. */
const always = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Robots-Tag', 'noindex'],
].flat();
const unframed = ['X-Frame-Options', 'DENY'];

export function makeAnswer(
  status: number,
  parts: {
    readonly type?: string;
    readonly body?: string;
    readonly headers?: readonly string[];
    readonly code?: ErrorCode;
    /** What its policy says of frames is all that counts. */
    readonly framable?: boolean;
    /** Where it leads to is told its address only there; nowhere, if not given. */
    readonly referrer?: 'same-origin' | 'strict-origin-when-cross-origin';
  },
): Answer {
  const body = Buffer.from(parts.body ?? '');
  const type = parts.type === undefined ? [] : ['Content-Type', parts.type];
  const own = [
    ...always,
    ...(parts.framable === true ? [] : unframed),
    ...['Referrer-Policy', parts.referrer ?? 'no-referrer'],
  ];
  return {
    status,
    headers: [...type, 'Content-Length', String(body.length), ...own, ...(parts.headers ?? [])],
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
    // Whose page it was that asked must still be told at the end, where that decides: of a frame. It is that page's address, never this one.
    referrer: 'strict-origin-when-cross-origin',
  });
}
