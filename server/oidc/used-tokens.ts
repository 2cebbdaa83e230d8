/** What became of a token that was shown: `again` is the same key, which may have lost its answer. */
export type Use = 'first' | 'again' | 'by-another-key' | 'no-room';

/**
 * The tokens that were taken, until they expire: each one is good for one key, so that whoever reads it in a log cannot use it. Bounded; when there is no
 * room left no further token is taken.
 */
export class UsedTokens {
  readonly #max: number;
  readonly #keys = new Map<string, { readonly fingerprint: string; readonly until: number }>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#keys.size;
  }

  take(token: string, use: { fingerprint: string; until: number; nowMs: number }): Use {
    const { fingerprint, until, nowMs } = use;
    const before = this.#keys.get(token);
    if (before !== undefined && before.until > nowMs)
      return before.fingerprint === fingerprint ? 'again' : 'by-another-key';
    if (this.#keys.size >= this.#max) this.#forget(nowMs);
    if (this.#keys.size >= this.#max) return 'no-room';
    this.#keys.set(token, { fingerprint, until });
    return 'first';
  }

  /** What it was taken for was not done. */
  giveBack(token: string): void {
    this.#keys.delete(token);
  }

  #forget(nowMs: number): void {
    for (const [token, { until }] of this.#keys) if (until <= nowMs) this.#keys.delete(token);
  }
}
