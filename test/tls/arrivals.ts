/** Things that arrive in some order, each of which can be waited for. */
export class Arrivals<T> {
  readonly all: T[] = [];
  readonly #taken = new Set<T>();
  #wakers: (() => void)[] = [];

  add(item: T): void {
    this.all.push(item);
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  /** The first that matches and was not given yet, as soon as it is there. */
  async next(matches: (item: T) => boolean = () => true): Promise<T> {
    for (;;) {
      const found = this.all.find((item) => !this.#taken.has(item) && matches(item));
      if (found !== undefined) {
        this.#taken.add(found);
        return found;
      }
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#wakers.push(() => {
        resolve(undefined);
      });
      await promise;
    }
  }
}
