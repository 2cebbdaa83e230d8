import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseCertificateLine } from '../../../core/ssh-certificate.ts';
import { wireString } from '../../../core/ssh-wire.ts';
import { signCertificate } from '../../../server/identity/certificate-signing.ts';
import { createAuthority } from '../../../server/identity/own-authority.ts';
import { described } from '../../support/certificates.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey, type KeyOptions } from '../../support/ssh-keys.ts';

const dir = scratchDir(t);
const authority = createAuthority(dir, '');
const content = {
  serial: 2n ** 63n - 1n,
  id: 'ana@example.com',
  principals: ['role:member', 'env:pr-*'],
  validAfter: 1_800_000_000,
  validBefore: 1_800_003_600,
};

t.test('ssh-keygen reads what was signed, for every type of key', async (t) => {
  const kinds: readonly KeyOptions[] = [
    { type: 'ed25519' },
    { type: 'ecdsa', bits: 256 },
    { type: 'ecdsa', bits: 384 },
    { type: 'ecdsa', bits: 521 },
    { type: 'rsa', bits: 2048 },
  ];
  for (const kind of kinds) {
    const key = makeKey(t, kind);
    const line = signCertificate({ ...content, subject: key.blob }, authority);
    const path = join(dir, 'x-cert.pub');
    writeFileSync(path, `${line}\n`);
    const said = described(path);
    for (const fact of [
      `Signing CA: ED25519 ${authority.fingerprint}`,
      'Key ID: "ana@example.com"',
      'Serial: 9223372036854775807',
      'role:member',
      'env:pr-*',
      'Critical Options: (none)',
      'permit-agent-forwarding',
      'permit-port-forwarding',
      'permit-pty',
    ])
      t.match(said, fact);
    const parsed = parseCertificateLine(line);
    t.match(parsed, {
      ok: true,
      value: { ...content, validAfter: 1_800_000_000n, validBefore: 1_800_003_600n },
    });
    t.ok(parsed.ok && parsed.value.subject.blob.equals(key.blob));
  }
});

t.test('FIDO keys have certificates too, others have none', async (t) => {
  const type = 'sk-ssh-ed25519@openssh.com';
  const subject = Buffer.concat([type, Buffer.alloc(32, 7), 'ssh:'].map(wireString));
  const parsed = parseCertificateLine(signCertificate({ ...content, subject }, authority));
  t.match(parsed, { ok: true, value: { type: 'sk-ssh-ed25519-cert-v01@openssh.com', subject: { type } } });
  t.ok(parsed.ok && parsed.value.subject.blob.equals(subject));
  t.throws(() => signCertificate({ ...content, subject: wireString('ssh-dss') }, authority));
});
