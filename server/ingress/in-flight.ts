export interface InFlightLimits {
  readonly maxRequests: number;
  readonly maxRequestsTotal: number;
}

/** Counts the requests in flight, for each environment and in all, against their limits. Keeps nothing of an environment without one. */
export class InFlight {
  readonly #limits: InFlightLimits;
  readonly #byEnv = new Map<string, number>();
  #total = 0;

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  get environments(): number {
    return this.#byEnv.size;
  }

  /** False if there is no room; else `leave` must follow, once. */
  enter(env: string): boolean {
    const count = this.#byEnv.get(env) ?? 0;
    if (count >= this.#limits.maxRequests || this.#total >= this.#limits.maxRequestsTotal) return false;
    this.#byEnv.set(env, count + 1);
    this.#total += 1;
    return true;
  }

  leave(env: string): void {
    const count = this.#byEnv.get(env) ?? 0;
    if (count > 1) this.#byEnv.set(env, count - 1);
    else this.#byEnv.delete(env);
    this.#total -= 1;
  }
}
