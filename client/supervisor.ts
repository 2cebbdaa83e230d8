import type { Backoff } from '../core/backoff.ts';
import type { Failure } from './failure.ts';
import { ok, type Outcome } from './outcome.ts';
import type { Settled } from './session.ts';

/** One life of the tunnel, as far as the supervisor needs it. */
export interface SupervisedSession {
  readonly settled: Settled;
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

export type ConnectionState =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'connected'; readonly settled: Settled }
  | { readonly kind: 'disconnected'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly inMs: number; readonly reason: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

export interface SupervisorOptions {
  readonly connect: (signal: AbortSignal) => Promise<{ kind: 'open'; session: SupervisedSession } | Failure>;
  /** Ends with the first connection. */
  readonly once: boolean;
  readonly backoff: Backoff;
  /** A connection that lasted so long makes the next delay short again. */
  readonly stableMs: number;
  /** Settles after the time, or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
  readonly onState: (state: ConnectionState) => void;
}

/**
 * Keeps a tunnel up: connects again after every loss, with growing delays, until it is stopped or refused for
 * good.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #stop = new AbortController();
  #attempt = 0;
  #wasConnected = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Withdraws the forwards and ends; `run` settles when that is done. Idempotent. */
  stop(): void {
    this.#stop.abort();
  }

  async run(): Promise<Outcome> {
    const outcome = await this.#untilEnd();
    this.#options.onState({ kind: 'ended', outcome });
    return outcome;
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #untilEnd(): Promise<Outcome> {
    while (!this.#isStopped()) {
      const end = await this.#live();
      if (this.#isStopped()) break;
      if (end.kind === 'refused') return { kind: 'refused', reason: end.reason };
      if (this.#options.once) return { kind: 'failed', reason: end.reason };
      const inMs = this.#options.backoff.next();
      this.#options.onState({ kind: 'waiting', inMs, reason: end.reason });
      await this.#options.wait(inMs, this.#stop.signal);
    }
    return ok;
  }

  /** One attempt and, when it succeeds, the life of its session. */
  async #live(): Promise<Failure> {
    const { connect, onState, nowMs, stableMs, backoff } = this.#options;
    this.#attempt += 1;
    onState({ kind: 'connecting', attempt: this.#attempt });
    const opened = await connect(this.#stop.signal);
    if (opened.kind !== 'open') return this.#judge(opened);
    const sinceMs = nowMs();
    this.#wasConnected = true;
    this.#attempt = 0;
    const reason = await this.#stay(opened.session);
    if (nowMs() - sinceMs >= stableMs) backoff.reset();
    if (!this.#isStopped()) onState({ kind: 'disconnected', reason });
    return { kind: 'lost', reason };
  }

  async #stay(session: SupervisedSession): Promise<string> {
    const { signal } = this.#stop;
    if (!this.#isStopped()) this.#options.onState({ kind: 'connected', settled: session.settled });
    const stopped = Promise.withResolvers<undefined>();
    const onAbort = (): void => stopped.resolve(undefined);
    signal.addEventListener('abort', onAbort);
    if (this.#isStopped()) onAbort();
    const reason = await Promise.race([session.closed, stopped.promise]);
    signal.removeEventListener('abort', onAbort);
    if (reason !== undefined) return reason;
    await session.close();
    return 'stopped';
  }

  /** A certificate that only the clock is against may be renewed; who was connected before waits for that. */
  #judge(failure: Failure): Failure {
    const mayPass = failure.kind === 'refused' && failure.code === 'certificate-time' && this.#wasConnected;
    return mayPass ? { kind: 'lost', reason: failure.reason } : failure;
  }
}
