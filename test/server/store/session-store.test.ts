import { sql } from 'kysely';
import t, { type Test } from 'tap';
import { newSessionId } from '../../../server/access/record-ids.ts';
import type { NewSession, SessionRecord } from '../../../server/access/session-record.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { SessionStore, type SessionStoreOptions } from '../../../server/store/session-store.ts';
import { openSqlite } from '../../../server/store/sqlite.ts';
import { createLog, type LogLine } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { newSession } from '../../support/visit-records.ts';

const hour = 3_600_000;
const day = 24 * hour;
const audit: AuditEntry = { at: 1, principal: 'ana', action: 'session.test', result: 'ok' };

interface Opened {
  readonly store: SessionStore;
  readonly database: Database;
  readonly lines: LogLine[];
  readonly changes: { count: number };
  readonly clock: { now: number };
}

async function open(t: Test, dir: string, overrides: Partial<SessionStoreOptions> = {}): Promise<Opened> {
  const { log, lines } = createLog();
  const clock = { now: Date.UTC(2030, 0, 1) };
  const database = await openDatabase(dir, { busyTimeoutMs: 1000 });
  const store = await SessionStore.open({
    ...{ database, log, now: () => clock.now, writeIntervalMs: hour, retryMs: 1 },
    ...overrides,
  });
  const changes = { count: 0 };
  store.onChange(() => (changes.count += 1));
  t.teardown(async () => {
    await store.release();
    await database.close();
  });
  return { store, database, lines, changes, clock };
}

const startOf = (at: number, overrides: Partial<NewSession> = {}): NewSession =>
  newSession({ createdAt: at, expiresAt: at + 7 * day, ...overrides });
const actionsOf = async ({ db }: Database): Promise<string[]> =>
  (await db.selectFrom('audit').select('action').execute()).map(({ action }) => action);
const live = (store: SessionStore): SessionRecord[] =>
  [...store.all()].filter(({ endedAt }) => endedAt === undefined);

t.test('a login is there at once, and for the next process', async (t) => {
  const dir = scratchDir(t);
  const { store, database, changes, clock } = await open(t, dir);
  const session = startOf(clock.now);
  await store.start(session, audit);
  const record = {
    ...session,
    lastSeenAt: session.createdAt,
    lastSeenFrom: session.createdFrom,
    ...{ endedAt: undefined, endedReason: undefined },
  };
  t.same(store.byId(session.id), record);
  t.same([...store.all()], [record]);
  t.equal(changes.count, 1);
  const { store: next } = await open(t, dir);
  t.same(next.byId(session.id), record);

  clock.now += 1000;
  await store.end([session.id, newSessionId()], 'signed out', audit);
  t.match(store.byId(session.id), { endedAt: clock.now, endedReason: 'signed out' });
  t.equal(changes.count, 2);
  await store.end([session.id], 'again', audit);
  t.match(store.byId(session.id), { endedReason: 'signed out' });
  t.equal(changes.count, 2, 'nothing was changed');
  t.same(await actionsOf(database), ['session.test', 'session.test']);
  await next.refresh();
  t.match(next.byId(session.id), { endedReason: 'signed out' });
});

t.test('an account has so many at most: the longest unseen one ends', async (t) => {
  const { store, database, clock } = await open(t, scratchDir(t), { maxPerAccount: 3 });
  const sessions: NewSession[] = [];
  for (let count = 0; count < 3; count += 1) {
    sessions.push(startOf(clock.now));
    await store.start(sessions.at(-1) as NewSession, audit);
    clock.now += hour;
  }
  const other = startOf(clock.now, { account: { ...sessions[0]!.account, principal: 'bob' } as never });
  await store.start(other, audit);
  store.seen(sessions[0]!.id, { at: clock.now, address: '192.0.2.9' });
  await store.flush();
  await store.start(startOf(clock.now), audit);
  t.match(store.byId(sessions[1]!.id), { endedAt: clock.now, endedReason: /too often/ });
  t.equal(live(store).length, 4);
  t.ok(live(store).some(({ id }) => id === other.id));
  t.same((await actionsOf(database)).slice(-2), ['session.test', 'session.end']);
});

t.test('there are so many in all at most', async (t) => {
  const { store, clock } = await open(t, scratchDir(t), { maxSessions: 3 });
  for (let count = 0; count < 5; count += 1) {
    const account = { ...startOf(0).account, principal: `p${String(count)}` } as never;
    await store.start(startOf(clock.now, { account }), audit);
    clock.now += hour;
  }
  t.equal(live(store).length, 3);
});

