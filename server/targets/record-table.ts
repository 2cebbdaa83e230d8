export interface RecordKeys<T> {
  /** What only one record of the table may have. */
  readonly unique: (record: T) => string;
  /** What records are asked for by. */
  readonly group: (record: T) => string;
}

/** Reading a table of records. */
export interface Records<T> {
  readonly size: number;
  values(): Iterable<T>;
  get(id: string): T | undefined;
  /** The one with this unique key. */
  named(unique: string): T | undefined;
}

/** Records of one kind in memory, found by their id, by what is unique of them, and by what they belong to. */
export class RecordTable<T extends { readonly id: string }> implements Records<T> {
  readonly keys: RecordKeys<T>;
  readonly #byId = new Map<string, T>();
  readonly #byUnique = new Map<string, T>();
  readonly #groups = new Map<string, Map<string, T>>();

  constructor(keys: RecordKeys<T>) {
    this.keys = keys;
  }

  get size(): number {
    return this.#byId.size;
  }

  values(): Iterable<T> {
    return this.#byId.values();
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  named(unique: string): T | undefined {
    return this.#byUnique.get(unique);
  }

  of(group: string): readonly T[] {
    return [...(this.#groups.get(group)?.values() ?? [])];
  }

  put(record: T): void {
    const { unique, group } = this.keys;
    const before = this.#byId.get(record.id);
    if (before !== undefined && group(before) !== group(record)) this.#leaveGroup(before);
    if (before !== undefined) this.#leaveName(before);
    this.#byId.set(record.id, record);
    this.#byUnique.set(unique(record), record);
    const others = this.#groups.get(group(record)) ?? new Map<string, T>();
    this.#groups.set(group(record), others.set(record.id, record));
  }

  delete(id: string): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    this.#byId.delete(id);
    this.#leaveName(record);
    this.#leaveGroup(record);
  }

  /** Two may have changed their names with each other: it may be the other's by now. */
  #leaveName(record: T): void {
    const name = this.keys.unique(record);
    if (this.#byUnique.get(name)?.id === record.id) this.#byUnique.delete(name);
  }

  #leaveGroup(record: T): void {
    const name = this.keys.group(record);
    const group = this.#groups.get(name);
    group?.delete(record.id);
    if (group?.size === 0) this.#groups.delete(name);
  }
}

/** Changes of a table that are not made yet, and the table as it would be with them. */
export class TableDraft<T extends { readonly id: string }> implements Records<T> {
  /** What the records of these ids become; undefined: they are removed. */
  readonly changes = new Map<string, T | undefined>();
  readonly #table: RecordTable<T>;
  #size: number;

  constructor(table: RecordTable<T>) {
    this.#table = table;
    this.#size = table.size;
  }

  get size(): number {
    return this.#size;
  }

  *values(): Iterable<T> {
    for (const record of this.#table.values()) if (!this.changes.has(record.id)) yield record;
    for (const record of this.changes.values()) if (record !== undefined) yield record;
  }

  get(id: string): T | undefined {
    return this.changes.has(id) ? this.changes.get(id) : this.#table.get(id);
  }

  named(unique: string): T | undefined {
    for (const record of this.changes.values())
      if (record !== undefined && this.#table.keys.unique(record) === unique) return record;
    const record = this.#table.named(unique);
    return record === undefined || this.changes.has(record.id) ? undefined : record;
  }

  put(record: T): void {
    if (this.get(record.id) === undefined) this.#size += 1;
    this.changes.set(record.id, record);
  }

  delete(id: string): void {
    if (this.get(id) !== undefined) this.#size -= 1;
    this.changes.set(id, undefined);
  }

  nameOf(record: T): string {
    return this.#table.keys.unique(record);
  }
}

/** Makes drafted changes. Those that are removed go first. */
export function install<T extends { readonly id: string }>(
  table: RecordTable<T>,
  changes: ReadonlyMap<string, T | undefined>,
): void {
  for (const [id, record] of changes) if (record === undefined) table.delete(id);
  for (const record of changes.values()) if (record !== undefined) table.put(record);
}
