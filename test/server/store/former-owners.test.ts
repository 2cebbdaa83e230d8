import { sql } from 'kysely';
import t, { type Test } from 'tap';
import type { FormerOwner } from '../../../server/routing/former-owners.ts';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { EnvironmentStore } from '../../../server/store/environment-store.ts';
import { formerOwners, pruneFormerOwners } from '../../../server/store/former-owners.ts';
import { createLog } from '../../support/log-lines.ts';
import { remembered } from '../../support/remembered.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const hour = 3_600_000;
const now = 50_000;
const off = { state: 'offline', online: false } as const;

/** A store whose timers never fire. */
async function open(t: Test, dir = scratchDir(t)): Promise<{ store: EnvironmentStore; database: Database }> {
  const database = await openDatabase(dir);
  const store = await EnvironmentStore.open({
    ...{ database, log: createLog().log, claimTtlMs: hour, maxRemembered: 1000, now: () => now },
    ...{ writeIntervalMs: hour, heartbeatMs: hour, pruneMs: hour },
  });
  t.teardown(async () => {
    await store.release();
    await database.close();
  });
  return { store, database };
}

const audit = { at: now, principal: 'ana', action: 'env.release', target: 'pr-1', result: 'ok' } as const;

t.test('whose a name was is known after it was released, or forgotten, and a restart', async (t) => {
  const dir = scratchDir(t);
  const { store } = await open(t, dir);
  store.remember(remembered('pr-1', { owner: 'ana', changedHandsAt: 700, lastSeenAt: 2000 }));
  store.remember(remembered('pr-2', { owner: 'bob', lastSeenAt: 1000, givenAt: 3000, ...off }));
  await store.flush();
  t.same(await store.recallFormer(), []);
  await store.change({ kind: 'release', env: 'pr-1' }, audit);
  store.forget('pr-2');
  await store.flush();
  const { store: next } = await open(t, dir);
  t.same(await next.recallFormer(), [
    { name: 'pr-1', owner: 'ana', changedHandsAt: 700 },
    { name: 'pr-2', owner: 'bob', changedHandsAt: undefined },
  ]);
});

t.test('when a name changed hands is kept, also of one that is given away', async (t) => {
  const dir = scratchDir(t);
  const { store } = await open(t, dir);
  store.remember(remembered('pr-1', { owner: 'ana', changedHandsAt: 700, ...off }));
  store.remember(remembered('pr-2', { owner: 'ana', ...off }));
  await store.change({ kind: 'transfer', env: 'pr-2', to: 'bob', at: 900 }, audit);
  const { store: next } = await open(t, dir);
  const known = new Map((await next.recall()).map((each) => [each.name, each]));
  t.equal(known.get('pr-1')?.changedHandsAt, 700);
  t.equal(known.get('pr-2')?.changedHandsAt, 900);
});

t.test('not for ever, nor without end', async (t) => {
  const { store, database } = await open(t);
  const names = async (): Promise<string[]> =>
    (await formerOwners(database.db, 100)).map(({ name }: FormerOwner) => name);
  for (const index of [1, 2, 3, 4]) {
    store.remember(remembered(`pr-${index}`, { lastSeenAt: index * 1000, ...off }));
  }
  await store.flush();
  await sql`delete from environments`.execute(database.db);
  t.same(await names(), ['pr-1', 'pr-2', 'pr-3', 'pr-4']);
  t.equal((await formerOwners(database.db, 2)).length, 2);
  await pruneFormerOwners(database.db, { before: 1001, max: 100 });
  t.same(await names(), ['pr-2', 'pr-3', 'pr-4']);
  await pruneFormerOwners(database.db, { before: 0, max: 2 });
  t.same(await names(), ['pr-3', 'pr-4']);
});

t.test('a database that cannot be read forgets who they were, and no more', async (t) => {
  const { store, database } = await open(t);
  await sql`drop table former_owners`.execute(database.db);
  t.same(await store.recallFormer(), []);
});
