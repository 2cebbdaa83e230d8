/** Work that is dear: a few pieces at once, some that wait for them in the order in which they came, and no more. */
export class WorkSlots {
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor({ atOnce, waiting }: { atOnce: number; waiting: number }) {
    this.#free = atOnce;
    this.#maxWaiting = waiting;
  }

  /** What the work gives; undefined, at once, when too many wait already. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#free > 0) {
      this.#free -= 1;
      return this.#do(work);
    }
    if (this.#waiting.length >= this.#maxWaiting) return undefined;
    const turn = Promise.withResolvers<undefined>();
    this.#waiting.push(() => {
      turn.resolve(undefined);
    });
    return turn.promise.then(() => this.#do(work));
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The next one takes the place that was free for a moment.
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
