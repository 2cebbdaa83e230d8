import type { KeyRecord } from './key-record.ts';

/** The keys and principals of one moment. Changed only while nobody else has it: a change makes a copy. */
export class KeyRing {
  readonly #keys: Map<string, KeyRecord>;
  /** The fingerprints of each principal's keys; a principal may have none. */
  readonly #principals: Map<string, Set<string>>;
  readonly #damaged: Set<string>;

  constructor({
    keys = [],
    principals = [],
    damaged = [],
  }: {
    readonly keys?: Iterable<KeyRecord>;
    readonly principals?: Iterable<string>;
    /** The fingerprints of keys of which what is stored makes no sense. */
    readonly damaged?: Iterable<string>;
  } = {}) {
    this.#keys = new Map();
    this.#principals = new Map();
    this.#damaged = new Set(damaged);
    for (const name of principals) this.addPrincipal(name);
    for (const key of keys) this.put(key);
  }

  get size(): number {
    return this.#keys.size;
  }

  all(): Iterable<KeyRecord> {
    return this.#keys.values();
  }

  byFingerprint(fingerprint: string): KeyRecord | undefined {
    return this.#keys.get(fingerprint);
  }

  /** By their names. */
  ofPrincipal(name: string): readonly KeyRecord[] {
    const keys: KeyRecord[] = [];
    for (const fingerprint of this.#principals.get(name) ?? []) {
      const key = this.#keys.get(fingerprint);
      if (key !== undefined) keys.push(key);
    }
    return keys.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  hasPrincipal(name: string): boolean {
    return this.#principals.has(name);
  }

  isDamaged(fingerprint: string): boolean {
    return this.#damaged.has(fingerprint);
  }

  copy(): KeyRing {
    return new KeyRing({
      keys: this.#keys.values(),
      principals: this.#principals.keys(),
      damaged: this.#damaged,
    });
  }

  /** In place of the one with the same fingerprint, whose principal is the same. */
  put(key: KeyRecord): void {
    this.#damaged.delete(key.fingerprint);
    this.#keys.set(key.fingerprint, key);
    this.addPrincipal(key.principal).add(key.fingerprint);
  }

  /** Whether there was something of that key. */
  remove(fingerprint: string): boolean {
    const key = this.#keys.get(fingerprint);
    if (key !== undefined) this.#principals.get(key.principal)?.delete(fingerprint);
    return [this.#keys.delete(fingerprint), this.#damaged.delete(fingerprint)].includes(true);
  }

  addPrincipal(name: string): Set<string> {
    const known = this.#principals.get(name) ?? new Set();
    this.#principals.set(name, known);
    return known;
  }
}
