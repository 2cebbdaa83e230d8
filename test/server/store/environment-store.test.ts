import fc from 'fast-check';
import { sql } from 'kysely';
import t, { type Test } from 'tap';
import type { RememberedEnvironment } from '../../../server/routing/memory.ts';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { EnvironmentStore, type EnvironmentStoreOptions } from '../../../server/store/environment-store.ts';
import { createLog, type LogLine } from '../../support/log-lines.ts';
import { anyRemembered, remembered } from '../../support/remembered.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

const day = 24 * 3_600_000;
const hour = 3_600_000;

interface Opened {
  readonly store: EnvironmentStore;
  readonly database: Database;
  readonly lines: LogLine[];
}

/** A store whose timers never fire unless a test makes them short. */
async function open(t: Test, dir: string, overrides: Partial<EnvironmentStoreOptions> = {}): Promise<Opened> {
  const { log, lines } = createLog();
  const database = await openDatabase(dir);
  const store = await EnvironmentStore.open({
    ...{ database, log, claimTtlMs: day, maxRemembered: 1000, now: () => 50_000 },
    ...{ writeIntervalMs: hour, heartbeatMs: hour, pruneMs: hour, ...overrides },
  });
  const opened = { store, database, lines };
  t.teardown(() => close(opened));
  return opened;
}

/** Ends like a killed process: nothing more is written. */
async function kill({ store, database }: Opened): Promise<void> {
  await database.close();
  await store.release();
}

async function close({ store, database }: Opened): Promise<void> {
  await store.release();
  await database.close();
}

const byName = (a: RememberedEnvironment, b: RememberedEnvironment): number => (a.name < b.name ? -1 : 1);
const namesOf = (list: readonly RememberedEnvironment[]): string[] => list.map(({ name }) => name);
const off = { state: 'offline', online: false } as const;

t.test('what is remembered is there for the next process, the longest gone first', async (t) => {
  const dir = scratchDir(t);
  const first = await open(t, dir);
  t.same(await first.store.recall(), []);
  const environments = [
    remembered('pr-2', { ...off, lastSeenAt: 20 }),
    remembered('pr-1', { ...off, lastSeenAt: 30, owner: 'another' }),
    remembered('pr-3', { ...off, lastSeenAt: 10 }),
  ];
  for (const environment of environments) first.store.remember(environment);
  first.store.remember(remembered('pr-4'));
  first.store.forget('pr-4');
  await first.store.flush();
  first.store.forget('pr-3');
  await close(first);
  const second = await open(t, dir);
  t.strictSame(await second.store.recall(), environments.slice(0, 2));
  t.same(second.lines, []);
});

