import type { Forward } from '../tunnel/forward.ts';
import type { CallFailure } from './call.ts';
import { mayHaveArrived, retryAfter } from './retry.ts';
import type { Attempt, Retry } from './retry.ts';

/** A call that failed, and where. */
export interface FailedCall {
  readonly forward: Forward;
  readonly failure: CallFailure;
}

/** The calls by which one request was sent so far. While one runs, it is among the requests in flight on its forward. */
export class Attempts {
  #calls = 0;
  #sent = 0;
  #failedOn: Set<Forward> | undefined;
  #running: Forward | undefined;

  /** Whether it is not the first. */
  begin(forward: Forward): boolean {
    this.end();
    this.#running = forward;
    forward.load.requests += 1;
    this.#calls += 1;
    return this.#calls > 1;
  }

  /** The call is over, however it went. */
  end(): void {
    if (this.#running === undefined) return;
    this.#running.load.requests -= 1;
    this.#running = undefined;
  }

  /** The call has failed: what may be done about it. */
  failed(
    { forward, failure }: FailedCall,
    request: Pick<Attempt, 'idempotent' | 'hasBody' | 'bodyTaken'>,
  ): Retry {
    this.end();
    if (mayHaveArrived(failure)) this.#sent += 1;
    const counts = { calls: this.#calls, sent: this.#sent, forwardLive: forward.live };
    const retry = retryAfter({ ...request, ...counts, failure });
    if (retry !== 'same') (this.#failedOn ??= new Set()).add(forward);
    return retry;
  }

  /** It was tried there, in vain. */
  failedOn(forward: Forward): boolean {
    return this.#failedOn?.has(forward) === true;
  }

  /** Nothing of the request can have reached an upstream. */
  get unsent(): boolean {
    return this.#sent === 0;
  }
}
