import { sql, type Kysely } from 'kysely';
import { PortholeError } from '../../core/errors.ts';
import type { BookWrites } from '../targets/book-tables.ts';
import { fromGateRows, toGateRows, type GateRows } from './gate-row.ts';
import { fromProfileRow, toProfileRow } from './profile-row.ts';
import { fromReachGrantRow, toReachGrantRow } from './reach-grant-row.ts';
import type { ReadRow } from './record-fields.ts';
import { resultCodes, sqliteCode } from './sqlite.ts';
import type { Tables } from './tables.ts';
import { fromTargetRow, toTargetRow } from './target-row.ts';

/** Rows of one statement: SQLite takes at most 32766 values. */
const rowsPerStatement = 500;

export interface BookRows {
  readonly targets: readonly Tables['targets'][];
  readonly profiles: readonly Tables['profiles'][];
  readonly gates: readonly GateRows[];
  readonly grants: readonly Tables['reach_grants'][];
}

/** All that is there, the oldest first. */
export async function readBook(db: Kysely<Tables>): Promise<BookRows> {
  const gates = await db.selectFrom('gates').selectAll().orderBy('created_at').execute();
  const keys = Map.groupBy(await db.selectFrom('gate_keys').selectAll().execute(), ({ gate }) => gate);
  const places = Map.groupBy(await db.selectFrom('gate_targets').selectAll().execute(), ({ gate }) => gate);
  return {
    targets: await db.selectFrom('targets').selectAll().orderBy('created_at').execute(),
    profiles: await db.selectFrom('profiles').selectAll().orderBy('created_at').execute(),
    gates: gates.map((gate) => ({
      ...{ id: gate.id, gate },
      keys: keys.get(gate.id) ?? [],
      targets: places.get(gate.id) ?? [],
    })),
    grants: await db.selectFrom('reach_grants').selectAll().orderBy('created_at').execute(),
  };
}

/**
 * Writes what was drafted, and gives it as it will be read again. Throws `ERR_CONFLICT` for what would make no sense then, and for what is in
 * the way of it. To be called in a transaction.
 */
export async function writeBook(db: Kysely<Tables>, writes: BookWrites): Promise<BookWrites> {
  const { targets, profiles, gates, grants } = writes;
  const rows = {
    targets: rowsOf(targets, toTargetRow, fromTargetRow),
    profiles: rowsOf(profiles, toProfileRow, fromProfileRow),
    gates: rowsOf(gates, toGateRows, fromGateRows),
    grants: rowsOf(grants, toReachGrantRow, fromReachGrantRow),
  };
  try {
    await remove(db, writes);
    await clearTheWay(db, writes);
    await putTargets(db, rows.targets.rows);
    await putProfiles(db, rows.profiles.rows);
    for (const gate of rows.gates.rows) await putGate(db, gate);
    if (rows.grants.rows.length > 0) await db.insertInto('reach_grants').values(rows.grants.rows).execute();
  } catch (cause) {
    throw sqliteCode(cause) === resultCodes.constraint ? inTheWay(cause) : cause;
  }
  return {
    targets: rows.targets.writes,
    profiles: rows.profiles.writes,
    gates: rows.gates.writes,
    grants: rows.grants.writes,
  };
}

/** Writes all of it or nothing. What another process has noted later stays. */
export async function writeSightings(
  db: Kysely<Tables>,
  sightings: readonly (readonly [id: string, at: number])[],
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (const [id, at] of sightings) {
      await transaction
        .updateTable('targets')
        .set({ last_seen_at: Math.trunc(at) })
        .where('id', '=', id)
        .where((eb) => eb.or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<=', Math.trunc(at))]))
        .execute();
    }
  });
}

/** Removes the grants that were over before that moment. */
export async function purgeReachGrants(db: Kysely<Tables>, before: number): Promise<void> {
  await db.deleteFrom('reach_grants').where('expires_at', '<', before).execute();
}

