import { sql, type Kysely } from 'kysely';
import t, { type Test } from 'tap';
import { openDatabase } from '../../../server/store/database.ts';
import {
  beginEpoch,
  environmentPages,
  pruneSome,
  signOfLife,
  signsOfLife,
  writeEnvironments,
} from '../../../server/store/environment-queries.ts';
import { sqliteCode } from '../../../server/store/sqlite.ts';
import type { EnvironmentsTable, Tables } from '../../../server/store/tables.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

async function open(t: Test): Promise<Kysely<Tables>> {
  const database = await openDatabase(scratchDir(t));
  t.teardown(() => database.close());
  return database.db;
}

function row(name: string, overrides: Partial<EnvironmentsTable> = {}): EnvironmentsTable {
  const common = {
    owner: 'o',
    state: 'offline',
    since: 1,
    last_seen_at: 1,
    given_at: null,
    changed_hands_at: null,
    online: 0,
    services: '[]',
    epoch: 1,
  };
  return { name, ...common, ...overrides };
}

async function pagesOf(db: Kysely<Tables>, max: number, pageSize: number): Promise<string[][]> {
  const pages: string[][] = [];
  for await (const page of environmentPages(db, { max, pageSize })) pages.push(page.map(({ name }) => name));
  return pages;
}

t.test('runs of the gateway are numbered, also after rows of a run that is forgotten', async (t) => {
  const db = await open(t);
  t.equal(await beginEpoch(db, 10), 1);
  t.equal(await beginEpoch(db, 20), 2);
  t.same(await signsOfLife(db), new Map([[2, 20]]));
  await writeEnvironments(db, { rows: [row('a', { epoch: 7 })], gone: [], epoch: 7 });
  t.equal(await beginEpoch(db, 30), 8);
  await writeEnvironments(db, { rows: [row('b', { epoch: 8, online: 1 })], gone: [], epoch: 8 });
  await signOfLife(db, 8, 35);
  t.equal(await beginEpoch(db, 40), 9);
  await signOfLife(db, 2, 45);
  t.same(
    await signsOfLife(db),
    new Map([
      [2, 45],
      [8, 35],
      [9, 40],
    ]),
    'one that still lives is there again',
  );
});

t.test('a batch is written whole or not at all', async (t) => {
  const db = await open(t);
  const bad = row('b', { online: 2 });
  const failed = writeEnvironments(db, { rows: [row('a'), bad], gone: [], epoch: 1 });
  t.equal(await failed.catch(sqliteCode), 19, 'the schema takes no nonsense');
  t.same(await pagesOf(db, 10, 10), []);
  await writeEnvironments(db, { rows: [row('a'), row('b')], gone: [], epoch: 1 });
  await writeEnvironments(db, { rows: [row('c')], gone: ['a', 'never'], epoch: 1 });
  await writeEnvironments(db, { rows: [], gone: [], epoch: 1 });
  t.same(await pagesOf(db, 10, 10), [['b', 'c']]);
});

t.test('pages: the longest gone first, no more than asked for, each row once', async (t) => {
  const db = await open(t);
  const rows = ['e', 'd', 'c', 'b', 'a'].map((name, i) => row(name, { last_seen_at: i < 3 ? 5 : i }));
  await writeEnvironments(db, { rows, gone: [], epoch: 1 });
  t.same(await pagesOf(db, 10, 2), [['b', 'a'], ['c', 'd'], ['e']]);
  t.same(await pagesOf(db, 3, 2), [['c', 'd'], ['e']]);
  t.same(await pagesOf(db, 10, 5), [['b', 'a', 'c', 'd', 'e']]);
  await sql`update environments set last_seen_at = -1 where name = 'a'`.execute(db);
  t.same(await pagesOf(db, 10, 5), [['a', 'b', 'c', 'd', 'e']], 'whatever somebody wrote there');
});

t.test('rows that are removed: too old, too many, in bounded numbers; never what is online', async (t) => {
  const db = await open(t);
  const epoch = await beginEpoch(db, 100);
  const rows = [
    ...[1, 2, 3, 4, 5].map((i) => row(`old-${i}`, { last_seen_at: i })),
    ...[1, 2, 3].map((i) => row(`new-${i}`, { last_seen_at: 50 + i })),
    row('online', { online: 1, epoch }),
  ];
  await writeEnvironments(db, { rows, gone: [], epoch });
  const prune = (maxRemembered: number): Promise<number> =>
    pruneSome(db, { before: 50, maxRemembered, limit: 3 });
  t.same([await prune(100), await prune(100), await prune(100)], [3, 2, 0]);
  t.same(await pagesOf(db, 10, 10), [['online', 'new-1', 'new-2', 'new-3']]);
  t.same([await prune(2), await prune(2)], [2, 0]);
  t.same(await pagesOf(db, 10, 10), [['online', 'new-3']]);
  t.same([await prune(0), await prune(0)], [1, 0]);
});
