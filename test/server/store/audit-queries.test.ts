import { sql, type Kysely } from 'kysely';
import t, { type Test } from 'tap';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { insertAudit, pruneAudit, selectAudit } from '../../../server/store/audit-queries.ts';
import { openDatabase } from '../../../server/store/database.ts';
import type { Tables } from '../../../server/store/tables.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

async function open(t: Test): Promise<Kysely<Tables>> {
  const database = await openDatabase(scratchDir(t));
  t.teardown(() => database.close());
  return database.db;
}

function line(at: number, more: Partial<AuditEntry> = {}): AuditEntry {
  return { at, action: 'login', result: 'ok', principal: 'ana', ...more };
}

async function times(db: Kysely<Tables>): Promise<number[]> {
  return (await selectAudit(db, { limit: 10_000 })).map(({ at }) => at);
}

t.test('lines come back in their order, filtered', async (t) => {
  const db = await open(t);
  await insertAudit(db, []);
  await insertAudit(db, [
    line(1),
    line(2, { action: 'login.refused', result: 'refused', principal: 'ben' }),
    line(3, { action: 'loginx' }),
    line(4, { action: 'log%' }),
  ]);
  await insertAudit(db, [line(5, { principal: 'Ana' })]);
  const ask = async (query: Partial<Parameters<typeof selectAudit>[1]>): Promise<number[]> =>
    (await selectAudit(db, { limit: 100, ...query })).map(({ at }) => at);
  t.same(await ask({}), [1, 2, 3, 4, 5]);
  t.same(await ask({ limit: 2 }), [4, 5], 'the newest');
  t.same(await ask({ sinceMs: 3 }), [3, 4, 5]);
  t.same(await ask({ principal: 'ana' }), [1, 3, 4]);
  t.same(await ask({ action: 'login' }), [1, 2, 5], 'it and what belongs to it');
  t.same(await ask({ action: 'log%' }), [4]);
  t.same(await ask({ action: 'login.refused', principal: 'ben' }), [2]);
  t.same(await ask({ principal: 'nobody' }), []);
});

t.test('many lines at once', async (t) => {
  const db = await open(t);
  await insertAudit(
    db,
    Array.from({ length: 5000 }, (_, at) => line(at)),
  );
  t.equal((await times(db)).length, 5000);
});

t.test('what is searched among many is found, in the order of the times', async (t) => {
  const db = await open(t);
  const rare = { action: 'key.add', principal: 'ben' };
  await insertAudit(db, [line(7, rare)]);
  await insertAudit(
    db,
    Array.from({ length: 3000 }, (_, index) => line(index % 10)),
  );
  await insertAudit(db, [line(7, rare), line(3, rare)]);
  const find = async (query: object): Promise<(readonly [number, number])[]> =>
    (await selectAudit(db, { limit: 2, ...query })).map(({ at, id }) => [at, id]);
  t.same(await find({ action: 'key' }), [
    [7, 1],
    [7, 3002],
  ]);
  t.same(await find({ principal: 'ben', limit: 3 }), [
    [3, 3003],
    [7, 1],
    [7, 3002],
  ]);
  t.equal((await selectAudit(db, { limit: 2500 })).length, 2500);
  t.same(await find({ action: 'nothing' }), []);
});

t.test('how lines are found does not depend on how many there are', async (t) => {
  const db = await open(t);
  const plan = await sql<{ detail: string }>`explain query plan select * from audit
    where principal = 'ana' and at >= 5 and (at, id) < (9, 9) order by at desc, id desc limit 10`.execute(db);
  t.match(plan.rows, [{ detail: /^SEARCH audit USING INDEX audit_principal/ }]);
  t.equal(plan.rows.length, 1, 'and nothing is sorted');
});

t.test('an entry is written with what it belongs to, or not at all', async (t) => {
  const db = await open(t);
  const failing = db.transaction().execute(async (transaction) => {
    await insertAudit(transaction, [line(1)]);
    throw new Error('the change failed');
  });
  await t.rejects(failing);
  t.same(await times(db), []);
});

t.test('no line can be changed, and none of the last day removed', async (t) => {
  const db = await open(t);
  await insertAudit(db, [line(1), line(Date.now())]);
  await t.rejects(db.updateTable('audit').set({ principal: 'eve' }).execute(), /append-only/);
  await t.rejects(db.deleteFrom('audit').execute(), /for a day/);
  t.equal((await times(db)).length, 2, 'all or nothing');
  await db.deleteFrom('audit').where('at', '=', 1).execute();
  t.equal((await times(db)).length, 1);
});

t.test('what is old goes', async (t) => {
  const db = await open(t);
  const now = Date.now();
  await insertAudit(db, [line(1), line(2), line(3), line(10), line(now)]);
  const limits = { maxLines: 100, maxStrangerLines: 100, youngSince: now - 1000, limit: 2 };
  t.equal(await pruneAudit(db, { before: 10, ...limits }), 2);
  t.equal(await pruneAudit(db, { before: 10, ...limits }), 1);
  t.equal(await pruneAudit(db, { before: 10, ...limits }), 0);
  t.same(await times(db), [10, now]);
  t.equal(await pruneAudit(db, { before: now + 1, ...limits }), 1, 'what is young stays in any case');
  t.same(await times(db), [now]);
});

t.test('what is too much goes, and strangers cannot push out the others', async (t) => {
  const db = await open(t);
  const now = Date.now();
  const refused = { action: 'login.refused', result: 'refused' } as const;
  await insertAudit(db, [line(1), line(2), line(3)]);
  for (const at of [4, 5, 6, 7]) {
    const { principal, ...stranger } = line(at, refused);
    t.equal(principal, 'ana');
    await insertAudit(db, [stranger]);
  }
  await insertAudit(db, [line(8, refused), line(now)]);
  const limits = { before: 0, youngSince: now - 1000, limit: 100 };
  t.equal(await pruneAudit(db, { ...limits, maxLines: 100, maxStrangerLines: 1 }), 3);
  t.same(await times(db), [1, 2, 3, 7, 8, now]);
  t.equal(await pruneAudit(db, { ...limits, maxLines: 4, maxStrangerLines: 100 }), 2);
  t.same(await times(db), [3, 7, 8, now]);
  t.equal(await pruneAudit(db, { ...limits, maxLines: 1, maxStrangerLines: 100 }), 3);
  t.same(await times(db), [now]);
});

t.test('an id is never used twice', async (t) => {
  const db = await open(t);
  await insertAudit(db, [line(1), line(2)]);
  await sql`delete from audit where at = 2`.execute(db);
  await insertAudit(db, [line(3)]);
  t.same(
    (await selectAudit(db, { limit: 10 })).map(({ id }) => id),
    [1, 3],
  );
});
