/** Something that lives long: it ends either way, once, and says why. */
export interface Closable {
  /** Takes no new work, finishes what runs within a bound, and settles when it is over. Idempotent. */
  close(): Promise<void>;
  /** Ends now. Idempotent. */
  destroy(reason: string): void;
  /** Settles once with the reason when it is over; never rejects. */
  readonly closed: Promise<string>;
}

/** The longest delay that a Node timer keeps; it fires at once for a longer one. */
export const maxTimerMs = 2 ** 31 - 1;

/** A promise that somebody else settles: once, and never with a rejection. */
export class Latch<T> {
  readonly promise: Promise<T>;
  readonly #resolve: (value: T) => void;
  #settled = false;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<T>();
    this.promise = promise;
    this.#resolve = resolve;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Whether this call was the one that settled it. */
  settle(value: T): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#resolve(value);
    return true;
  }
}

/** The function, of which only the first call does anything. */
export function once<A extends unknown[]>(fn: (...args: A) => void): (...args: A) => void {
  let called = false;
  return (...args) => {
    if (called) return;
    called = true;
    fn(...args);
  };
}

/**
 * The promise, or what `onLate` gives if it has not settled after `ms`. The timer is cleared when it has;
 * a rejection in time is passed on, and a late one is of no interest to anybody.
 */
export async function deadline<T>(promise: Promise<T>, ms: number, onLate: () => T): Promise<T> {
  const late = Promise.withResolvers<typeof isLate>();
  const timer = setTimeout(late.resolve, Math.min(ms, maxTimerMs), isLate);
  try {
    const first = await Promise.race([promise, late.promise]);
    return first === isLate ? onLate() : first;
  } finally {
    clearTimeout(timer);
  }
}

const isLate = Symbol('late');
