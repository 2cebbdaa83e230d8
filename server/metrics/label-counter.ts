/**
 * Counts by the value of one label. Cheap on the hot path: a value that was seen before costs one look-up and no memory.
 * A label whose values come from outside cannot grow without bound: values beyond the limit count as `other`.
 */
export class LabelCounter {
  readonly #maxValues: number;
  readonly #counts = new Map<string, { count: number }>();

  /** The values that are known beforehand are told as 0 from the beginning. */
  constructor(known: readonly string[] = [], maxValues = 50) {
    this.#maxValues = maxValues;
    for (const value of known) this.#counts.set(value, { count: 0 });
  }

  add(value: string, amount = 1): void {
    const cell = this.#counts.get(value) ?? this.#newCell(value);
    cell.count += amount;
  }

  *entries(): IterableIterator<[value: string, count: number]> {
    for (const [value, { count }] of this.#counts) yield [value, count];
  }

  #newCell(value: string): { count: number } {
    const kept = this.#counts.size < this.#maxValues ? value : 'other';
    const cell = this.#counts.get(kept) ?? { count: 0 };
    this.#counts.set(kept, cell);
    return cell;
  }
}