t.test('when it was seen is noted once a minute, later, and without telling anybody', async (t) => {
  const dir = scratchDir(t);
  const { store, changes, clock } = await open(t, dir);
  const session = startOf(clock.now);
  await store.start(session, audit);
  store.seen(session.id, { at: clock.now + 59_999, address: '192.0.2.2' });
  t.equal(store.byId(session.id)?.lastSeenAt, session.createdAt);
  store.seen(session.id, { at: clock.now + 60_000, address: '192.0.2.3' });
  store.seen(newSessionId(), { at: clock.now, address: '192.0.2.3' });
  t.match(store.byId(session.id), { lastSeenAt: clock.now + 60_000, lastSeenFrom: '192.0.2.3' });
  t.equal(changes.count, 1);
  const { store: next } = await open(t, dir);
  t.equal(next.byId(session.id)?.lastSeenAt, session.createdAt);
  await next.end([session.id], 'x', audit);
  await store.refresh();
  t.match(store.byId(session.id), { lastSeenAt: clock.now + 60_000, endedReason: 'x' }, 'and stays');
  await store.release();
  await next.reload();
  t.match(next.byId(session.id), { lastSeenAt: clock.now + 60_000, lastSeenFrom: '192.0.2.3' });
});

t.test('two processes that change something at once both see both', async (t) => {
  const dir = scratchDir(t);
  const [one, two] = [await open(t, dir), await open(t, dir)];
  const first = startOf(one.clock.now);
  const second = startOf(one.clock.now);
  await one.store.start(first, audit);
  await two.store.start(second, audit);
  t.same(
    [...two.store.all()].map(({ id }) => id).toSorted(),
    [first.id, second.id].toSorted(),
    'its own change does not hide the other',
  );
  await one.store.refresh();
  t.ok(one.store.byId(second.id));
  t.match(one.lines, [{ msg: 'sessions read again: another process has changed them' }]);
});

t.test('rows that somebody has edited open nothing, and are told once', async (t) => {
  const dir = scratchDir(t);
  const { store, database, clock } = await open(t, dir);
  const [good, bad] = [startOf(clock.now), startOf(clock.now)];
  await store.start(good, audit);
  await store.start(bad, audit);
  await sql`update sessions set account = '{}' where id = ${bad.id}`.execute(database.db);
  const { store: next, lines } = await open(t, dir);
  t.ok(next.byId(good.id));
  t.equal(next.byId(bad.id), undefined);
  t.match(lines, [{ level: 'warn', problems: [`${bad.id}: account: not what is written there`] }]);
  await next.reload();
  t.equal(lines.length, 1);
});

t.test('those that are long over are forgotten', async (t) => {
  const dir = scratchDir(t);
  const { store, database, clock } = await open(t, dir);
  const [ended, expired, good] = [startOf(clock.now), startOf(clock.now), startOf(clock.now)];
  for (const session of [ended, { ...expired, expiresAt: clock.now + 1000 }, good])
    await store.start(session, audit);
  await store.end([ended.id], 'x', audit);
  await store.purge();
  t.equal([...store.all()].length, 3, 'not at once: lists tell of them');
  clock.now += day + 1001;
  await store.purge();
  t.same(
    [...store.all()].map(({ id }) => id),
    [good.id],
  );
  t.equal((await database.db.selectFrom('sessions').select('id').execute()).length, 1);
});

t.test('who has handed over changes nothing, and says so', async (t) => {
  const dir = scratchDir(t);
  const { store, clock } = await open(t, dir);
  const session = startOf(clock.now);
  await store.start(session, audit);
  await store.release();
  await store.release();
  const code = 'ERR_STORE_UNAVAILABLE';
  await t.rejects(store.start(startOf(clock.now), audit), { code, message: /replaced or stopped/ });
  await t.rejects(store.end([session.id], 'x', audit), { code });
  store.seen(session.id, { at: clock.now + hour, address: '192.0.2.2' });
  const { store: next } = await open(t, dir);
  await next.end([session.id], 'by the successor', audit);
  await store.refresh();
  t.match(store.byId(session.id), { endedReason: 'by the successor' }, 'what others do is still seen');
  clock.now += 8 * day;
  await store.purge();
  t.same([...store.all()], []);
});

t.test('a database that cannot be written changes nothing', async (t) => {
  const dir = scratchDir(t);
  const { store, database, clock, lines } = await open(t, dir);
  const file = openSqlite(database.path);
  t.teardown(() => {
    file.close();
  });
  file.exec('begin immediate');
  const session = startOf(clock.now);
  await t.rejects(store.start(session, audit), { code: 'ERR_STORE_UNAVAILABLE', message: /locked/ });
  t.equal(store.byId(session.id), undefined);
  t.match(lines, [{ level: 'error', msg: 'sessions cannot be changed in the database' }]);
  await store.purge();
  t.match(lines.at(-1), { level: 'warn', msg: /cannot be removed/ });
  file.exec('rollback');
  await store.start(session, audit);
  t.ok(store.byId(session.id));
});

t.test('whoever fails at the news does not undo the change', async (t) => {
  const { store, clock, lines } = await open(t, scratchDir(t));
  store.onChange(() => {
    throw new Error('not mine');
  });
  const session = startOf(clock.now);
  await store.start(session, audit);
  t.ok(store.byId(session.id));
  t.match(lines, [{ level: 'error', msg: 'a change of sessions could not be followed everywhere' }]);
});
