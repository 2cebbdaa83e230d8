import { sql, type Kysely } from 'kysely';
import type { EnvironmentsTable, Tables } from './tables.ts';

/** Begins a run of the gateway, and gives its number. Runs that nothing refers to any more are forgotten. */
export function beginEpoch(db: Kysely<Tables>, now: number): Promise<number> {
  return db.transaction().execute(async (transaction) => {
    const noted = await transaction
      .selectFrom('environments')
      .select((eb) => eb.fn.max('epoch').as('epoch'))
      .executeTakeFirst();
    const begun = await transaction
      .selectFrom('gateways')
      .select((eb) => eb.fn.max('epoch').as('epoch'))
      .executeTakeFirst();
    await transaction
      .deleteFrom('gateways')
      .where('epoch', 'not in', (eb) => eb.selectFrom('environments').select('epoch').where('online', '=', 1))
      .execute();
    const epoch = Math.max(noted?.epoch ?? 0, begun?.epoch ?? 0) + 1;
    await transaction.insertInto('gateways').values({ epoch, started_at: now, alive_at: now }).execute();
    return epoch;
  });
}

/** Notes that the gateway of this run is alive. */
export async function signOfLife(db: Kysely<Tables>, epoch: number, now: number): Promise<void> {
  await db
    .insertInto('gateways')
    .values({ epoch, started_at: now, alive_at: now })
    .onConflict((conflict) => conflict.column('epoch').doUpdateSet({ alive_at: now }))
    .execute();
}

/** When each run of the gateway was last known to be alive. */
export async function signsOfLife(db: Kysely<Tables>): Promise<ReadonlyMap<number, number>> {
  const rows = await db.selectFrom('gateways').select(['epoch', 'alive_at']).execute();
  return new Map(rows.map((row) => [row.epoch, row.alive_at]));
}

export interface Changes {
  readonly rows: readonly EnvironmentsTable[];
  /** Names that are forgotten. */
  readonly gone: readonly string[];
  readonly epoch: number;
}

/** Writes all of it or nothing. What a later run of the gateway has noted stays: a gateway that was replaced knows less. */
export async function writeEnvironments(db: Kysely<Tables>, { rows, gone, epoch }: Changes): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    if (rows.length > 0) {
      await transaction
        .insertInto('environments')
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet((eb) => ({
              owner: eb.ref('excluded.owner'),
              state: eb.ref('excluded.state'),
              since: eb.ref('excluded.since'),
              last_seen_at: eb.ref('excluded.last_seen_at'),
              given_at: eb.ref('excluded.given_at'),
              changed_hands_at: eb.ref('excluded.changed_hands_at'),
              online: eb.ref('excluded.online'),
              services: eb.ref('excluded.services'),
              epoch: eb.ref('excluded.epoch'),
            }))
            .where('environments.epoch', '<=', epoch),
        )
        .execute();
    }
    if (gone.length > 0) {
      await transaction
        .deleteFrom('environments')
        .where('name', 'in', gone)
        .where('epoch', '<=', epoch)
        .execute();
    }
  });
}

/** What is decided about whose a name is, apart from who dials it. */
export type ClaimChange =
  | { readonly kind: 'release'; readonly env: string }
  | { readonly kind: 'transfer'; readonly env: string; readonly to: string; readonly at: number };

/** Within the caller's transaction. What a later run of the gateway has noted stays. */
export async function changeClaim(db: Kysely<Tables>, change: ClaimChange, epoch: number): Promise<void> {
  if (change.kind === 'release') {
    await db.deleteFrom('environments').where('name', '=', change.env).where('epoch', '<=', epoch).execute();
    return;
  }
  await db
    .updateTable('environments')
    .set({
      owner: change.to,
      given_at: change.at,
      changed_hands_at: change.at,
      state: 'offline',
      online: 0,
      services: '[]',
      epoch,
    })
    .where('name', '=', change.env)
    .where('epoch', '<=', epoch)
    .execute();
}

/** The rows of the `max` environments that were seen last, the longest gone first. */
export async function* environmentPages(
  db: Kysely<Tables>,
  { max, pageSize }: { max: number; pageSize: number },
): AsyncGenerator<readonly EnvironmentsTable[]> {
  let offset = Math.max(0, (await countOf(db)) - max);
  let last: EnvironmentsTable | undefined;
  for (;;) {
    const page = await pageAfter(db, last).limit(pageSize).offset(offset).execute();
    last = page.at(-1);
    if (last === undefined) return;
    offset = 0;
    yield page;
  }
}

function pageAfter(db: Kysely<Tables>, last: EnvironmentsTable | undefined) {
  const all = db.selectFrom('environments').selectAll().orderBy('last_seen_at').orderBy('name');
  if (last === undefined) return all;
  const { last_seen_at: seen, name } = last;
  return all.where((eb) => eb(eb.refTuple('last_seen_at', 'name'), '>', eb.tuple(seen, name)));
}

export interface PruneOptions {
  /** What was last seen before this moment goes. */
  readonly before: number;
  /** What is over this number goes, the longest gone first. */
  readonly maxRemembered: number;
  /** Rows that go in one turn. */
  readonly limit: number;
}

/** Removes some of the environments that were gone for too long; gives how many. */
export async function pruneSome(
  db: Kysely<Tables>,
  { before, maxRemembered, limit }: PruneOptions,
): Promise<number> {
  const surplus = Math.min(limit, Math.max(0, (await countOf(db)) - maxRemembered));
  const longGone = db
    .selectFrom('environments')
    .select('name')
    .where('last_seen_at', '<', before)
    .where((eb) => eb(eb.fn.coalesce('given_at', eb.val(0)), '<', before))
    .where((eb) =>
      eb.or([
        eb('online', '=', 0),
        eb('epoch', 'in', eb.selectFrom('gateways').select('epoch').where('alive_at', '<', before)),
      ]),
    )
    .limit(limit);
  const tooMany = db
    .selectFrom('environments')
    .select('name')
    .where('online', '=', 0)
    .orderBy('last_seen_at')
    .limit(surplus);
  const [result] = await db
    .deleteFrom('environments')
    .where((eb) => eb.or([eb('name', 'in', longGone), eb('name', 'in', tooMany)]))
    .execute();
  return Number(result?.numDeletedRows ?? 0);
}

async function countOf(db: Kysely<Tables>): Promise<number> {
  const counted = await db
    .selectFrom('environments')
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirst();
  return counted?.count ?? 0;
}
