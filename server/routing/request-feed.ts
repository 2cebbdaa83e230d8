/** One answered request, as the live list of a session shows it. */
export interface RequestSummary {
  readonly env: string;
  readonly service: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
}

type Listener = (summary: RequestSummary) => void;

/** Tells whoever watches an environment of each request that was answered. Costs one map lookup when nobody watches. */
export class RequestFeed {
  readonly #listeners = new Map<string, Set<Listener>>();

  publish(summary: RequestSummary): void {
    const listeners = this.#listeners.get(summary.env);
    if (listeners === undefined) return;
    for (const listener of listeners) listener(summary);
  }

  /** The result ends the subscription. */
  subscribe(env: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(env) ?? new Set<Listener>();
    this.#listeners.set(env, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(env) === listeners) this.#listeners.delete(env);
    };
  }
}
