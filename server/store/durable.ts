import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** How many are at it on each database: the first asks for it, and the last lets it go. */
const working = new WeakMap<Kysely<Tables>, number>();

/**
 * Does the work such that what it commits is on the disk when it is done: a revocation must not come undone because the power fails. Everything
 * else that is written goes without, since the event loop would stand still for it.
 */
export async function durably<T>(db: Kysely<Tables>, work: () => Promise<T>): Promise<T> {
  working.set(db, (working.get(db) ?? 0) + 1);
  try {
    await sql`pragma synchronous = full`.execute(db);
    return await work();
  } finally {
    const others = (working.get(db) ?? 1) - 1;
    working.set(db, others);
    // Where this fails, the database is closed.
    if (others === 0) await sql`pragma synchronous = normal`.execute(db).catch(() => undefined);
  }
}
