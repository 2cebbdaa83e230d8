import type { Kysely } from 'kysely';
import type { FormerOwner } from '../routing/former-owners.ts';
import type { FormerOwnersTable, Tables } from './tables.ts';

/**
 * Whose a name was when its row went, for whatever reason: released, gone for too long, one too many. By a trigger, so that none of them is
 * overlooked, nor those that a gateway of an older version removes.
 */
export const formerOwnersStatements: readonly string[] = [
  `create table former_owners (
    name text not null primary key,
    owner text not null,
    changed_hands_at integer,
    last_had_at integer not null
  ) strict, without rowid`,
  `create index former_owners_last_had on former_owners (last_had_at)`,
  `create trigger environments_leave_owners after delete on environments begin
    insert or replace into former_owners (name, owner, changed_hands_at, last_had_at)
    values (old.name, old.owner, old.changed_hands_at, max(old.last_seen_at, coalesce(old.given_at, 0)));
  end`,
];

/** Those who had their names last, at most `max`, the longest gone first. */
export async function formerOwners(db: Kysely<Tables>, max: number): Promise<readonly FormerOwner[]> {
  const rows = await db
    .selectFrom('former_owners')
    .selectAll()
    .orderBy('last_had_at', 'desc')
    .limit(max)
    .execute();
  return rows.reverse().map(toFormerOwner);
}

function toFormerOwner({ name, owner, changed_hands_at: at }: FormerOwnersTable): FormerOwner {
  return { name, owner, changedHandsAt: at ?? undefined };
}

/** Forgets those who had their names before the moment, and what is over the number, the longest gone first. */
export async function pruneFormerOwners(
  db: Kysely<Tables>,
  { before, max }: { before: number; max: number },
): Promise<void> {
  await db
    .deleteFrom('former_owners')
    .where((eb) =>
      eb.or([
        eb('last_had_at', '<', before),
        eb(
          'name',
          'in',
          eb.selectFrom('former_owners').select('name').orderBy('last_had_at', 'desc').limit(-1).offset(max),
        ),
      ]),
    )
    .execute();
}
