import t from 'tap';
import type { CertificateRecord } from '../../../server/identity/issuer.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { CertificateStore } from '../../../server/store/certificate-store.ts';
import { openDatabase } from '../../../server/store/database.ts';
import { countRevision } from '../../../server/store/revisions.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { TestScope } from '../../support/scope.ts';

const day = 86_400_000;
const now = 100 * day;
const audit: AuditEntry = { at: now, action: 'cert.issue', result: 'ok' };

function recordOf(serial: string, expiresAt = now + day): CertificateRecord {
  const whose = { certificateId: 'ana', principal: 'ana', fingerprint: 'SHA256:a', issuedFor: 'SHA256:a' };
  return { serial, ...whose, issuedAt: now, expiresAt };
}

async function open(t: TestScope) {
  const database = await openDatabase(scratchDir(t));
  t.teardown(() => database.close());
  const store = await CertificateStore.open({ database, now: () => now });
  /** As another process does it. */
  const revoke = async (serial: string): Promise<void> => {
    await database.db
      .updateTable('certificates')
      .set({ revoked_at: now })
      .where('serial', '=', serial)
      .execute();
    await countRevision(database.db, 'certificates');
  };
  return { database, store, revoke, db: database.db };
}

t.test('what is recorded is there with its audit line, and what is long over is not kept', async (t) => {
  const { store, db } = await open(t);
  await store.record(recordOf('1', now - 31 * day), audit);
  await store.record(recordOf('9223372036854775807'), audit);
  t.match(await db.selectFrom('certificates').selectAll().execute(), [
    { serial: '9223372036854775807', certificate_id: 'ana', revoked_at: null, expires_at: now + day },
  ]);
  t.equal((await db.selectFrom('audit').selectAll().execute()).length, 2);
});

t.test('what others revoke is seen at the next look, and told once', async (t) => {
  const { store, revoke } = await open(t);
  await store.record(recordOf('1'), audit);
  await store.record(recordOf('2', now - day), audit);
  let changes = 0;
  store.onChange(() => (changes += 1));
  await revoke('1');
  await revoke('2');
  t.notOk(store.isRevoked('1'));
  await store.refresh();
  t.ok(store.isRevoked('1'));
  t.notOk(store.isRevoked('2'), 'what has expired is not kept in memory');
  await store.refresh();
  t.equal(changes, 1);
  t.equal(store.keyOf('1'), 'SHA256:a');
  await store.record({ ...recordOf('3'), issuedFor: 'operator' }, audit);
  t.equal(store.keyOf('3'), undefined);
  await store.record(recordOf('4'), audit);
  t.equal(store.keyOf('4'), 'SHA256:a', 'at once');
});

t.test('a gateway that is being replaced records nothing, and still sees what is revoked', async (t) => {
  const { store, revoke, db } = await open(t);
  await store.record(recordOf('1'), audit);
  store.release();
  await t.rejects(store.record(recordOf('2'), audit), { code: 'ERR_STORE_UNAVAILABLE' });
  await revoke('1');
  await store.refresh();
  t.ok(store.isRevoked('1'));
  t.equal((await db.selectFrom('certificates').selectAll().execute()).length, 1);
});

t.test('a database that does not work is a clear error, and nothing is half done', async (t) => {
  const { store, db, database } = await open(t);
  await store.record(recordOf('1'), audit);
  await t.rejects(store.record(recordOf('1'), audit), { code: 'ERR_STORE_UNAVAILABLE' }, 'a serial twice');
  t.equal((await db.selectFrom('audit').selectAll().execute()).length, 1);
  await database.close();
  await t.rejects(store.refresh());
  await t.rejects(CertificateStore.open({ database }), { code: 'ERR_STATE_DIR' });
});
