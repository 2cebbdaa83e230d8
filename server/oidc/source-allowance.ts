import { sourceNetwork } from '../../core/source-network.ts';

export interface AllowanceLimits {
  /** At once, from one source. */
  readonly burst: number;
  /** For each of these, one more may follow. */
  readonly everyMs: number;
  /** At the same time, in all and from one source. */
  readonly maxInFlight: number;
  readonly maxInFlightPerSource: number;
  /** Sources that are remembered. */
  readonly maxSources: number;
}

interface Source {
  /** How many it may begin now, as of `at`. */
  left: number;
  at: number;
  inFlight: number;
}

/** How much each source (an IPv4 address, an IPv6 network) may ask for. Bounded: of too many sources the one that was quiet the longest is forgotten. */
export class SourceAllowance {
  readonly #limits: AllowanceLimits;
  readonly #now: () => number;
  readonly #sources = new Map<string, Source>();
  #inFlight = 0;

  constructor(limits: AllowanceLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** A function that ends it (once), or undefined where it is too much. */
  enter(address: string): (() => void) | undefined {
    const name = sourceNetwork(address);
    const source = this.#refilled(name);
    const { maxInFlight, maxInFlightPerSource } = this.#limits;
    if (source.left < 1 || source.inFlight >= maxInFlightPerSource || this.#inFlight >= maxInFlight)
      return undefined;
    source.left -= 1;
    source.inFlight += 1;
    this.#inFlight += 1;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      source.inFlight -= 1;
      this.#inFlight -= 1;
    };
  }

  #refilled(name: string): Source {
    const { burst, everyMs, maxSources } = this.#limits;
    const now = this.#now();
    const source = this.#sources.get(name) ?? { left: burst, at: now, inFlight: 0 };
    source.left = Math.min(burst, source.left + Math.max(0, now - source.at) / everyMs);
    source.at = now;
    // The one that was used last comes last.
    this.#sources.delete(name);
    this.#sources.set(name, source);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > maxSources && oldest !== undefined) this.#sources.delete(oldest);
    return source;
  }
}
