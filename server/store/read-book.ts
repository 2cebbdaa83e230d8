import { BookTables } from '../targets/book-tables.ts';
import { fromGateRows } from './gate-row.ts';
import { fromProfileRow } from './profile-row.ts';
import { fromReachGrantRow } from './reach-grant-row.ts';
import { readRows } from './read-rows.ts';
import type { BookRows } from './target-queries.ts';
import { fromTargetRow } from './target-row.ts';

export interface ReadBook {
  readonly tables: BookTables;
  /** A sentence for each row that makes no sense. */
  readonly problems: readonly string[];
}

/** The book that rows of the database are, with turns for others in between. */
export async function readBookTables(rows: BookRows): Promise<ReadBook> {
  const tables = new BookTables();
  const targets = await readRows(rows.targets, fromTargetRow);
  const profiles = await readRows(rows.profiles, fromProfileRow);
  const gates = await readRows(rows.gates, fromGateRows);
  const grants = await readRows(rows.grants, fromReachGrantRow);
  for (const target of targets.records) tables.targets.put(target);
  for (const profile of profiles.records) tables.profiles.put(profile);
  for (const gate of gates.records) tables.gates.put(gate);
  for (const grant of grants.records) tables.grants.put(grant);
  return { tables, problems: [targets, profiles, gates, grants].flatMap(({ problems }) => problems) };
}
