/** The logins that came back from a provider lately: none of them comes back twice, whatever the browser still holds. */
export class SpentStates {
  readonly #ttlMs: number;
  readonly #max: number;
  /** When each may be forgotten, the first to go first. */
  readonly #until = new Map<string, number>();

  constructor({ ttlMs, max }: { readonly ttlMs: number; readonly max: number }) {
    this.#ttlMs = ttlMs;
    this.#max = max;
  }

  /** Whether it is the first time. Of too many the oldest is forgotten: what the provider gave for it was good once as well. */
  spend(state: string, nowMs: number): boolean {
    for (const [old, until] of this.#until) {
      if (until > nowMs && this.#until.size < this.#max) break;
      this.#until.delete(old);
    }
    if (this.#until.has(state)) return false;
    this.#until.set(state, nowMs + this.#ttlMs);
    return true;
  }
}
