import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Does the work such that what it commits is on the disk when it is done: a revocation must not come undone because the power fails. Everything
 * else that is written goes without, since the event loop would stand still for it.
 */
export async function durably<T>(db: Kysely<Tables>, work: () => Promise<T>): Promise<T> {
  await sql`pragma synchronous = full`.execute(db);
  try {
    return await work();
  } finally {
    // Where this fails, the database is closed.
    await sql`pragma synchronous = normal`.execute(db).catch(() => undefined);
  }
}
