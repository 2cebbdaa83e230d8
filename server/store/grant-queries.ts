import { sql, type Kysely } from 'kysely';
import { PortholeError } from '../../core/errors.ts';
import type { GrantRecord, GrantUse, NewGrant } from '../access/grant-record.ts';
import { fromGrantRow, toGrantRow } from './grant-row.ts';
import type { Tables } from './tables.ts';

/** The newest of them, if there are more than `max`. */
export async function readGrants(
  db: Kysely<Tables>,
  { max, endedAfter }: { readonly max: number; readonly endedAfter: number },
): Promise<readonly Tables['grants'][]> {
  return db
    .selectFrom('grants')
    .selectAll()
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>=', endedAfter)]))
    .where((eb) => eb.or([eb('revoked_at', 'is', null), eb('revoked_at', '>=', endedAfter)]))
    .orderBy('created_at', 'desc')
    .limit(max)
    .execute();
}

export interface GrantLimits {
  /** Milliseconds since the epoch: the present. */
  readonly at: number;
  /** How many there are. */
  readonly inAll: number;
  readonly maxGrants: number;
  /** Links and tokens of one environment that are good at once. */
  readonly maxPerEnv: number;
}

/** Adds it, and revokes the password whose place it takes. Throws `ERR_LIMIT` and `ERR_CONFLICT`. */
export async function addGrant(
  db: Kysely<Tables>,
  grant: NewGrant,
  limits: GrantLimits,
): Promise<readonly GrantRecord[]> {
  await refuseTooMany(db, grant, limits);
  const replaced = grant.kind === 'password' ? await revokePassword(db, grant, limits.at) : [];
  const row = toGrantRow(grant);
  const read = fromGrantRow(row);
  if (!read.ok) throw new PortholeError('ERR_CONFLICT', { message: `this cannot be kept: ${read.problem}` });
  const there = await rowOf(db, grant.id);
  if (there !== undefined)
    throw new PortholeError('ERR_CONFLICT', { message: `${grant.id} is there already` });
  await db.insertInto('grants').values(row).execute();
  return [...replaced, read.record];
}

/** Throws `ERR_CONFLICT` for one that is not there, or was revoked before. */
export async function revokeGrant(
  db: Kysely<Tables>,
  { id, at }: { readonly id: string; readonly at: number },
): Promise<GrantRecord> {
  const row = await db
    .updateTable('grants')
    .set({ revoked_at: Math.trunc(at) })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) {
    const there = await rowOf(db, id);
    const why = there === undefined ? 'there is nothing of this id' : 'it was revoked already';
    throw new PortholeError('ERR_CONFLICT', { message: `${id} cannot be revoked: ${why}` });
  }
  return recordOf(row);
}

export type Taken =
  { readonly kind: 'taken'; readonly grant: GrantRecord } | { readonly kind: 'spent' | 'gone' };

/** Counts one use of a link that is good, unless it had as many as it may. The database counts: no two processes take the last one. */
export async function takeGrant(
  db: Kysely<Tables>,
  { id, use, at }: { readonly id: string; readonly use: GrantUse; readonly at: number },
): Promise<Taken> {
  const row = await db
    .updateTable('grants')
    .set({ uses: sql`uses + 1`, last_used_at: Math.trunc(use.at), last_used_from: use.address })
    .where('id', '=', id)
    .where('kind', '=', 'link')
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', Math.trunc(at))
    .where((eb) => eb.or([eb('max_uses', 'is', null), eb('uses', '<', eb.ref('max_uses'))]))
    .returningAll()
    .executeTakeFirst();
  if (row !== undefined) return { kind: 'taken', grant: recordOf(row) };
  const there = await rowOf(db, id);
  const isGood =
    there?.kind === 'link' && there.revoked_at === null && (there.expires_at ?? 0) > Math.trunc(at);
  return { kind: isGood ? 'spent' : 'gone' };
}

/** Writes all of it or nothing. What another process has noted later stays. */
export async function writeGrantUses(
  db: Kysely<Tables>,
  uses: readonly (readonly [id: string, use: GrantUse])[],
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (const [id, { at, address }] of uses) {
      await transaction
        .updateTable('grants')
        .set({ last_used_at: Math.trunc(at), last_used_from: address })
        .where('id', '=', id)
        .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<=', Math.trunc(at))]))
        .execute();
    }
  });
}

/** Removes those that were over before that moment. */
export async function purgeGrants(db: Kysely<Tables>, before: number): Promise<void> {
  await db
    .deleteFrom('grants')
    .where((eb) => eb.or([eb('revoked_at', '<', before), eb('expires_at', '<', before)]))
    .execute();
}

async function refuseTooMany(
  db: Kysely<Tables>,
  { kind, env, owner }: NewGrant,
  { at, inAll, maxGrants, maxPerEnv }: GrantLimits,
): Promise<void> {
  if (inAll >= maxGrants)
    throw new PortholeError('ERR_LIMIT', {
      message: `the gateway keeps ${String(maxGrants)} links, tokens and passwords at most; revoke some`,
    });
  if (kind === 'password') return;
  const live = await db
    .selectFrom('grants')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('env', '=', env)
    // Those that a former owner gave out open nothing.
    .where('owner', '=', owner)
    .where('kind', '!=', 'password')
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirstOrThrow();
  if (live.count >= maxPerEnv)
    throw new PortholeError('ERR_LIMIT', {
      message: `${env} has ${String(maxPerEnv)} links and tokens, which is as many as it may; revoke some`,
    });
}

async function revokePassword(
  db: Kysely<Tables>,
  { env, service }: NewGrant,
  at: number,
): Promise<readonly GrantRecord[]> {
  const rows = await db
    .updateTable('grants')
    .set({ revoked_at: Math.trunc(at) })
    .where('kind', '=', 'password')
    .where('env', '=', env)
    .where('service', 'is', service ?? null)
    .where('revoked_at', 'is', null)
    .returningAll()
    .execute();
  return rows.map(fromGrantRow).flatMap((read) => (read.ok ? [read.record] : []));
}

function rowOf(db: Kysely<Tables>, id: string): Promise<Tables['grants'] | undefined> {
  return db.selectFrom('grants').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Throws `ERR_CONFLICT`: what somebody has written over is no link to be taken. */
function recordOf(row: Tables['grants']): GrantRecord {
  const read = fromGrantRow(row);
  if (read.ok) return read.record;
  throw new PortholeError('ERR_CONFLICT', { message: 'what the gateway has stored of it makes no sense' });
}
