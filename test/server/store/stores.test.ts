import t, { type Test } from 'tap';
import { openDatabase } from '../../../server/store/database.ts';
import { Stores } from '../../../server/store/stores.ts';
import { freshKey } from '../../support/key-records.ts';
import { createLog } from '../../support/log-lines.ts';
import { someTarget } from '../../support/memory-book.ts';
import { remembered } from '../../support/remembered.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { until } from '../../support/until.ts';
import { newGrant, newSession } from '../../support/visit-records.ts';

const audit = { at: Date.now(), action: 'key.add', result: 'ok' } as const;

async function open(t: Test, stateDir: string) {
  const { log, lines } = createLog();
  const stores = await Stores.open({
    ...{ stateDir, log, claimTtlMs: 1000, maxRemembered: 10, auditRetentionMs: 86_400_000 },
    otherAdmins: () => [],
  });
  t.teardown(() => stores.close());
  return { stores, lines };
}

t.test('all of it is written when it is closed, and there when it is opened again', async (t) => {
  const dir = scratchDir(t);
  const { stores, lines } = await open(t, dir);
  const key = freshKey(t);
  await stores.keys.change([{ kind: 'add', key }], audit);
  stores.keys.used(key.fingerprint, { at: 5, address: '192.0.2.1' });
  stores.environments.remember(remembered('pr-1'));
  stores.audit.record({ at: Date.now(), action: 'login', result: 'ok' });
  await stores.close();
  await stores.close();
  t.same(lines, []);
  const next = (await open(t, dir)).stores;
  t.match(next.keys.byFingerprint(key.fingerprint), { lastUsedAt: 5 });
  t.match(await next.environments.recall(), [{ name: 'pr-1' }]);
  t.match(
    (await next.audit.list({ limit: 10 })).map(({ action }) => action),
    ['key.add', 'login'],
  );
});

t.test('what another process changes is seen by itself, after a release too', async (t) => {
  const dir = scratchDir(t);
  const [here, there] = [(await open(t, dir)).stores, (await open(t, dir)).stores];
  const key = freshKey(t);
  await there.keys.change([{ kind: 'add', key }], audit);
  await until('the key', () => here.keys.byFingerprint(key.fingerprint) !== undefined);
  await here.release();
  await here.release();
  await t.rejects(here.keys.change([{ kind: 'principal', name: 'x' }], audit), {
    code: 'ERR_STORE_UNAVAILABLE',
  });
  const change = { kind: 'revoke', fingerprint: key.fingerprint, reason: '', at: 1 } as const;
  await there.keys.change([change], audit);
  await until('the revocation', () => here.keys.byFingerprint(key.fingerprint)?.revokedAt === 1);
});

t.test(
  'logins, and what was given out: another process sees each within a second, and a successor all',
  async (t) => {
    const dir = scratchDir(t);
    const [here, there] = [(await open(t, dir)).stores, (await open(t, dir)).stores];
    const [session, grant] = [newSession(), newGrant()];
    await there.sessions.start(session, audit);
    await there.grants.change([{ kind: 'add', grant }], audit);
    await until('the login', () => here.sessions.byId(session.id) !== undefined);
    await until('the link', () => here.grants.byId(grant.id) !== undefined);
    there.grants.used(grant.id, { at: 5, address: '192.0.2.1' });
    await there.release();
    await t.rejects(there.sessions.end([session.id], '', audit), { code: 'ERR_STORE_UNAVAILABLE' });
    await t.rejects(there.grants.take(grant.id, { at: 6, address: '192.0.2.1' }, audit), {
      code: 'ERR_STORE_UNAVAILABLE',
    });
    await here.reload();
    t.match(here.grants.byId(grant.id), { lastUsedAt: 5 }, 'what is noted counts no revision');
    await here.sessions.end([session.id], 'signed out', audit);
    await until('its end', () => there.sessions.byId(session.id)?.endedAt !== undefined);
  },
);

t.test('machines, and when they were seen: another process sees them, and a successor all', async (t) => {
  const dir = scratchDir(t);
  const [here, there] = [(await open(t, dir)).stores, (await open(t, dir)).stores];
  const target = someTarget();
  await there.targets.change([{ kind: 'add-target', target }], audit);
  await until('the machine', () => here.targets.target(target.id) !== undefined);
  there.targets.seen(target.id, 5);
  await there.release();
  await t.rejects(there.targets.change([{ kind: 'remove-target', id: target.id }], audit), {
    code: 'ERR_STORE_UNAVAILABLE',
  });
  await here.reload();
  t.match(here.targets.target(target.id), { lastSeenAt: 5 });
  await here.targets.change([{ kind: 'remove-target', id: target.id }], audit);
  await until('its end', () => there.targets.target(target.id) === undefined);
});

t.test('certificates go with the key that they were issued for', async (t) => {
  const { stores } = await open(t, scratchDir(t));
  const key = freshKey(t);
  await stores.keys.change([{ kind: 'add', key }], audit);
  const certificate = { serial: '7', certificateId: 'ana', principal: 'ana', fingerprint: key.fingerprint };
  await stores.certificates.record(
    { ...certificate, issuedFor: key.fingerprint, issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 },
    audit,
  );
  t.equal(stores.certificates.isRevoked('7'), false);
  await stores.keys.change([{ kind: 'remove', fingerprint: key.fingerprint }], audit);
  await until('the certificate', () => stores.certificates.isRevoked('7'));
});

t.test('a database that cannot be used is left closed', async (t) => {
  const dir = scratchDir(t);
  const { db, close } = await openDatabase(dir);
  await db.schema.dropTable('keys').execute();
  await close();
  await t.rejects(open(t, dir), { code: 'ERR_STATE_DIR' });
});
