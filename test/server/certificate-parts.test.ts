import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openCertificateParts, withoutRevoked } from '../../server/certificate-parts.ts';
import { createAuthority } from '../../server/identity/own-authority.ts';
import { CertificateStore } from '../../server/store/certificate-store.ts';
import { openDatabase } from '../../server/store/database.ts';
import { signKey } from '../support/certificates.ts';
import { freshKey } from '../support/key-records.ts';
import { createLog } from '../support/log-lines.ts';
import { MemoryKeys } from '../support/memory-keys.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';

const keys = new MemoryKeys();
const known = { stored: keys, file: undefined };

t.test('what the authorities sign is admitted, what is revoked is not, and the own one issues', async (t) => {
  const stateDir = scratchDir(t);
  const database = await openDatabase(stateDir);
  t.teardown(() => database.close());
  const records = await CertificateStore.open({ database });
  createAuthority(stateDir, '');
  const authority = makeKey(t);
  const [path, list] = [join(stateDir, 'ca.pub'), join(stateDir, 'revoked')];
  writeFileSync(path, authority.line);
  writeFileSync(list, 'id: bob\n');
  const { log } = createLog();
  const base = { stateDir, records, known, log };
  const parts = openCertificateParts({ userCa: [path], revokedKeys: list }, base);
  const { admissions, issuer, revoked } = parts;
  const unrevoked = withoutRevoked(admissions, revoked);
  t.teardown(() => {
    parts.close();
  });
  t.equal(withoutRevoked(admissions, undefined), admissions);
  const key = makeKey(t);
  const admit = (blob: Buffer) =>
    unrevoked.admit({ type: 'ssh-ed25519-cert-v01@openssh.com', blob }, '192.0.2.1');
  t.match(admit(signKey(t, authority, key, { id: 'ana' }).certificate), {
    identity: { principal: 'cert:ana' },
  });
  t.match(admit(signKey(t, authority, key, { id: 'bob' }).certificate), { kind: 'refused' });
  const { line } = await issuer.issue({
    ...{ key, principal: 'ana', role: 'member', envPatterns: ['*'] },
    ...{ expiresAt: Date.now() + 60_000, issuedFor: 'operator' },
  });
  const blobOf = (text: string): Buffer => Buffer.from(text.split(' ')[1] ?? '', 'base64');
  t.match(admit(blobOf(line)), { identity: { principal: 'ana' } });

  const stored = freshKey(t);
  const own = await issuer.issue({
    ...{ key: { type: stored.type, blob: Buffer.from(stored.blob, 'base64') }, principal: 'ana' },
    ...{ role: 'machine', envPatterns: [], expiresAt: Date.now() + 60_000, issuedFor: stored.fingerprint },
  });
  t.match(admit(blobOf(own.line)), { kind: 'refused', reason: /not known here any more/ });
  await keys.change([{ kind: 'add', key: stored }], { at: 0, action: 'key.add', result: 'ok' });
  t.match(admit(blobOf(own.line)), { kind: 'admitted' });
});

t.test('a file that cannot be read is a clear error', async (t) => {
  const stateDir = scratchDir(t);
  const database = await openDatabase(stateDir);
  t.teardown(() => database.close());
  const records = await CertificateStore.open({ database });
  const { log } = createLog();
  const userCa = [join(stateDir, 'none')];
  const base = { stateDir, records, known, log };
  t.throws(() => openCertificateParts({ userCa, revokedKeys: undefined }, base), { code: 'ERR_CONFIG' });
  const revokedKeys = join(stateDir, 'none');
  t.throws(() => openCertificateParts({ userCa: [], revokedKeys }, base), { code: 'ERR_CONFIG' });
});
