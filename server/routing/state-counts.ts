import type { ServiceState } from './state.ts';

/** How many environments are in each state, kept as they change. */
export class StateCounts {
  readonly #counts: Record<ServiceState, number> = {
    ready: 0,
    degraded: 0,
    reconnecting: 0,
    offline: 0,
    expired: 0,
  };

  /** Undefined: it was not counted, or is no longer. */
  move(from: ServiceState | undefined, to: ServiceState | undefined): void {
    if (from !== undefined) this.#counts[from] -= 1;
    if (to !== undefined) this.#counts[to] += 1;
  }

  get all(): Record<ServiceState, number> {
    return { ...this.#counts };
  }
}
