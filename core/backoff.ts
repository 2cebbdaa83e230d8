export interface BackoffOptions {
  /** The longest first delay, and twice the shortest of all. */
  readonly initialMs: number;
  readonly maxMs: number;
  /** How much the window grows with each try; 2 if not given. */
  readonly factor?: number;
  /** A number in [0, 1); `Math.random` if not given. */
  readonly random?: () => number;
}

/**
 * The delays between tries: exponential with full jitter, so that clients who lost the same gateway do not come back
 * in step, and with a floor of half of `initialMs`, so that no luck makes a busy loop.
 */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #factor: number;
  readonly #random: () => number;
  #windowMs: number;

  constructor(options: BackoffOptions) {
    this.#initialMs = Math.min(options.initialMs, options.maxMs);
    this.#maxMs = options.maxMs;
    this.#factor = options.factor ?? 2;
    this.#random = options.random ?? Math.random;
    this.#windowMs = this.#initialMs;
  }

  /** The delay before the next try, in whole milliseconds. */
  next(): number {
    const floorMs = this.#initialMs / 2;
    const delayMs = floorMs + this.#random() * (this.#windowMs - floorMs);
    this.#windowMs = Math.min(this.#maxMs, this.#windowMs * this.#factor);
    return Math.round(delayMs);
  }

  /** Starts over; for after a success that lasted. */
  reset(): void {
    this.#windowMs = this.#initialMs;
  }
}
