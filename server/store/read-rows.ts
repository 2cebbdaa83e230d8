import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadRow } from './record-fields.ts';

const rowsPerTurn = 500;

export interface ReadRows<T> {
  readonly records: readonly T[];
  /** A sentence for each row that makes no sense. */
  readonly problems: readonly string[];
}

/** Reads many rows, with turns for others in between. */
export async function readRows<T, R extends { readonly id: string }>(
  rows: readonly R[],
  read: (row: R) => ReadRow<T>,
): Promise<ReadRows<T>> {
  const records: T[] = [];
  const problems: string[] = [];
  for (const [place, row] of rows.entries()) {
    if (place % rowsPerTurn === rowsPerTurn - 1) await nextTurn();
    const result = read(row);
    if (result.ok) records.push(result.record);
    else problems.push(`${row.id.slice(0, 32)}: ${result.problem}`);
  }
  return { records, problems };
}
