import { once } from '../../core/lifecycle.ts';
import type { Answerer, Exchange } from './exchange.ts';

/** Runs a step on behalf of an exchange, and answers for it when the step throws. */
export interface HoldingErrors {
  guard(exchange: Exchange, step: () => void): void;
}

export interface HoldingOptions {
  readonly errors: HoldingErrors;
  /** The place that it took is free again: told once, at the end of the wait or when the visitor leaves. */
  readonly onLeave: () => void;
  /** For what waits in vain when the gateway takes no tunnels any more. */
  readonly onDrain?: () => void;
}

/** A request that waits: bounded by what it waits on, and over when the visitor leaves. */
export class Holding implements Answerer {
  readonly #exchange: Exchange;
  readonly #errors: HoldingErrors;
  readonly #leavePlace: () => void;
  readonly #onDrain: (() => void) | undefined;
  readonly #abort = new AbortController();
  /** Silence is what waiting is. */
  readonly patienceMs = Infinity;

  constructor(exchange: Exchange, { errors, onLeave, onDrain }: HoldingOptions) {
    this.#exchange = exchange;
    this.#errors = errors;
    this.#leavePlace = once(onLeave);
    this.#onDrain = onDrain;
    exchange.answerer = this;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** `onReady` is called with what it was held for, unless the visitor has left by then. */
  until<T>(held: Promise<T>, onReady: (result: T) => void): void {
    held.then(
      (result) => this.#leave(() => onReady(result)),
      (error: unknown) =>
        this.#leave(() => {
          throw error;
        }),
    );
  }

  stop(): void {
    this.#abort.abort();
    this.#leavePlace();
  }

  onStall(): void {
    // Never told: see `patienceMs`.
    this.stop();
  }

  onDrain(): void {
    if (this.#onDrain === undefined) return;
    this.#leave(this.#onDrain);
    this.#abort.abort();
  }

  onBody(): void {
    // Nobody reads the body yet.
  }

  onBodyEnd(): void {
    // Nor its end.
  }

  onVisitorDrain(): void {
    // Nothing was written.
  }

  #leave(next: () => void): void {
    this.#leavePlace();
    if (this.#abort.signal.aborted) return;
    this.#exchange.answerer = undefined;
    this.#exchange.progress += 1;
    this.#errors.guard(this.#exchange, next);
  }
}