interface WrittenRows<T, R> {
  readonly rows: readonly R[];
  readonly writes: ReadonlyMap<string, T | undefined>;
}

/** Throws `ERR_CONFLICT` for a record that would make no sense when it is read again. */
function rowsOf<T, R extends object>(
  writes: ReadonlyMap<string, T | undefined>,
  toRow: (record: T) => R,
  fromRow: (row: R) => ReadRow<T>,
): WrittenRows<T, R> {
  const rows: R[] = [];
  const read = new Map<string, T | undefined>();
  for (const [id, record] of writes) {
    const row = record === undefined ? undefined : toRow(record);
    if (row !== undefined) rows.push(row);
    read.set(id, row === undefined ? undefined : kept(fromRow(row)));
  }
  return { rows, writes: read };
}

function kept<T>(read: ReadRow<T>): T {
  if (read.ok) return read.record;
  throw new PortholeError('ERR_CONFLICT', { message: `this cannot be kept: ${read.problem}` });
}

/** What hangs on a machine or a gate goes with it. */
async function remove(db: Kysely<Tables>, { targets, profiles, gates, grants }: BookWrites): Promise<void> {
  for (const id of removedOf(profiles)) await db.deleteFrom('profiles').where('id', '=', id).execute();
  for (const id of removedOf(grants)) await db.deleteFrom('reach_grants').where('id', '=', id).execute();
  for (const id of removedOf(gates)) await db.deleteFrom('gates').where('id', '=', id).execute();
  for (const id of removedOf(targets)) await db.deleteFrom('targets').where('id', '=', id).execute();
}

function removedOf(writes: ReadonlyMap<string, object | undefined>): readonly string[] {
  return [...writes].filter(([, record]) => record === undefined).map(([id]) => id);
}

/** Names may change places among the rows that are about to be written: what is unique is so only at the end. No name has a line break. */
async function clearTheWay(db: Kysely<Tables>, { targets, profiles, gates }: BookWrites): Promise<void> {
  const name = sql<string>`char(10) || id`;
  for (const id of targets.keys())
    await db.updateTable('targets').set({ name }).where('id', '=', id).execute();
  for (const id of profiles.keys())
    await db.updateTable('profiles').set({ name }).where('id', '=', id).execute();
  for (const id of gates.keys()) await db.updateTable('gates').set({ name }).where('id', '=', id).execute();
}

/** When it was last seen stays as it is: that is written on its own. */
async function putTargets(db: Kysely<Tables>, rows: readonly Tables['targets'][]): Promise<void> {
  for (const { id, ...row } of rows) {
    const { last_seen_at: _seen, owner: _owner, created_at: _at, created_by: _by, ...set } = row;
    await db
      .insertInto('targets')
      .values({ id, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(set))
      .execute();
  }
}

async function putProfiles(db: Kysely<Tables>, rows: readonly Tables['profiles'][]): Promise<void> {
  for (const { id, ...set } of rows) {
    await db
      .insertInto('profiles')
      .values({ id, ...set })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(set))
      .execute();
  }
}

async function putGate(db: Kysely<Tables>, { gate, keys, targets }: GateRows): Promise<void> {
  const { id, ...set } = gate;
  await db
    .insertInto('gates')
    .values(gate)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(set))
    .execute();
  await db.deleteFrom('gate_keys').where('gate', '=', id).execute();
  await db.deleteFrom('gate_targets').where('gate', '=', id).execute();
  for (const some of inParts(keys)) await db.insertInto('gate_keys').values(some).execute();
  for (const some of inParts(targets)) await db.insertInto('gate_targets').values(some).execute();
}

function inParts<T>(list: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < list.length; from += rowsPerStatement)
    parts.push(list.slice(from, from + rowsPerStatement));
  return parts;
}

function inTheWay(cause: unknown): PortholeError {
  const message =
    'what the gateway has stored of something else makes no sense and is in the way; see its log';
  return new PortholeError('ERR_CONFLICT', { cause, message });
}
