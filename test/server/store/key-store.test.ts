import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import t, { type Test } from 'tap';
import type { KeyChange, KeyRecord } from '../../../server/identity/key-record.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { KeyStore, type KeyStoreOptions } from '../../../server/store/key-store.ts';
import { openSqlite } from '../../../server/store/sqlite.ts';
import { freshKey, recordOf } from '../../support/key-records.ts';
import { createLog, type LogLine } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';

const hour = 3_600_000;
const now = 50_000;
const audit: AuditEntry = { at: now, principal: 'root', action: 'key.test', result: 'ok' };
const admin = freshKey(t, { role: 'admin', principal: 'root', name: 'desk' });
const laptop = freshKey(t);
const phone = freshKey(t, { name: 'phone' });

interface Opened {
  readonly store: KeyStore;
  readonly database: Database;
  readonly lines: LogLine[];
  readonly changes: { count: number };
}

/** A store that writes uses only when it is told, unless a test says otherwise. */
async function open(t: Test, dir: string, overrides: Partial<KeyStoreOptions> = {}): Promise<Opened> {
  const { log, lines } = createLog();
  const database = await openDatabase(dir, { busyTimeoutMs: 1000 });
  const store = await KeyStore.open({
    ...{ database, log, now: () => now, writeIntervalMs: hour, retryMs: 1 },
    ...overrides,
  });
  const changes = { count: 0 };
  store.onChange(() => (changes.count += 1));
  t.teardown(async () => {
    await store.release();
    await database.close();
  });
  return { store, database, lines, changes };
}

const add = (key: typeof laptop): KeyChange => ({ kind: 'add', key });
const revoke = ({ fingerprint }: { fingerprint: string }): KeyChange => ({
  kind: 'revoke',
  fingerprint,
  reason: 'lost',
  at: now,
});
const namesOf = (keys: Iterable<KeyRecord>): string[] => [...keys].map(({ name }) => name).sort();
const actionsOf = async ({ db }: Database): Promise<string[]> =>
  (await db.selectFrom('audit').select('action').execute()).map(({ action }) => action);

t.test('what is changed is there at once, and for the next process', async (t) => {
  const dir = scratchDir(t);
  const { store, database, changes } = await open(t, dir);
  t.same([...store.all()], []);
  await store.change([add(admin), add(laptop), { kind: 'principal', name: 'bob' }], audit);
  t.same(store.byFingerprint(laptop.fingerprint), recordOf(laptop));
  t.same(store.ofPrincipal('ana'), [recordOf(laptop)]);
  t.same(
    [store.hasPrincipal('ana'), store.hasPrincipal('bob'), store.hasPrincipal('eve')],
    [true, true, false],
  );
  t.equal(changes.count, 1);
  await store.change(
    [
      {
        kind: 'update',
        fingerprint: laptop.fingerprint,
        set: { name: 'old', expiresAt: 60_000, role: 'member' },
      },
      { kind: 'prefer', fingerprint: laptop.fingerprint },
      add(phone),
    ],
    audit,
  );
  await store.change([revoke(phone)], audit);
  t.same(await actionsOf(database), ['key.test', 'key.test', 'key.test']);
  const next = await open(t, dir);
  t.strictSame([...next.store.all()].sort(byName), [...store.all()].sort(byName));
  t.match(next.store.byFingerprint(laptop.fingerprint), { name: 'old', preferred: true, expiresAt: 60_000 });
  t.match(next.store.byFingerprint(phone.fingerprint), { revokedAt: now, revokedReason: 'lost' });
  t.same(next.lines, []);
});

function byName(a: KeyRecord, b: KeyRecord): number {
  return a.name < b.name ? -1 : 1;
}

t.test('names and preference may change places in one change', async (t) => {
  const { store } = await open(t, scratchDir(t));
  await store.change([add(laptop), add(phone), { kind: 'prefer', fingerprint: laptop.fingerprint }], audit);
  const rename = ({ fingerprint }: typeof laptop, name: string): KeyChange => ({
    ...{ kind: 'update', fingerprint },
    set: { name },
  });
  await store.change(
    [
      rename(laptop, 'x'),
      rename(phone, 'laptop'),
      rename(laptop, 'phone'),
      { kind: 'prefer', fingerprint: phone.fingerprint },
    ],
    audit,
  );
  t.match(store.byFingerprint(laptop.fingerprint), { name: 'phone', preferred: false });
  t.match(store.byFingerprint(phone.fingerprint), { name: 'laptop', preferred: true });
});

