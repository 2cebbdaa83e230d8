import { sql } from 'kysely';
import t, { type Test } from 'tap';
import type { GrantChange, NewGrant } from '../../../server/access/grant-record.ts';
import { newGrantId } from '../../../server/access/record-ids.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { openDatabase, type Database } from '../../../server/store/database.ts';
import { GrantStore, type GrantStoreOptions } from '../../../server/store/grant-store.ts';
import { createLog, type LogLine } from '../../support/log-lines.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { newGrant } from '../../support/visit-records.ts';

const hour = 3_600_000;
const day = 24 * hour;
const audit: AuditEntry = { at: 1, principal: 'ana', action: 'grant.test', result: 'ok' };
const address = '192.0.2.7';

interface Opened {
  readonly store: GrantStore;
  readonly database: Database;
  readonly lines: LogLine[];
  readonly changes: { count: number };
  readonly clock: { now: number };
}

async function open(t: Test, dir: string, overrides: Partial<GrantStoreOptions> = {}): Promise<Opened> {
  const { log, lines } = createLog();
  const clock = { now: Date.UTC(2030, 0, 1) };
  const database = await openDatabase(dir, { busyTimeoutMs: 1000 });
  const store = await GrantStore.open({
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

const linkOf = (at: number, overrides: Partial<NewGrant> = {}): NewGrant =>
  newGrant({ createdAt: at, expiresAt: at + 7 * day, ...overrides });
const password = (at: number, overrides: Partial<NewGrant> = {}): NewGrant =>
  linkOf(at, { kind: 'password', expiresAt: undefined, hash: '$scrypt$x', ...overrides });
const add = (grant: NewGrant): GrantChange => ({ kind: 'add', grant });
const idsOf = (grants: Iterable<{ id: string }>): string[] => [...grants].map(({ id }) => id).toSorted();
const audited = async ({ db }: Database): Promise<number> =>
  (await db.selectFrom('audit').select('id').execute()).length;

t.test('what is given out is there at once, and for the next process', async (t) => {
  const dir = scratchDir(t);
  const { store, database, changes, clock } = await open(t, dir);
  const link = linkOf(clock.now, { emails: ['eve@example.com'], maxUses: 3, service: 'web', name: 'demo' });
  const token = linkOf(clock.now, { kind: 'token', env: 'pr-2' });
  await store.change([add(link), add(token)], audit);
  const unused = { uses: 0, lastUsedAt: undefined, lastUsedFrom: undefined, revokedAt: undefined };
  t.same(store.byId(link.id), { ...link, ...unused });
  t.same(store.ofEnv('pr-1'), [{ ...link, ...unused }]);
  t.same(store.ofEnv('pr-3'), []);
  t.same(idsOf(store.all()), idsOf([link, token]));
  t.equal(changes.count, 1);
  t.equal(await audited(database), 1);

  const { store: next } = await open(t, dir);
  t.same(next.byId(link.id), { ...link, ...unused });
  await next.change([{ kind: 'revoke', id: link.id, at: clock.now }], audit);
  t.equal(next.byId(link.id)?.revokedAt, clock.now);
  t.equal(next.ofEnv('pr-1')[0]?.revokedAt, clock.now);
  await store.refresh();
  t.equal(store.byId(link.id)?.revokedAt, clock.now);
  t.equal(changes.count, 2);
});

t.test('what cannot be is refused, and nothing of it is done', async (t) => {
  const { store, database, changes, clock } = await open(t, scratchDir(t), { maxPerEnv: 2, maxGrants: 5 });
  const link = linkOf(clock.now);
  await store.change([add(link)], audit);
  const refused = async (changes: GrantChange[], code: string, message: RegExp) =>
    t.rejects(store.change(changes, audit), { code, message });
  await refused([add(linkOf(clock.now, { env: 'pr-9' })), add(link)], 'ERR_CONFLICT', /there already/);
  t.equal([...store.all()].length, 1);
  await refused([{ kind: 'revoke', id: newGrantId(), at: 1 }], 'ERR_CONFLICT', /nothing of this id/);
  await refused([add(linkOf(clock.now, { emails: ['NOT AN ADDRESS'] }))], 'ERR_CONFLICT', /cannot be kept/);
  await refused([add(linkOf(clock.now, { expiresAt: undefined }))], 'ERR_CONFLICT', /has no end/);
  await store.change([{ kind: 'revoke', id: link.id, at: clock.now }], audit);
  await refused([{ kind: 'revoke', id: link.id, at: clock.now }], 'ERR_CONFLICT', /revoked already/);

  await store.change([add(linkOf(clock.now)), add(linkOf(clock.now, { kind: 'token' }))], audit);
  await refused([add(linkOf(clock.now))], 'ERR_LIMIT', /pr-1 has 2 links and tokens/);
  await store.change([add(password(clock.now))], audit);
  await store.change([add(linkOf(clock.now, { owner: 'bob' }))], audit);
  await refused([add(linkOf(clock.now, { env: 'pr-2' }))], 'ERR_LIMIT', /the gateway keeps 5/);
  t.equal(changes.count, 5);
  t.equal(await audited(database), 5);
});

t.test('an environment has one password, and each of its services one', async (t) => {
  const { store, clock } = await open(t, scratchDir(t));
  const [first, second] = [password(clock.now), password(clock.now)];
  const ofWeb = password(clock.now, { service: 'web' });
  await store.change([add(first)], audit);
  await store.change([add(ofWeb)], audit);
  await store.change([add(second)], audit);
  t.equal(store.byId(first.id)?.revokedAt, clock.now);
  t.equal(store.byId(ofWeb.id)?.revokedAt, undefined);
  t.equal(store.byId(second.id)?.revokedAt, undefined);
});

t.test('of two processes only one takes the last use', async (t) => {
  const dir = scratchDir(t);
  const [one, two] = [await open(t, dir), await open(t, dir)];
  const link = linkOf(one.clock.now, { maxUses: 5 });
  await one.store.change([add(link)], audit);
  const use = { at: one.clock.now, address };
  const outcomes = await Promise.all(
    Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? one : two).store.take(link.id, use, audit)),
  );
  t.equal(outcomes.filter((outcome) => outcome === 'taken').length, 5);
  t.equal(outcomes.filter((outcome) => outcome === 'spent').length, 7);
  await one.store.refresh();
  t.match(one.store.byId(link.id), { uses: 5, lastUsedAt: use.at, lastUsedFrom: address });
  t.equal(await audited(one.database), 6, 'each use has its line');
});

t.test('only links that are good are taken', async (t) => {
  const { store, clock, changes } = await open(t, scratchDir(t));
  const [link, revoked, expired] = [linkOf(clock.now), linkOf(clock.now), linkOf(clock.now)];
  const token = linkOf(clock.now, { kind: 'token' });
  await store.change([add(link), add(revoked), add({ ...expired, expiresAt: clock.now }), add(token)], audit);
  await store.change([{ kind: 'revoke', id: revoked.id, at: clock.now }], audit);
  const take = (id: string) => store.take(id, { at: clock.now, address }, audit);
  t.equal(await take(link.id), 'taken');
  t.equal(await take(link.id), 'taken', 'as often as one likes');
  for (const { id } of [revoked, expired, token, { id: newGrantId() }]) t.equal(await take(id), 'gone');
  t.equal(store.byId(link.id)?.uses, 2);
  t.equal(changes.count, 4);
});

t.test('a use is noted later, not counted, and nobody is told', async (t) => {
  const dir = scratchDir(t);
  const { store, clock, changes } = await open(t, dir);
  const token = linkOf(clock.now, { kind: 'token' });
  await store.change([add(token)], audit);
  store.used(token.id, { at: clock.now, address });
  store.used(token.id, { at: clock.now + 30_000, address });
  store.used(newGrantId(), { at: clock.now, address });
  t.match(store.byId(token.id), { uses: 0, lastUsedAt: clock.now, lastUsedFrom: address });
  store.used(token.id, { at: clock.now + 31_000, address: '192.0.2.8' });
  t.match(store.ofEnv('pr-1'), [{ lastUsedAt: clock.now + 31_000, lastUsedFrom: '192.0.2.8' }]);
  t.equal(changes.count, 1);
  await store.reload();
  t.match(store.byId(token.id), { lastUsedFrom: '192.0.2.8' }, 'what is not written yet stays');
  await store.flush();
  const { store: next } = await open(t, dir);
  t.match(next.byId(token.id), { lastUsedAt: clock.now + 31_000, lastUsedFrom: '192.0.2.8' });
});

t.test('rows that somebody has edited open nothing', async (t) => {
  const dir = scratchDir(t);
  const { store, database, clock } = await open(t, dir);
  const links = Array.from({ length: 3 }, () => linkOf(clock.now));
  await store.change(links.map(add), audit);
  await sql`update grants set emails = 'everybody' where id = ${links[0]!.id}`.execute(database.db);
  await sql`update grants set env = '../etc' where id = ${links[1]!.id}`.execute(database.db);
  const { store: next, lines } = await open(t, dir);
  t.same(idsOf(next.all()), [links[2]!.id]);
  t.match(lines, [{ level: 'warn', count: 2, msg: /links, tokens and passwords open nothing/ }]);
  await t.rejects(next.take(links[0]!.id, { at: clock.now, address }, audit), { code: 'ERR_CONFLICT' });
  await next.release();
});

t.test('those that are long over are forgotten', async (t) => {
  const { store, database, clock } = await open(t, scratchDir(t));
  const [revoked, expired, good] = [linkOf(clock.now), linkOf(clock.now), password(clock.now)];
  await store.change([add(revoked), add({ ...expired, expiresAt: clock.now + 1000 }), add(good)], audit);
  await store.change([{ kind: 'revoke', id: revoked.id, at: clock.now }], audit);
  await store.purge();
  t.equal([...store.all()].length, 3);
  clock.now += 30 * day + 1001;
  await store.purge();
  t.same(idsOf(store.all()), [good.id]);
  t.same(idsOf(store.ofEnv('pr-1')), [good.id]);
  t.equal((await database.db.selectFrom('grants').select('id').execute()).length, 1);
});

t.test('who has handed over changes nothing, and says so', async (t) => {
  const dir = scratchDir(t);
  const { store, clock } = await open(t, dir);
  const link = linkOf(clock.now);
  await store.change([add(link)], audit);
  await store.release();
  const code = 'ERR_STORE_UNAVAILABLE';
  await t.rejects(store.change([add(linkOf(clock.now))], audit), { code, message: /replaced or stopped/ });
  await t.rejects(store.take(link.id, { at: clock.now, address }, audit), { code });
  t.doesNotThrow(() => {
    store.used(link.id, { at: clock.now, address });
  });
  const { store: next } = await open(t, dir);
  await next.change([{ kind: 'revoke', id: link.id, at: clock.now }], audit);
  await store.refresh();
  t.equal(store.byId(link.id)?.revokedAt, clock.now, 'what the successor revokes is seen');
});
