import type { Kysely } from 'kysely';
import type { NewSession, SessionRecord } from '../access/session-record.ts';
import { fromSessionRow, toSessionRow } from './session-row.ts';
import type { Tables } from './tables.ts';
import { PortholeError } from '../../core/errors.ts';

export interface Seen {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly address: string;
}

/** Ids of one statement: SQLite takes at most 32766 values. */
const idsPerStatement = 500;

/** The newest of them, if there are more than `max`. */
export async function readSessions(
  db: Kysely<Tables>,
  { max, endedAfter }: { readonly max: number; readonly endedAfter: number },
): Promise<readonly Tables['sessions'][]> {
  return db
    .selectFrom('sessions')
    .selectAll()
    .where('expires_at', '>=', endedAfter)
    .where((eb) => eb.or([eb('ended_at', 'is', null), eb('ended_at', '>=', endedAfter)]))
    .orderBy('created_at', 'desc')
    .limit(max)
    .execute();
}

/** As it is read again. Throws `ERR_INTERNAL` for one that would make no sense then. */
export async function insertSession(db: Kysely<Tables>, session: NewSession): Promise<SessionRecord> {
  const row = toSessionRow(session);
  const read = fromSessionRow(row);
  if (!read.ok) throw new PortholeError('ERR_INTERNAL', { cause: new Error(`a login: ${read.problem}`) });
  await db.insertInto('sessions').values(row).execute();
  return read.record;
}

/** Those that have to end for one more: of the account the longest unseen, and of all. */
export async function surplusSessions(
  db: Kysely<Tables>,
  limits: { name: string; at: number; maxPerAccount: number; maxSessions: number },
): Promise<readonly string[]> {
  const live = db
    .selectFrom('sessions')
    .select('id')
    .where('ended_at', 'is', null)
    .where('expires_at', '>', limits.at)
    .orderBy('last_seen_at', 'desc')
    .orderBy('id')
    .limit(1000);
  const own = await live
    .where('account_name', '=', limits.name)
    .offset(limits.maxPerAccount - 1)
    .execute();
  const all = await live.offset(limits.maxSessions - 1).execute();
  return [...new Set([...own, ...all].map(({ id }) => id))];
}

/** Those of them that had not ended yet. */
export async function endSessions(
  db: Kysely<Tables>,
  { ids, reason, at }: { readonly ids: readonly string[]; readonly reason: string; readonly at: number },
): Promise<readonly string[]> {
  const ended: string[] = [];
  for (let from = 0; from < ids.length; from += idsPerStatement) {
    const rows = await db
      .updateTable('sessions')
      .set({ ended_at: Math.trunc(at), ended_reason: reason })
      .where('id', 'in', ids.slice(from, from + idsPerStatement))
      .where('ended_at', 'is', null)
      .returning('id')
      .execute();
    ended.push(...rows.map(({ id }) => id));
  }
  return ended;
}

/** Writes all of it or nothing. What another process has noted later stays. */
export async function writeSeen(
  db: Kysely<Tables>,
  uses: readonly (readonly [id: string, use: Seen])[],
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (const [id, { at, address }] of uses) {
      await transaction
        .updateTable('sessions')
        .set({ last_seen_at: Math.trunc(at), last_seen_from: address })
        .where('id', '=', id)
        .where('last_seen_at', '<=', Math.trunc(at))
        .execute();
    }
  });
}

/** Removes those that were over before that moment. */
export async function purgeSessions(db: Kysely<Tables>, before: number): Promise<void> {
  await db
    .deleteFrom('sessions')
    .where((eb) => eb.or([eb('ended_at', '<', before), eb('expires_at', '<', before)]))
    .execute();
}
