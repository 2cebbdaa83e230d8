import { sourceNetwork } from '../../core/source-network.ts';

/** Counts connections that have not logged in yet, in all and for each source: an IPv4 address or an IPv6 network. */
export class Startups {
  readonly #max: number;
  readonly #maxPerSource: number;
  readonly #sources = new Map<string, number>();
  #count = 0;

  constructor(options: { max: number; maxPerSource: number }) {
    this.#max = options.max;
    this.#maxPerSource = options.maxPerSource;
  }

  get count(): number {
    return this.#count;
  }

  /** How many more could enter: in all, and of this source. */
  room(address: string): { inAll: number; ofSource: number } {
    const ofSource = this.#maxPerSource - (this.#sources.get(sourceNetwork(address)) ?? 0);
    return { inAll: this.#max - this.#count, ofSource };
  }

  /** A function that gives the place back (once), or undefined when there is none left. */
  enter(address: string): (() => void) | undefined {
    const source = sourceNetwork(address);
    const ofSource = this.#sources.get(source) ?? 0;
    if (this.#count >= this.#max || ofSource >= this.#maxPerSource) return undefined;
    this.#count += 1;
    this.#sources.set(source, ofSource + 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#leave(source);
    };
  }

  #leave(source: string): void {
    this.#count -= 1;
    const left = (this.#sources.get(source) ?? 1) - 1;
    if (left === 0) this.#sources.delete(source);
    else this.#sources.set(source, left);
  }
}
