import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import type { AppliedChanges } from '../identity/key-changes.ts';
import type { KeyUse } from '../identity/key-record.ts';
import { KeyRing } from '../identity/key-ring.ts';
import { fromKeyRow, toKeyRow, type ReadKeyRow } from './key-row.ts';
import type { KeysTable, Tables } from './tables.ts';

/** Rows of one statement: SQLite takes at most 32766 values. */
const rowsPerStatement = 500;

export interface ReadKeys {
  readonly ring: KeyRing;
  /** A sentence for each row that makes no sense. */
  readonly problems: readonly string[];
}

/** All keys and principals there are; `known` is what was read before. Others have their turn between pages of them. */
export async function readKeys(db: Kysely<Tables>, known: KeyRing): Promise<ReadKeys> {
  const principals = await db.selectFrom('principals').select('name').execute();
  const rows = await db.selectFrom('keys').selectAll().execute();
  const read: { row: KeysTable; result: ReadKeyRow }[] = [];
  for (const page of inParts(rows)) {
    for (const row of page) read.push({ row, result: fromKeyRow(row, known.byFingerprint(row.fingerprint)) });
    await nextTurn();
  }
  return {
    ring: new KeyRing({
      principals: principals.map(({ name }) => name),
      keys: read.flatMap(({ result }) => (result.ok ? [result.key] : [])),
      damaged: read.flatMap(({ result }) => (result.ok ? [] : result.fingerprints)),
    }),
    problems: read.flatMap(({ row, result }) => (result.ok ? [] : [`${row.fingerprint}: ${result.problem}`])),
  };
}

/** To be called in a transaction. */
export async function writeKeys(db: Kysely<Tables>, changes: AppliedChanges, now: number): Promise<void> {
  await addPrincipals(db, changes.principals, now);
  for (const some of inParts(changes.removed)) {
    await db.deleteFrom('keys').where('fingerprint', 'in', some).execute();
  }
  await clearTheWay(
    db,
    changes.put.map(({ fingerprint }) => fingerprint),
  );
  for (const some of inParts(changes.put)) await putRows(db, some.map(toKeyRow));
  for (const some of inParts(changes.withdrawn)) {
    await db
      .updateTable('certificates')
      .set({ revoked_at: now })
      .where('issued_for', 'in', some)
      .where('revoked_at', 'is', null)
      .execute();
  }
}

async function addPrincipals(db: Kysely<Tables>, names: readonly string[], now: number): Promise<void> {
  for (const some of inParts(names)) {
    await db
      .insertInto('principals')
      .values(some.map((name) => ({ name, created_at: now })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Names and preferences may change places among the rows that are about to be written: what is unique is so only at the end. */
async function clearTheWay(db: Kysely<Tables>, fingerprints: readonly string[]): Promise<void> {
  for (const some of inParts(fingerprints)) {
    await db
      .updateTable('keys')
      // No name has a line break.
      .set({ name: sql`char(10) || fingerprint`, preferred: 0 })
      .where('fingerprint', 'in', some)
      .execute();
  }
}

/** How a key was used stays as it is: that is written on its own. */
async function putRows(db: Kysely<Tables>, rows: readonly KeysTable[]): Promise<void> {
  await db
    .insertInto('keys')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('fingerprint').doUpdateSet((eb) => ({
        principal: eb.ref('excluded.principal'),
        name: eb.ref('excluded.name'),
        role: eb.ref('excluded.role'),
        env_patterns: eb.ref('excluded.env_patterns'),
        comment: eb.ref('excluded.comment'),
        options: eb.ref('excluded.options'),
        source: eb.ref('excluded.source'),
        created_at: eb.ref('excluded.created_at'),
        expires_at: eb.ref('excluded.expires_at'),
        preferred: eb.ref('excluded.preferred'),
        revoked_at: eb.ref('excluded.revoked_at'),
        revoked_reason: eb.ref('excluded.revoked_reason'),
        widest_access: eb.ref('excluded.widest_access'),
      })),
    )
    .execute();
}

/** Writes all of it or nothing. What another process has noted later stays, and no counter goes back. */
export async function writeUses(
  db: Kysely<Tables>,
  uses: readonly (readonly [fingerprint: string, use: KeyUse])[],
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (const [fingerprint, { at, address, counter }] of uses) {
      await transaction
        .updateTable('keys')
        .set({ last_used_at: Math.trunc(at), last_used_from: address })
        .where('fingerprint', '=', fingerprint)
        .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<=', at)]))
        .execute();
      if (counter === undefined) continue;
      await transaction
        .updateTable('keys')
        .set({ counter: sql`max(coalesce(counter, 0), ${counter})` })
        .where('fingerprint', '=', fingerprint)
        .execute();
    }
  });
}

function inParts<T>(list: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < list.length; from += rowsPerStatement)
    parts.push(list.slice(from, from + rowsPerStatement));
  return parts;
}
