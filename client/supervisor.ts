import type { Backoff } from '../core/backoff.ts';
import type { Failure } from './failure.ts';
import { ok, type Outcome } from './outcome.ts';

/** One connection of the tunnel, as far as the supervisor needs it. */
export interface SupervisedSession {
  /** Settles once, with the reason, when it is over. */
  readonly closed: Promise<Failure>;
  /** Settles, with its grace in milliseconds, when the gateway asks for another connection. */
  readonly draining: Promise<number>;
  close(): Promise<void>;
}

/** What becomes of one tunnel. */
export type TunnelState<S> =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'connected'; readonly session: S }
  /** The connection still serves, and another is sought. */
  | { readonly kind: 'draining'; readonly graceMs: number }
  /** The new connection serves, and nothing was lost between. */
  | { readonly kind: 'moved'; readonly session: S }
  | { readonly kind: 'disconnected'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly inMs: number; readonly reason: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

export interface SupervisorOptions<S> {
  readonly connect: (signal: AbortSignal) => Promise<{ kind: 'open'; session: S } | Failure>;
  /** Ends with the loss of the first connection. */
  readonly once: boolean;
  readonly backoff: Backoff;
  /** The delays while an old connection still serves: short, since its gateway may end any moment. */
  readonly moveBackoff: Backoff;
  /** A connection that lasted so long makes the next delay short again. */
  readonly stableMs: number;
  /** Settles after the time, or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
  /** Whether another tunnel serves the same forwards: then no refusal is the end. */
  readonly othersServe: () => boolean;
  readonly onState: (state: TunnelState<S>) => void;
}

/** Where one tunnel stands between its events. */
type Phase<S> =
  /** There is no connection, or only one that is asked to go. */
  | { readonly kind: 'seeking'; readonly old: Old<S> | undefined }
  | { readonly kind: 'serving'; readonly session: S; readonly sinceMs: number }
  | { readonly kind: 'over'; readonly outcome: Outcome };

/** A connection that is asked to go. It serves until it is lost, and stays beside the one that supersedes it. */
interface Old<S> {
  readonly session: S;
  readonly graceMs: number;
  state: 'serving' | 'lost' | 'superseded';
}

/** An old connection goes so long after its gateway should have closed it. */
const overtimeMs = 5000;
/** Who is asked to move so soon after the last time waits a little first. */
const hastyMs = 2000;

/**
 * Keeps one tunnel up: connects again after every loss, with growing delays, until it is stopped or refused
 * for good. When the gateway asks it to move it connects anew before it lets go: the old connection serves
 * on until its gateway closes it.
 */
export class Supervisor<S extends SupervisedSession> {
  readonly #options: SupervisorOptions<S>;
  readonly #stop = new AbortController();
  readonly #stopped: Promise<{ kind: 'stopped' }>;
  readonly #sessions = new Set<S>();
  #attempt = 0;
  #wasConnected = false;

  constructor(options: SupervisorOptions<S>) {
    this.#options = options;
    this.#stopped = new Promise((resolve) => {
      this.#stop.signal.addEventListener('abort', () => resolve({ kind: 'stopped' }));
    });
  }

  /** Withdraws the forwards and ends; `run` settles when that is done. Idempotent. */
  stop(): void {
    this.#stop.abort();
  }

  async run(): Promise<Outcome> {
    let phase: Phase<S> = { kind: 'seeking', old: undefined };
    while (phase.kind !== 'over' && !this.#isStopped()) phase = await this.#next(phase);
    const outcome = phase.kind === 'over' && !this.#isStopped() ? phase.outcome : ok;
    await Promise.all([...this.#sessions].map((session) => session.close()));
    this.#options.onState({ kind: 'ended', outcome });
    return outcome;
  }

  #next(phase: Exclude<Phase<S>, { kind: 'over' }>): Promise<Phase<S>> {
    switch (phase.kind) {
      case 'seeking':
        return this.#seek(phase.old);
      case 'serving':
        return this.#serve(phase);
    }
  }

  /** One attempt, and the delay after it when it failed. */
  async #seek(old: Old<S> | undefined): Promise<Phase<S>> {
    this.#attempt += 1;
    if (old?.state !== 'serving') this.#options.onState({ kind: 'connecting', attempt: this.#attempt });
    const opened = await this.#options.connect(this.#stop.signal);
    if (opened.kind === 'open') return this.#take(opened.session, old);
    if (this.#isStopped()) return over(ok);
    if (old?.state !== 'serving') return this.#afterLoss(opened);
    const inMs = this.#options.moveBackoff.next();
    if (this.#attempt === 1) this.#options.onState({ kind: 'waiting', inMs, reason: opened.reason });
    await this.#options.wait(inMs, this.#stop.signal);
    return { kind: 'seeking', old };
  }

  #take(session: S, old: Old<S> | undefined): Phase<S> {
    this.#sessions.add(session);
    void session.closed.then(() => this.#sessions.delete(session));
    if (this.#isStopped()) return over(ok);
    this.#attempt = 0;
    this.#wasConnected = true;
    if (old?.state === 'serving') {
      old.state = 'superseded';
      void this.#retire(old);
      this.#options.onState({ kind: 'moved', session });
    } else this.#options.onState({ kind: 'connected', session });
    return { kind: 'serving', session, sinceMs: this.#options.nowMs() };
  }

  /** The life of a connection, until it is lost or asked to go. */
  async #serve({ session, sinceMs }: Phase<S> & { kind: 'serving' }): Promise<Phase<S>> {
    const end = await Promise.race([
      session.closed,
      session.draining.then((graceMs) => ({ kind: 'draining', graceMs }) as const),
      this.#stopped,
    ]);
    if (end.kind === 'stopped' || this.#isStopped()) return over(ok);
    const livedMs = this.#options.nowMs() - sinceMs;
    if (end.kind === 'draining')
      return this.#leave({ session, graceMs: end.graceMs, state: 'serving' }, livedMs);
    if (livedMs >= this.#options.stableMs) this.#options.backoff.reset();
    this.#options.onState({ kind: 'disconnected', reason: end.reason });
    return this.#afterLoss(end);
  }

  async #afterLoss(failure: Failure): Promise<Phase<S>> {
    if (this.#isFinal(failure)) return over({ kind: 'refused', reason: failure.reason });
    if (this.#options.once) return over({ kind: 'failed', reason: failure.reason });
    const inMs = this.#options.backoff.next();
    this.#options.onState({ kind: 'waiting', inMs, reason: failure.reason });
    await this.#options.wait(inMs, this.#stop.signal);
    return { kind: 'seeking', old: undefined };
  }

  /** The first attempt follows at once, unless the gateway sends on those who have just come. */
  async #leave(old: Old<S>, livedMs: number): Promise<Phase<S>> {
    const { onState, moveBackoff, wait } = this.#options;
    void old.session.closed.then(({ reason }) => {
      if (old.state !== 'serving') return;
      old.state = 'lost';
      if (!this.#isStopped()) onState({ kind: 'disconnected', reason });
    });
    onState({ kind: 'draining', graceMs: old.graceMs });
    if (livedMs < hastyMs) await wait(moveBackoff.next(), this.#stop.signal);
    else moveBackoff.reset();
    return { kind: 'seeking', old };
  }

  /** The gateway closes it when nothing runs on it any more; one that forgets to does not keep it. */
  async #retire({ session, graceMs }: Old<S>): Promise<void> {
    const over = new AbortController();
    void session.closed.then(() => over.abort());
    await this.#options.wait(graceMs + overtimeMs, over.signal);
    await session.close();
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** A certificate that only the clock is against may be renewed; who was connected before waits for that. */
  #isFinal(failure: Failure): boolean {
    if (failure.kind !== 'refused' || this.#options.othersServe()) return false;
    return failure.code !== 'certificate-time' || !this.#wasConnected;
  }
}

function over(outcome: Outcome): { readonly kind: 'over'; readonly outcome: Outcome } {
  return { kind: 'over', outcome };
}
