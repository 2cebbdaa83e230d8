import { sql } from 'kysely';
import t, { type Test } from 'tap';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { openSqlite } from '../../../server/store/sqlite.ts';
import { TargetStore, type TargetStoreOptions } from '../../../server/store/target-store.ts';
import { firstDefaultGate } from '../../../server/targets/book-tables.ts';
import type { BookChange } from '../../../server/targets/target-book.ts';
import type { TargetRecord } from '../../../server/targets/target-record.ts';
import { createLog, type LogLine } from '../../support/log-lines.ts';
import {
  someGate,
  someGrant,
  someHostKey,
  someProfile,
  someTarget,
  targetId,
} from '../../support/memory-book.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { someFingerprint } from '../../support/visit-records.ts';

const hour = 3_600_000;
const day = 24 * hour;
const audit: AuditEntry = { at: 1, principal: 'ana', action: 'target.test', result: 'ok' };

interface Opened {
  readonly store: TargetStore;
  readonly database: Database;
  readonly lines: LogLine[];
  readonly changes: { count: number };
  readonly clock: { now: number };
}

async function open(t: Test, dir: string, overrides: Partial<TargetStoreOptions> = {}): Promise<Opened> {
  const { log, lines } = createLog();
  const clock = { now: Date.UTC(2030, 0, 1) };
  const database = await openDatabase(dir, { busyTimeoutMs: 1000 });
  const store = await TargetStore.open({
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

const addTarget = (target: TargetRecord): BookChange => ({ kind: 'add-target', target });
const audited = async ({ db }: Database): Promise<number> =>
  (await db.selectFrom('audit').select('id').execute()).length;
const inOrder = <T extends { readonly id: string }>(records: Iterable<T>): T[] =>
  [...records].toSorted((a, b) => (a.id < b.id ? -1 : 1));
const contentsOf = (store: TargetStore): object => ({
  targets: inOrder(store.targets()),
  profiles: store.profilesOf('eve'),
  gates: inOrder(store.gates()),
  grants: inOrder(store.grants()),
});

const full = someTarget({
  ...{ osUser: 'deploy', osUsers: ['deploy', 'root'], longestCertificateMs: 60_000, takesCertificates: true },
  ...{ reach: 'grants', services: ['ssh', 'db'], lastSeenAt: 5 },
  unconfirmed: { hostKeys: [someHostKey], machineKey: someFingerprint, at: 7 },
});
const byHand: TargetRecord = {
  ...{ id: targetId(1), name: 'box', env: 'pr-1', owner: 'ana', hostKeys: [someHostKey], origin: 'added' },
  ...{
    takesCertificates: false,
    osUsers: [],
    reach: 'members',
    services: [],
    createdAt: 1,
    createdBy: 'eve',
  },
};
const key = { fingerprint: someFingerprint, addedAt: 3, addedBy: 'root' };
const all: readonly BookChange[] = [
  addTarget(full),
  addTarget(byHand),
  { kind: 'add-profile', profile: someProfile({ osUser: 'eve', identityFile: '~/.ssh/id "x"' }) },
  { kind: 'add-gate', gate: someGate({ host: 'gw.example.com', port: 2222 }) },
  {
    kind: 'add-gate',
    gate: someGate({ id: 'otherotherg2', name: 'own', keys: [key], targets: [full.id, byHand.id] }),
  },
  {
    kind: 'add-grant',
    grant: someGrant({ services: ['db'], osUsers: ['deploy'], expiresAt: Date.UTC(2030, 0, 2) }),
  },
];

t.test('what is changed is there at once, and the same for the next process', async (t) => {
  const dir = scratchDir(t);
  const { store, database, changes } = await open(t, dir);
  t.match(store.defaultGate, { ...firstDefaultGate, createdAt: Number }, 'made with the database');
  t.same([...store.gates()], [store.defaultGate]);
  await store.change(all, audit);
  t.same(store.target(full.id), full);
  t.same(store.targetNamed('box'), byHand);
  t.same(store.targetsOf('pr-42'), [full]);
  t.match(store.profilesOf('eve'), [{ identityFile: '~/.ssh/id "x"' }]);
  t.match(store.gateNamed('own'), { keys: [key], targets: [full.id, byHand.id] });
  t.match(store.grantsOf('eve'), [{ osUsers: ['deploy'] }]);
  t.equal(changes.count, 1);
  t.equal(await audited(database), 1);
  const { store: next } = await open(t, dir);
  t.same(contentsOf(next), contentsOf(store));

  await next.change(
    [
      { kind: 'update-target', id: full.id, set: { osUser: undefined, unconfirmed: undefined, env: 'pr-2' } },
      { kind: 'update-profile', id: someProfile().id, set: { identityFile: undefined, name: 'home' } },
      { kind: 'update-gate', id: next.defaultGate.id, set: { name: 'main', keys: 'listed' } },
      { kind: 'add-gate-key', gate: next.defaultGate.id, key },
      { kind: 'remove-gate-target', gate: 'otherotherg2', target: full.id },
      { kind: 'remove-grant', id: someGrant().id },
    ],
    audit,
  );
  await store.refresh();
  t.same(contentsOf(store), contentsOf(next));
  const { osUser, unconfirmed, ...rest } = full;
  t.ok(osUser !== undefined && unconfirmed !== undefined);
  t.same(store.target(full.id), { ...rest, env: 'pr-2' });
  t.same(store.targetsOf('pr-42'), []);
  t.match(store.defaultGate, { name: 'main', keys: [key], targets: 'any' });
  t.same(store.gate('otherotherg2')?.targets, [byHand.id]);
  t.same([...store.grants()], []);
  t.same((await open(t, dir)).store.target(full.id), { ...rest, env: 'pr-2' });
});

t.test('what goes with a machine, and with a gate', async (t) => {
  const dir = scratchDir(t);
  const { store, database } = await open(t, dir);
  await store.change(all, audit);
  await store.change([{ kind: 'remove-target', id: full.id }], audit);
  t.same(store.profilesOf('eve'), []);
  t.same(store.gateNamed('own')?.targets, [byHand.id]);
  await store.change([{ kind: 'remove-gate', id: 'otherotherg2' }], audit);
  for (const table of ['profiles', 'gate_keys', 'gate_targets'] as const)
    t.same(await database.db.selectFrom(table).selectAll().execute(), [], table);
  t.same(contentsOf((await open(t, dir)).store), contentsOf(store));
});

t.test('names change places in one change', async (t) => {
  const dir = scratchDir(t);
  const { store } = await open(t, dir);
  await store.change([addTarget(full), addTarget(byHand)], audit);
  await store.change(
    [
      { kind: 'update-target', id: byHand.id, set: { name: 'pr-42-old' } },
      { kind: 'update-target', id: full.id, set: { name: 'box' } },
      { kind: 'update-target', id: byHand.id, set: { name: 'pr-42' } },
    ],
    audit,
  );
  t.equal(store.targetNamed('box')?.id, full.id);
  t.equal(store.targetNamed('pr-42')?.id, byHand.id);
  t.equal(store.targetNamed('pr-42-old'), undefined);
  t.equal((await open(t, dir)).store.targetNamed('box')?.id, full.id);
});

t.test('what cannot be is refused in words, and nothing of it is done', async (t) => {
  const { store, database, changes } = await open(t, scratchDir(t));
  await store.change([addTarget(full)], audit);
  const refused = async (last: BookChange, message: RegExp) =>
    t.rejects(store.change([addTarget(byHand), last], audit), { code: 'ERR_CONFLICT', message });
  await refused(addTarget(full), /there is a machine 0000002a-.* already/);
  await refused(addTarget({ ...full, id: targetId(9) }), /a machine called pr-42 already/);
  await refused({ kind: 'remove-target', id: targetId(9) }, /no machine 00000009-.* any more/);
  await refused(addTarget({ ...full, id: 'pr-42', name: 'x' }), /cannot be kept: id/);
  await refused(
    { kind: 'update-target', id: full.id, set: { osUser: 'a\nb' } },
    /cannot be kept: os_user: is no user name/,
  );
  await refused({ kind: 'update-target', id: full.id, set: { hostKeys: ['ssh-dss AAAA'] } }, /unknown type/);
  await refused({ kind: 'remove-gate', id: store.defaultGate.id }, /the default gate stays/);
  await refused({ kind: 'add-grant', grant: someGrant({ envPatterns: [] }) }, /cannot be kept: env_patterns/);
  t.same([...store.targets()], [full]);
  t.equal(changes.count, 1);
  t.equal(await audited(database), 1);
});

t.test('two processes cannot give one name twice', async (t) => {
  const dir = scratchDir(t);
  const [one, two] = [await open(t, dir), await open(t, dir)];
  await one.store.change([addTarget(full)], audit);
  await t.rejects(two.store.change([addTarget({ ...full, id: targetId(2) })], audit), {
    code: 'ERR_CONFLICT',
    message: /called pr-42 already/,
  });
  t.equal(two.store.target(full.id), undefined, 'it had not seen it yet');
  await two.store.change([addTarget(byHand)], audit);
  t.ok(two.store.target(full.id), 'its own change does not hide the other');
  await one.store.refresh();
  t.ok(one.store.target(byHand.id));
  t.match(one.lines, [{ msg: 'targets read again: another process has changed them' }]);
});

t.test('rows that somebody has edited lead nowhere and let nobody in, and are told once', async (t) => {
  const dir = scratchDir(t);
  const { store, database } = await open(t, dir);
  await store.change(all, audit);
  const { db } = database;
  await sql`update targets set services = 'x' where id = ${full.id}`.execute(db);
  await sql`update profiles set os_user = ' '`.execute(db);
  await sql`update gates set port = 0 where is_default = 1`.execute(db);
  await sql`update gate_keys set fingerprint = 'x'`.execute(db);
  await sql`update reach_grants set env_patterns = '[]'`.execute(db);
  const { store: next, lines } = await open(t, dir);
  t.same(
    [...next.targets()].map(({ id }) => id),
    [byHand.id],
  );
  t.same(next.profilesOf('eve'), []);
  t.same([...next.grants()], []);
  t.same(next.gateNamed('own')?.keys, []);
  t.match(next.defaultGate, { keys: [], targets: [], isDefault: true }, 'closed, since it cannot be read');
  t.match(lines, [
    { level: 'warn', count: 4, msg: /these machines, profiles, gates and grants open nothing/ },
  ]);
  await next.reload();
  t.equal(lines.length, 1);
  await t.rejects(next.change([addTarget({ ...byHand, id: targetId(3), name: 'pr-42' })], audit), {
    code: 'ERR_CONFLICT',
    message: /in the way/,
  });
});

t.test('when a machine was seen is noted later, and without telling anybody', async (t) => {
  const dir = scratchDir(t);
  const { store, changes } = await open(t, dir);
  await store.change([addTarget(byHand), addTarget(full)], audit);
  store.seen(byHand.id, 9000);
  store.seen(byHand.id, 9999);
  store.seen(targetId(9), 9000);
  store.seen(full.id, 4);
  t.equal(store.target(byHand.id)?.lastSeenAt, 9000);
  t.equal(store.targetsOf('pr-1')[0]?.lastSeenAt, 9000);
  t.equal(store.target(full.id)?.lastSeenAt, 5);
  t.equal(changes.count, 1);
  const { store: next } = await open(t, dir);
  t.equal(next.target(byHand.id)?.lastSeenAt, undefined);
  await next.change([{ kind: 'update-target', id: byHand.id, set: { osUser: 'x' } }], audit);
  await store.refresh();
  t.match(store.target(byHand.id), { lastSeenAt: 9000, osUser: 'x' }, 'and stays');
  await store.flush();
  await next.change([{ kind: 'update-target', id: byHand.id, set: { osUser: 'y' } }], audit);
  await next.reload();
  t.match(next.target(byHand.id), { lastSeenAt: 9000, osUser: 'y' }, 'a change does not undo it');
  const progress = { done: false };
  next.onChange(() => (progress.done = true));
  const change = next.change([{ kind: 'update-target', id: byHand.id, set: { osUser: 'z' } }], audit);
  let at = 9000;
  while (!progress.done) {
    at += 1000;
    next.seen(byHand.id, at);
    await Promise.resolve();
  }
  await change;
  t.match(next.target(byHand.id), { lastSeenAt: at, osUser: 'z' }, 'nor one that is under way');
});

t.test('grants that are long over are forgotten', async (t) => {
  const dir = scratchDir(t);
  const { store, database, clock } = await open(t, dir);
  const lasting = someGrant({ id: 'lastinglast2' });
  const over = someGrant({ expiresAt: clock.now });
  await store.change(
    [over, lasting].map((grant) => ({ kind: 'add-grant', grant })),
    audit,
  );
  clock.now += 29 * day;
  await store.purge();
  t.equal([...store.grants()].length, 2, 'not at once: lists tell of them');
  clock.now += 2 * day;
  await store.purge();
  t.same([...store.grants()], [lasting]);
  t.equal((await database.db.selectFrom('reach_grants').select('id').execute()).length, 1);
});

t.test('who has handed over changes nothing, and says so', async (t) => {
  const dir = scratchDir(t);
  const { store, clock } = await open(t, dir);
  await store.change(all, audit);
  await store.release();
  await store.release();
  await t.rejects(store.change([{ kind: 'remove-target', id: full.id }], audit), {
    code: 'ERR_STORE_UNAVAILABLE',
    message: /replaced or stopped/,
  });
  store.seen(byHand.id, clock.now);
  const { store: next } = await open(t, dir);
  t.equal(next.target(byHand.id)?.lastSeenAt, undefined);
  await next.change([{ kind: 'remove-target', id: full.id }], audit);
  await store.refresh();
  t.equal(store.target(full.id), undefined, 'what others do is still seen');
  clock.now += 40 * day;
  await store.purge();
  t.same([...store.grants()], []);
  await next.reload();
  t.equal([...next.grants()].length, 1, 'on the disk it is a successor`s');
});

t.test('a database that cannot be written changes nothing', async (t) => {
  const { store, database, lines } = await open(t, scratchDir(t));
  await store.change([addTarget(byHand)], audit);
  const file = openSqlite(database.path);
  t.teardown(() => {
    file.close();
  });
  file.exec('begin immediate');
  await t.rejects(store.change([addTarget(full)], audit), { code: 'ERR_STORE_UNAVAILABLE' });
  t.equal(store.target(full.id), undefined);
  t.match(lines, [{ level: 'error', msg: 'targets cannot be changed in the database' }]);
  store.seen(byHand.id, 9000);
  await store.flush();
  t.match(lines.at(-1), { level: 'error', msg: /last seen cannot be written/ });
  await store.purge();
  t.match(lines.at(-1), { level: 'warn', msg: /cannot be removed/ });
  file.exec('rollback');
  await store.flush();
  t.match(lines.at(-1), { level: 'info', msg: /last seen is written/ });
});
