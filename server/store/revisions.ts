import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** What is held in memory, and counts its changes, such that other processes see them. */
export type Revised = 'keys' | 'certificates' | 'imports' | 'sessions' | 'grants' | 'targets';

/** Counts a change up; to be called in its transaction. Gives the new revision. */
export async function countRevision(db: Kysely<Tables>, name: Revised): Promise<number> {
  const { value } = await db
    .insertInto('revisions')
    .values({ name, value: 1 })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: sql`value + 1` }))
    .returning('value')
    .executeTakeFirstOrThrow();
  return value;
}

/** 0 where nothing was ever changed. */
export async function readRevision(db: Kysely<Tables>, name: Revised): Promise<number> {
  const row = await db.selectFrom('revisions').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value ?? 0;
}
