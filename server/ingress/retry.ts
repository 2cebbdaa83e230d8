import type { CallFailure } from './call.ts';

/** What decides whether a failed call may be made a second time. */
export interface Attempt {
  readonly failure: CallFailure;
  /** Calls made so far, this one included. */
  readonly calls: number;
  readonly idempotent: boolean;
  readonly hasBody: boolean;
  /** A piece of the visitor's body was taken: it cannot be sent again. */
  readonly bodyTaken: boolean;
  /** The forward that it went to is still there. */
  readonly forwardLive: boolean;
  readonly hasStandby: boolean;
}

/** `same`: a new channel of the same forward. `other`: another forward of the same route. */
export type Retry = 'same' | 'other' | 'no';

const maxCalls = 2;

/**
 * Once, and only what was not sent, or is safe to repeat and got no byte of an answer. A body that was taken, and a request
 * that is not idempotent and may have arrived, are never sent again.
 */
export function retryAfter(attempt: Attempt): Retry {
  if (attempt.calls >= maxCalls || attempt.bodyTaken) return 'no';
  switch (attempt.failure.kind) {
    case 'not-opened':
      return otherIf(attempt.hasStandby || attempt.failure.failure.kind === 'gone');
    case 'not-processed':
      return attempt.forwardLive ? otherIf(attempt.hasStandby) : 'other';
    case 'closed':
      if (!attempt.idempotent || attempt.hasBody) return 'no';
      if (!attempt.forwardLive) return 'other';
      return attempt.failure.reused ? 'same' : otherIf(attempt.hasStandby);
    case 'nonsense':
    case 'truncated':
      return 'no';
  }
}

function otherIf(condition: boolean): Retry {
  return condition ? 'other' : 'no';
}
