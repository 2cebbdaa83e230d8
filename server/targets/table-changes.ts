import { PortholeError } from '../../core/errors.ts';
import type { TableDraft } from './record-table.ts';

interface Named {
  readonly id: string;
  readonly name?: string;
}

/** Throws `ERR_CONFLICT` for an id or a name that is taken. */
export function add<T extends Named>(table: TableDraft<T>, record: T, what: string): void {
  if (table.get(record.id) !== undefined) throw conflict(`there is a ${what} ${record.id} already`);
  put(table, record, what);
}

/** What it sets to `undefined` is taken away. */
export function update<T extends Named>(
  table: TableDraft<T>,
  { id, set }: { readonly id: string; readonly set: object },
  what: string,
): void {
  const merged = Object.entries({ ...known(table, id, what), ...set });
  put(table, Object.fromEntries(merged.filter(([, value]) => value !== undefined)) as unknown as T, what);
}

function put<T extends Named>(table: TableDraft<T>, record: T, what: string): void {
  const holder = table.named(table.nameOf(record));
  if (holder !== undefined && holder.id !== record.id)
    throw conflict(`there is a ${what} called ${record.name ?? record.id} already`);
  table.put(record);
}

export function remove<T extends Named>(table: TableDraft<T>, id: string, what: string): void {
  known(table, id, what);
  table.delete(id);
}

export function known<T extends Named>(table: TableDraft<T>, id: string, what: string): T {
  const record = table.get(id);
  if (record === undefined) throw conflict(`there is no ${what} ${id} any more`);
  return record;
}

export function conflict(message: string): PortholeError {
  return new PortholeError('ERR_CONFLICT', { message });
}

export function tooMany(message: string): PortholeError {
  return new PortholeError('ERR_LIMIT', { message });
}
