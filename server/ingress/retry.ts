import type { CallFailure } from './call.ts';

/** What decides whether a failed call may be made again. */
export interface Attempt {
  readonly failure: CallFailure;
  /** Calls made so far, this one included, whether anything was sent or not. */
  readonly calls: number;
  /** Those of them by which the request may have reached an upstream. */
  readonly sent: number;
  readonly idempotent: boolean;
  readonly hasBody: boolean;
  /** A piece of the visitor's body was taken: it cannot be sent again. */
  readonly bodyTaken: boolean;
  /** The forward that it went to is still there. */
  readonly forwardLive: boolean;
}

/** `same`: a new channel of the same forward. `other`: another forward of the same route, there now or soon. */
export type Retry = 'same' | 'other' | 'no';

/** What may have reached an upstream is sent once more at most. */
const maxSent = 2;
/** What never did may be tried oftener, as when a client comes and goes; the time that it may wait is bounded elsewhere. */
const maxCalls = 8;

/**
 * Only what was not sent, or is safe to repeat and got no byte of an answer. A body that was taken, and a request that is not
 * idempotent and may have arrived, are never sent again.
 */
export function retryAfter(attempt: Attempt): Retry {
  if (attempt.calls >= maxCalls || attempt.bodyTaken) return 'no';
  const { failure, forwardLive } = attempt;
  switch (failure.kind) {
    case 'not-opened':
      return 'other';
    case 'not-sent':
      return forwardLive ? 'same' : 'other';
    case 'not-processed':
      return attempt.sent < maxSent ? 'other' : 'no';
    case 'closed':
      if (!attempt.idempotent || attempt.hasBody || attempt.sent >= maxSent) return 'no';
      return forwardLive && failure.reused ? 'same' : 'other';
    case 'nonsense':
    case 'truncated':
      return 'no';
  }
}

/** Whether a call that failed so may have reached an upstream. */
export function mayHaveArrived({ kind }: CallFailure): boolean {
  return kind !== 'not-opened' && kind !== 'not-sent';
}