t.test('what follows from a change cannot undo it', async (t) => {
  const { store, lines, changes } = await open(t, scratchDir(t));
  store.onChange(() => {
    throw new Error('oops');
  });
  await store.change([add(laptop)], audit);
  t.same(namesOf(store.all()), ['laptop']);
  t.equal(changes.count, 1);
  t.match(lines, [{ level: 'error', err: { message: 'oops' } }]);
});

t.test('a change that cannot be leaves no trace, not even in the audit', async (t) => {
  const { store, database, changes, lines } = await open(t, scratchDir(t));
  await store.change([add(admin)], audit);
  const wrong: readonly (readonly KeyChange[])[] = [
    [add(laptop), add(laptop)],
    [add(laptop), add({ ...phone, name: 'laptop' })],
    [add(laptop), { kind: 'remove', fingerprint: 'SHA256:x' }],
    [add(laptop), revoke(admin)],
  ];
  for (const each of wrong) await t.rejects(store.change(each, audit), { code: 'ERR_CONFLICT' });
  t.same(namesOf(store.all()), ['desk']);
  t.equal(store.hasPrincipal('ana'), false);
  t.same(await actionsOf(database), ['key.test']);
  t.equal(changes.count, 1);
  t.same(lines, [], 'whoever asked is told, and nobody else');
});

t.test('of two who take the last two admins away at once, one is refused', async (t) => {
  const { store } = await open(t, scratchDir(t));
  const second = freshKey(t, { role: 'admin', principal: 'eve' });
  await store.change([add(admin), add(second)], audit);
  const results = await Promise.allSettled(
    [revoke(admin), revoke(second)].map((each) => store.change([each], audit)),
  );
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
});

t.test('the admins of the operator’s file count, as they are then', async (t) => {
  const others = ['SHA256:of-the-file'];
  const { store } = await open(t, scratchDir(t), { otherAdmins: () => others });
  await store.change([add(admin)], audit);
  await store.change([revoke(admin)], audit);
  await store.change([{ kind: 'reinstate', fingerprint: admin.fingerprint, at: now }], audit);
  others.pop();
  await t.rejects(store.change([revoke(admin)], audit), {
    code: 'ERR_CONFLICT',
    message: /last key of an admin/,
  });
});

t.test('another process: its changes are seen, and are not undone', async (t) => {
  const dir = scratchDir(t);
  const [here, there] = [await open(t, dir), await open(t, dir)];
  await here.store.change([add(admin), add(laptop)], audit);
  t.same(namesOf(there.store.all()), []);
  // It has not heard of them: the database has.
  await t.rejects(there.store.change([add({ ...phone, name: 'laptop' })], audit), { code: 'ERR_CONFLICT' });
  await there.store.change([add(phone)], audit);
  t.same(namesOf(there.store.all()), ['desk', 'laptop', 'phone']);
  await here.store.refresh();
  t.same(namesOf(here.store.all()), ['desk', 'laptop', 'phone']);
  t.equal(here.changes.count, 2);
  await here.store.refresh();
  t.equal(here.changes.count, 2, 'nothing new');
  await here.store.change([revoke(laptop)], audit);
  await there.store.refresh();
  t.match(there.store.byFingerprint(laptop.fingerprint), { revokedAt: now });
  await there.store.reload();
  t.equal(there.changes.count, 3);
});

t.test('the certificates that were issued for a key go with it', async (t) => {
  const { store, database } = await open(t, scratchDir(t));
  await store.change([add(admin), add(laptop), add(phone)], audit);
  const certificate = {
    certificate_id: 'ana',
    principal: 'ana',
    fingerprint: 'SHA256:x',
    issued_at: 1,
    expires_at: 9,
  };
  const issuedFor = [laptop, phone, admin].map(({ fingerprint }) => fingerprint);
  await database.db
    .insertInto('certificates')
    .values(
      issuedFor.map((issued_for, index) => ({
        ...certificate,
        issued_for,
        serial: `${index}`,
        revoked_at: null,
      })),
    )
    .execute();
  await store.change([revoke(laptop)], audit);
  await store.change([{ kind: 'remove', fingerprint: phone.fingerprint }], audit);
  const rows = await database.db.selectFrom('certificates').select(['serial', 'revoked_at']).execute();
  t.same(rows, [
    { serial: '0', revoked_at: now },
    { serial: '1', revoked_at: now },
    { serial: '2', revoked_at: null },
  ]);
  const counted = await database.db
    .selectFrom('revisions')
    .selectAll()
    .where('name', '=', 'certificates')
    .execute();
  t.match(counted, [{ value: 2 }]);
});

