/** Values by name, of which the least recently used is forgotten when there are too many. */
export class Lru<V> {
  readonly #max: number;
  /** Least recently used first. */
  readonly #values = new Map<string, V>();

  constructor(max: number) {
    this.#max = max;
  }

  get(name: string): V | undefined {
    const value = this.#values.get(name);
    if (value !== undefined) this.set(name, value);
    return value;
  }

  set(name: string, value: V): void {
    this.#values.delete(name);
    this.#values.set(name, value);
    if (this.#values.size <= this.#max) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }

  clear(): void {
    this.#values.clear();
  }
}
