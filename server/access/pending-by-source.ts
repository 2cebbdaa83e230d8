import { sourceNetwork } from '../../core/source-network.ts';

/** Counts what goes on for each source, such that none takes all the room there is. */
export class PendingBySource {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Sources that have something going on. */
  get size(): number {
    return this.#counts.size;
  }

  isFull(address: string): boolean {
    return (this.#counts.get(sourceNetwork(address)) ?? 0) >= this.#max;
  }

  /** Counts one more, and gives the function that ends it. */
  begin(address: string): () => void {
    const source = sourceNetwork(address);
    this.#counts.set(source, (this.#counts.get(source) ?? 0) + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = (this.#counts.get(source) ?? 1) - 1;
      if (left === 0) this.#counts.delete(source);
      else this.#counts.set(source, left);
    };
  }
}