t.test('uses are noted in memory at once, and written together', async (t) => {
  const dir = scratchDir(t);
  const { store, changes } = await open(t, dir, { writeIntervalMs: 1 });
  await store.change([add(laptop), add(phone)], audit);
  for (let i = 1; i <= 500; i += 1)
    store.used(laptop.fingerprint, { at: i, address: `192.0.2.${i % 200}`, counter: i });
  store.used(laptop.fingerprint, { at: 400, address: '192.0.2.250', counter: 7 });
  store.used('SHA256:nobody', { at: 1, address: '192.0.2.1' });
  const used = { lastUsedAt: 500, lastUsedFrom: '192.0.2.100', counter: 500 };
  t.match(store.byFingerprint(laptop.fingerprint), used);
  await store.flush();
  t.equal(changes.count, 1, 'a use is no change');
  const next = await open(t, dir);
  t.match(next.store.byFingerprint(laptop.fingerprint), used);
  t.notOk(next.store.byFingerprint(phone.fingerprint)?.lastUsedAt);
});

t.test('a use is not lost to a change, and no counter goes back', async (t) => {
  const dir = scratchDir(t);
  const [here, there] = [await open(t, dir), await open(t, dir)];
  await here.store.change([add(laptop)], audit);
  await there.store.refresh();
  there.store.used(laptop.fingerprint, { at: 70, address: '192.0.2.70', counter: 70 });
  await there.store.flush();
  here.store.used(laptop.fingerprint, { at: 60, address: '192.0.2.60', counter: 60 });
  await here.store.change([add(phone)], audit);
  t.match(here.store.byFingerprint(laptop.fingerprint), { lastUsedAt: 60, counter: 60 });
  await here.store.flush();
  const next = await open(t, dir);
  t.match(next.store.byFingerprint(laptop.fingerprint), {
    lastUsedAt: 70,
    lastUsedFrom: '192.0.2.70',
    counter: 70,
  });
  await here.store.reload();
  t.match(here.store.byFingerprint(laptop.fingerprint), { lastUsedAt: 70, counter: 70 });
});

t.test('a database that cannot be written: everything stays as it is, in words', async (t) => {
  const { store, database, lines, changes } = await open(t, scratchDir(t), { writeIntervalMs: 1 });
  await store.change([add(admin)], audit);
  const failing: readonly (readonly [string, string, RegExp])[] = [
    ['pragma query_only = 1', 'pragma query_only = 0', /it is read-only/],
    ['pragma max_page_count = 1', 'pragma max_page_count = 1000000', /no space left/],
  ];
  for (const [breakIt, mend, words] of failing) {
    await sql.raw(breakIt).execute(database.db);
    const big = Array.from({ length: 200 }, (_, i) => ({
      ...{ kind: 'principal' as const, name: `${i}-${'x'.repeat(2000)}` },
    }));
    const failed = store.change([add(laptop), ...big], audit);
    await t.rejects(failed, { code: 'ERR_STORE_UNAVAILABLE', message: words });
    t.equal(store.byFingerprint(laptop.fingerprint), undefined);
    store.used(admin.fingerprint, { at: 5, address: '192.0.2.1' });
    await store.flush();
    t.match(store.byFingerprint(admin.fingerprint), { lastUsedFrom: '192.0.2.1' }, 'logins go on');
    await sql.raw(mend).execute(database.db);
  }
  t.equal(changes.count, 1);
  t.match(
    lines.filter(({ level }) => level === 'error').map(({ msg }) => msg),
    ['keys cannot be changed', 'when keys were last used', 'keys cannot be changed'].map(
      (msg) => new RegExp(msg),
    ),
  );
  await store.change([add(laptop)], audit);
  t.same(namesOf(store.all()), ['desk', 'laptop']);
});

t.test('another program’s lock is waited for, but not for ever', async (t) => {
  const dir = scratchDir(t);
  const { store, database } = await open(t, dir);
  const other = openSqlite(database.path);
  other.exec('begin immediate');
  const failed = store.change([add(laptop)], audit);
  await t.rejects(failed, { code: 'ERR_STORE_UNAVAILABLE', message: /another program keeps it locked/ });
  const waiting = store.change([add(laptop)], audit);
  await new Promise(setImmediate);
  other.exec('commit');
  other.close();
  await waiting;
  t.same(namesOf(store.all()), ['laptop']);
});

