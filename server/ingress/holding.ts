import type { Resolution } from '../routing/resolution.ts';
import type { Answerer, Exchange } from './exchange.ts';

/** Runs a step on behalf of an exchange, and answers for it when the step throws. */
export interface HoldingErrors {
  guard(exchange: Exchange, step: () => void): void;
}

/** A request that waits for its environment: bounded by what it waits on, and over when the visitor leaves. */
export class Holding implements Answerer {
  readonly #exchange: Exchange;
  readonly #errors: HoldingErrors;
  readonly #abort = new AbortController();
  /** Silence is what waiting is. */
  readonly patienceMs = Infinity;

  constructor(exchange: Exchange, errors: HoldingErrors) {
    this.#exchange = exchange;
    this.#errors = errors;
    exchange.answerer = this;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** `onReady` is called with what it was held for, unless the visitor has left by then. */
  until(held: Promise<Resolution | 'full'>, onReady: (result: Resolution | 'full') => void): void {
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
  }

  onStall(): void {
    // Never told: see `patienceMs`.
    this.stop();
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
    if (this.#abort.signal.aborted) return;
    this.#exchange.answerer = undefined;
    this.#exchange.progress += 1;
    this.#errors.guard(this.#exchange, next);
  }
}