t.test('any environment comes back as it was', async (t) => {
  const now = 1_000_000;
  const { store, database } = await open(t, scratchDir(t), { now: () => now });
  const many = fc.uniqueArray(anyRemembered(now), { selector: ({ name }) => name, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(many, async (environments) => {
      await database.db.deleteFrom('environments').execute();
      for (const environment of environments) store.remember(environment);
      await store.flush();
      const expected = environments.map((each) => (each.online ? { ...each, lastSeenAt: now } : each));
      t.strictSame((await store.recall()).toSorted(byName), expected.toSorted(byName));
    }),
    { numRuns: 50 },
  );
});

t.test('it is written a little later without being asked, many at once too', async (t) => {
  const { store, database } = await open(t, scratchDir(t), { writeIntervalMs: 1 });
  for (let i = 0; i < 1000; i += 1) store.remember(remembered(`env-${i}`));
  await until('all of them', async () => (await countOf(database)) === 1000);
  t.equal((await store.recall()).length, 1000);
});

t.test('what was online when the process was killed was last seen when it was last alive', async (t) => {
  const dir = scratchDir(t);
  const clock = { now: 1000 };
  const first = await open(t, dir, { now: () => clock.now, heartbeatMs: 1 });
  first.store.remember(remembered('pr-1', { lastSeenAt: 1000, sinceMs: 900 }));
  first.store.remember(remembered('pr-2', { ...off, lastSeenAt: 500 }));
  await first.store.flush();
  clock.now = 30_000;
  await until('a sign of life', async () => (await aliveAt(first.database)).includes(30_000));
  await kill(first);
  const seen = [
    { name: 'pr-2', lastSeenAt: 500, online: false },
    { name: 'pr-1', lastSeenAt: 30_000, sinceMs: 900, online: true },
  ];
  const second = await open(t, dir, { now: () => 90_000 });
  t.match(
    (await second.store.recall()).toSorted((a, b) => a.lastSeenAt - b.lastSeenAt),
    seen,
  );
  await kill(second);
  const third = await open(t, dir, { now: () => 200_000 });
  t.match(
    (await third.store.recall()).toSorted((a, b) => a.lastSeenAt - b.lastSeenAt),
    seen,
    'another start in which it did not come back changes nothing',
  );
  t.same((await aliveAt(third.database)).sort(), [200_000, 30_000], 'what nothing refers to is forgotten');
});

t.test('a process that was replaced undoes nothing of its successor', async (t) => {
  const dir = scratchDir(t);
  const old = await open(t, dir);
  old.store.remember(remembered('moves'));
  old.store.remember(remembered('goes', off));
  await old.store.flush();
  const next = await open(t, dir);
  next.store.remember(remembered('moves', { owner: 'new' }));
  await next.store.flush();
  old.store.remember(remembered('moves', { ...off, owner: 'old' }));
  old.store.remember(remembered('comes', { owner: 'old' }));
  await old.store.flush();
  old.store.forget('moves');
  old.store.forget('goes');
  await close(old);
  t.match((await next.store.recall()).toSorted(byName), [
    { name: 'comes', owner: 'old' },
    { name: 'moves', owner: 'new', online: true },
  ]);
  next.store.remember(remembered('comes', { owner: 'new' }));
  next.store.forget('moves');
  await next.store.flush();
  t.match(await next.store.recall(), [{ name: 'comes', owner: 'new' }]);
});

t.test('a release writes what was noted, with a last sign of life, and then nothing', async (t) => {
  const dir = scratchDir(t);
  const clock = { now: 1000 };
  const first = await open(t, dir, { now: () => clock.now });
  first.store.remember(remembered('pr-1', { lastSeenAt: 1000 }));
  clock.now = 7000;
  const released = first.store.release();
  first.store.remember(remembered('pr-1', { ...off, lastSeenAt: 7000 }));
  first.store.remember(remembered('pr-2'));
  await released;
  clock.now = 9000;
  first.store.forget('pr-1');
  await first.store.flush();
  await first.store.release();
  await close(first);
  const second = await open(t, dir);
  t.match(await second.store.recall(), [{ name: 'pr-1', online: true, lastSeenAt: 7000 }]);
  t.equal((await second.store.recall()).length, 1);
});

t.test('a full disk is told once, disturbs nobody, and is made up for', async (t) => {
  const { store, database, lines } = await open(t, scratchDir(t), { writeIntervalMs: 1, heartbeatMs: 1 });
  await sql`pragma max_page_count = 1`.execute(database.db);
  const long = 'x'.repeat(5000);
  for (let i = 0; i < 500; i += 1) store.remember(remembered(`env-${i}`, { owner: long }));
  await until('the failure', () => lines.some(({ level }) => level === 'error'));
  await store.flush();
  await store.flush();
  t.match(
    lines.filter(({ level }) => level === 'error'),
    [{ err: { message: /full/u } }],
  );
  t.equal(await countOf(database), 0);
  await sql`pragma max_page_count = 1000000`.execute(database.db);
  await until('the rest', async () => (await countOf(database)) === 500);
  t.ok(lines.some(({ msg }) => msg.includes('again')));
});

t.test('a database that went away is told once', async (t) => {
  const opened = await open(t, scratchDir(t), { writeIntervalMs: 1, heartbeatMs: 1 });
  const { store, database, lines } = opened;
  await database.close();
  store.remember(remembered('pr-1'));
  await until('both', () => lines.length === 2);
  await store.flush();
  await store.release();
  t.same(lines.map(({ level }) => level).sort(), ['error', 'warn']);
  await t.rejects(store.recall(), { code: 'ERR_STATE_DIR' });
  const { log } = createLog();
  const again = EnvironmentStore.open({ database, log, claimTtlMs: 1, maxRemembered: 1 });
  await t.rejects(again, { code: 'ERR_STATE_DIR' });
});

t.test('rows that make no sense are left out with a warning, and are left as they are', async (t) => {
  const dir = scratchDir(t);
  const first = await open(t, dir);
  for (let i = 0; i < 10; i += 1) first.store.remember(remembered(`env-${i}`, { ...off, lastSeenAt: i }));
  await close(first);
  const { store, database, lines } = await open(t, dir);
  const edit = (name: string, change: object) =>
    database.db.updateTable('environments').set(change).where('name', '=', name).execute();
  await edit('env-1', { name: 'Not a name' });
  await edit('env-2', { last_seen_at: 2n ** 62n });
  await edit('env-3', { last_seen_at: -5 });
  await edit('env-4', { services: '[{"access":"everybody"}]' });
  for (const name of ['env-5', 'env-6', 'env-7']) await edit(name, { state: 'sleeping' });
  const known = (await store.recall()).toSorted(byName);
  t.same(namesOf(known), ['env-0', 'env-4', 'env-8', 'env-9']);
  t.match(known[1], { owner: 'someone', services: [] }, 'whose it is is still known');
  t.equal(lines.length, 1);
  t.match(lines, [{ level: 'warn', count: 7 }]);
  t.equal((lines[0]?.['problems'] as string[]).length, 5);
  t.equal(await countOf(database), 10);
  store.remember(remembered('env-5', { ...off, owner: 'next' }));
  await store.flush();
  t.match(
    (await store.recall()).find(({ name }) => name === 'env-5'),
    { owner: 'next' },
  );
});

t.test('an owner whose name cannot be kept', async (t) => {
  const { store, lines } = await open(t, scratchDir(t));
  store.remember(remembered('pr-1', { owner: 'a' }));
  await store.flush();
  store.remember(remembered('pr-1', { owner: 'a\0b' }));
  store.remember(remembered('pr-2'));
  await store.flush();
  t.match(lines, [{ level: 'warn', env: 'pr-1' }]);
  t.same(namesOf(await store.recall()), ['pr-2']);
});

t.test('what is long gone is removed, but not at the start, when the clock may be wrong', async (t) => {
  const dir = scratchDir(t);
  const now = 100 * day;
  const first = await open(t, dir, { now: () => now });
  first.store.remember(remembered('long-gone', { ...off, lastSeenAt: now - 20 * day }));
  first.store.remember(remembered('gone', { ...off, lastSeenAt: now - 5 * day }));
  first.store.remember(remembered('long-online', { lastSeenAt: now - 50 * day }));
  await first.store.flush();
  await kill(first);
  const second = await open(t, dir, { now: () => now, pruneMs: 1, claimTtlMs: hour });
  t.equal((await second.store.recall()).length, 3);
  await until('the removal', async () => (await countOf(second.database)) === 2);
  t.same(
    namesOf(await second.store.recall()),
    ['long-online', 'gone'],
    'seven days, however short claims are',
  );
  await close(second);
  const third = await open(t, dir, { now: () => now, pruneMs: 1, claimTtlMs: 30 * day, maxRemembered: 1 });
  await until('what is too many', async () => (await countOf(third.database)) === 1);
  t.same(namesOf(await third.store.recall()), ['long-online']);
  await close(third);
  const fourth = await open(t, dir, { now: () => now + 40 * day, pruneMs: 1 });
  await until('the one that never came back', async () => (await countOf(fourth.database)) === 0);
});

t.test('the ones seen last are recalled when there are too many', async (t) => {
  const { store } = await open(t, scratchDir(t), { maxRemembered: 250 });
  for (let i = 0; i < 260; i += 1) store.remember(remembered(`env-${i}`, { ...off, lastSeenAt: 1000 + i }));
  await store.flush();
  const names = namesOf(await store.recall());
  t.equal(names.length, 250);
  t.equal(names[0], 'env-10');
  t.equal(names.at(-1), 'env-259');
});

async function countOf({ db }: Database): Promise<number> {
  return (await db.selectFrom('environments').select('name').execute()).length;
}

async function aliveAt({ db }: Database): Promise<number[]> {
  return (await db.selectFrom('gateways').select('alive_at').execute()).map((row) => row.alive_at);
}