t.test('released, it changes nothing any more, and still sees what others change', async (t) => {
  const dir = scratchDir(t);
  const [old, successor] = [await open(t, dir), await open(t, dir)];
  await old.store.change([add(admin), add(laptop)], audit);
  old.store.used(laptop.fingerprint, { at: 70, address: '192.0.2.70' });
  await old.store.release();
  await old.store.release();
  const late = old.store.change([revoke(laptop)], audit);
  await t.rejects(late, { code: 'ERR_STORE_UNAVAILABLE', message: /being replaced or stopped/ });
  old.store.used(laptop.fingerprint, { at: 90, address: '192.0.2.90' });
  await old.store.flush();
  await successor.store.reload();
  t.match(successor.store.byFingerprint(laptop.fingerprint), { lastUsedAt: 70 });
  await successor.store.change([revoke(laptop)], audit);
  await old.store.refresh();
  t.match(old.store.byFingerprint(laptop.fingerprint), { revokedAt: now });
});

t.test('rows that make no sense: such keys are known to be refused, and can be put right', async (t) => {
  const dir = scratchDir(t);
  const first = await open(t, dir);
  const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => freshKey(t, { name }));
  await first.store.change([add(laptop), add(phone), ...others.map(add)], audit);
  await first.database.db
    .updateTable('keys')
    .set({ env_patterns: '[1]' })
    .where('name', '!=', 'phone')
    .execute();
  const { store, lines } = await open(t, dir);
  t.same(namesOf(store.all()), ['phone']);
  t.equal(store.byFingerprint(laptop.fingerprint), undefined);
  t.equal(store.isDamaged(laptop.fingerprint), true);
  t.equal(store.isDamaged(phone.fingerprint), false);
  t.match(lines, [{ level: 'warn', count: 7 }]);
  t.equal((lines[0]?.['problems'] as string[]).length, 5);
  await t.rejects(store.change([add(laptop)], audit), { code: 'ERR_CONFLICT' });
  const sameName = add(freshKey(t));
  await t.rejects(store.change([sameName], audit), {
    code: 'ERR_CONFLICT',
    message: /another key makes no sense/,
  });
  await store.change([{ kind: 'remove', fingerprint: laptop.fingerprint }, add(laptop)], audit);
  t.same(store.byFingerprint(laptop.fingerprint), recordOf(laptop));
  await store.reload();
  t.equal(store.isDamaged(laptop.fingerprint), false);
  t.equal(lines.length, 2, 'told again, since there are fewer');
  await store.reload();
  t.equal(lines.length, 2);
});

t.test('a database that went away', async (t) => {
  const { store, database, lines } = await open(t, scratchDir(t));
  await store.change([add(laptop)], audit);
  await database.close();
  await t.rejects(store.change([add(phone)], audit), { code: 'ERR_STORE_UNAVAILABLE' });
  await t.rejects(store.refresh());
  await store.reload();
  t.same(namesOf(store.all()), ['laptop'], 'what was known goes on counting');
  t.equal(lines.filter(({ level }) => level === 'error').length, 2);
  const { log } = createLog();
  await t.rejects(KeyStore.open({ database, log }), { code: 'ERR_STATE_DIR' });
});

t.test('killed between changes or in one, the next process finds all of a change or nothing', async (t) => {
  const dir = scratchDir(t);
  const script = fileURLToPath(new URL('key-store-writer.ts', import.meta.url));
  for (let round = 0; round < 3; round += 1) {
    const child = fork(script, [dir, String(round)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    let told = 0;
    child.on('message', (count) => (told = Number(count)));
    await until('some changes', () => told >= 5 + round);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { store, database, lines } = await open(t, dir);
    const pairs = [...store.all()].filter(({ principal }) => principal.startsWith(`round-${round}-`));
    const principals = new Set(pairs.map(({ principal }) => principal));
    t.equal(pairs.length, 2 * principals.size, 'two keys each');
    t.ok(principals.size >= told, 'what was told to be done is done');
    const { count } = await database.db
      .selectFrom('audit')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('principal', '=', `round-${round}`)
      .executeTakeFirstOrThrow();
    t.equal(count, principals.size);
    t.same(lines, []);
  }
});
