import t from 'tap';
import type { KeptImport } from '../../../server/identity/kept-import.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { ImportStore } from '../../../server/store/import-store.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { TestScope } from '../../support/scope.ts';

const kept: KeptImport = {
  source: 'github:ana',
  principal: 'ana',
  role: 'member',
  envPatterns: ['pr-*', 'staging'],
  expiresAt: 5000,
  createdAt: 1000,
  createdBy: 'root',
  check: { checkedAt: 1000, succeededAt: 1000 },
};
const other: KeptImport = {
  source: 'a.example.com:bo',
  principal: 'ana',
  role: 'machine',
  envPatterns: [],
  createdAt: 1,
  createdBy: 'root',
  check: {},
};

async function open(t: Pick<TestScope, 'teardown'>) {
  const database = await openDatabase(scratchDir(t));
  t.teardown(() => database.close());
  await database.db.insertInto('principals').values({ name: 'ana', created_at: 1 }).execute();
  return { database, store: new ImportStore(database) };
}

t.test('keeps imports as they are', async (t) => {
  const { store } = await open(t);
  await store.put(kept);
  await store.put(other);
  t.same(await store.all(), [other, kept]);
  t.same(await store.find('github:ana'), kept);
  t.equal(await store.find('github:bo'), undefined);
});

t.test('one for each source', async (t) => {
  const { store } = await open(t);
  await store.put(kept);
  await store.put({ ...kept, role: 'machine' });
  t.match(await store.all(), [{ role: 'machine' }]);
});

t.test('notes how a check ended, all of it', async (t) => {
  const { store } = await open(t);
  await store.put(kept);
  const check = { checkedAt: 3000, succeededAt: 1000, problem: 'no', problemSince: 2000, absentSince: 1500 };
  await store.checked('github:ana', check);
  t.same(await store.find('github:ana'), { ...kept, check });
  await store.checked('github:ana', { checkedAt: 4000, succeededAt: 4000 });
  t.same(await store.find('github:ana'), { ...kept, check: { checkedAt: 4000, succeededAt: 4000 } });
  await store.checked('github:bo', {});
  t.same((await store.all()).length, 1, 'a check of a source that is not kept any more makes none');
});

t.test('removes them', async (t) => {
  const { store } = await open(t);
  await store.put(kept);
  t.equal(await store.remove('github:ana'), true);
  t.equal(await store.remove('github:ana'), false);
  t.same(await store.all(), []);
});

t.test('a row that somebody has spoiled is left out', async (t) => {
  const { database, store } = await open(t);
  await store.put(kept);
  await store.put(other);
  for (const env_patterns of ['no JSON', '{}', '["A"]']) {
    await database.db
      .updateTable('key_imports')
      .set({ env_patterns })
      .where('name', '=', 'github:ana')
      .execute();
    t.match(await store.all(), [{ source: 'a.example.com:bo' }]);
    t.equal(await store.find('github:ana'), undefined);
  }
});

t.test('a database that cannot be used is told in words', async (t) => {
  const { database, store } = await open(t);
  await database.close();
  const uses = [store.all(), store.find('x'), store.put(kept), store.checked('x', {}), store.remove('x')];
  for (const outcome of await Promise.allSettled<unknown>(uses)) {
    t.match(outcome, { status: 'rejected', reason: { code: 'ERR_STORE_UNAVAILABLE' } });
  }
});
