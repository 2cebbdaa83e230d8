/** What was found about a secret that somebody showed, by a name that says nothing of it. */
export type Finding =
  | { readonly kind: 'proven'; readonly grantId: string | undefined; readonly untilMs: number }
  | { readonly kind: 'wrong'; readonly untilMs: number; told: boolean }
  /** There was no room to look. */
  | { readonly kind: 'busy'; readonly untilMs: number };

/** The findings of late: those that were right apart from the others, which anybody could fill it with. Bounded; the oldest are forgotten first. */
export class ProofMemory {
  readonly #max: number;
  readonly #proven = new Map<string, Finding>();
  readonly #others = new Map<string, Finding>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#proven.size + this.#others.size;
  }

  get(name: string, nowMs: number): Finding | undefined {
    for (const findings of [this.#proven, this.#others]) {
      const found = findings.get(name);
      if (found === undefined) continue;
      findings.delete(name);
      if (found.untilMs <= nowMs) return undefined;
      findings.set(name, found);
      return found;
    }
    return undefined;
  }

  set(name: string, finding: Finding): void {
    const findings = finding.kind === 'proven' ? this.#proven : this.#others;
    findings.delete(name);
    findings.set(name, finding);
    const [oldest] = findings.keys();
    if (findings.size > this.#max && oldest !== undefined) findings.delete(oldest);
  }
}
