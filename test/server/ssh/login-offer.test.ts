import t from 'tap';
import { readLoginOffer } from '../../../server/ssh/login-offer.ts';
import { signKey } from '../../support/certificates.ts';
import { makeFidoKey } from '../../support/fido-key.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const [ed25519, ecdsa, rsa] = [
  makeKey(t),
  makeKey(t, { type: 'ecdsa', bits: 384 }),
  makeKey(t, { type: 'rsa', bits: 2048 }),
];
const authority = makeKey(t);
const suffix = '-cert-v01@openssh.com';

t.test('keys', (t) => {
  const keys = [ed25519, ecdsa, makeFidoKey(t), makeFidoKey(t, 'ecdsa')];
  for (const { type, blob } of keys)
    t.match(readLoginOffer({ algorithm: type, blob }), {
      ok: true,
      type,
      subject: { type, blob },
      algorithm: type,
    });
  for (const algorithm of ['rsa-sha2-256', 'rsa-sha2-512'])
    t.match(readLoginOffer({ algorithm, blob: rsa.blob }), { ok: true, type: 'ssh-rsa', algorithm });
  t.end();
});

t.test('certificates are for the key in them, which signs with its own algorithm', (t) => {
  for (const key of [ed25519, ecdsa]) {
    const { certificate } = signKey(t, authority, key);
    t.match(readLoginOffer({ algorithm: `${key.type}${suffix}`, blob: certificate }), {
      ok: true,
      type: `${key.type}${suffix}`,
      subject: { type: key.type, blob: key.blob },
      algorithm: key.type,
    });
  }
  const { certificate } = signKey(t, authority, rsa);
  for (const algorithm of ['rsa-sha2-256', 'rsa-sha2-512'])
    t.match(readLoginOffer({ algorithm: `${algorithm}${suffix}`, blob: certificate }), {
      ok: true,
      type: `ssh-rsa${suffix}`,
      subject: { type: 'ssh-rsa', blob: rsa.blob },
      algorithm,
    });
  t.end();
});

t.test('RSA with SHA-1 is refused before anything is asked', (t) => {
  const { certificate } = signKey(t, authority, rsa);
  t.match(readLoginOffer({ algorithm: 'ssh-rsa', blob: rsa.blob }), { ok: false, reason: /SHA-1/ });
  t.match(readLoginOffer({ algorithm: `ssh-rsa${suffix}`, blob: certificate }), {
    ok: false,
    reason: /SHA-1/,
  });
  t.end();
});

t.test('what is said and what is there must agree', (t) => {
  const { certificate } = signKey(t, authority, ed25519);
  const cases: [algorithm: string, blob: Buffer][] = [
    ['ssh-ed25519', certificate],
    ['ssh-ed25519', ecdsa.blob],
    [`ssh-ed25519${suffix}`, ed25519.blob],
    [`ecdsa-sha2-nistp256${suffix}`, certificate],
    [`rsa-sha2-512${suffix}`, certificate],
    ['rsa-sha2-512', ed25519.blob],
    ['rsa-sha2-5120', rsa.blob],
    ['rsa-sha2-512-cert-v01@openssh.com.evil', certificate],
    ['webauthn-sk-ecdsa-sha2-nistp256@openssh.com', makeFidoKey(t, 'ecdsa').blob],
    ['ssh-dss', makeKey(t, { type: 'dsa' }).blob],
    [`ssh-ed25519${suffix}`, certificate.subarray(0, -1)],
    [`ssh-ed25519${suffix}`, Buffer.concat([certificate, Buffer.of(0)])],
    ['', Buffer.alloc(0)],
    ['constructor', ed25519.blob],
    [suffix, certificate],
  ];
  for (const [algorithm, blob] of cases)
    t.equal(readLoginOffer({ algorithm, blob }).ok, false, JSON.stringify(algorithm));
  t.end();
});

t.test('an unsound key in a certificate', (t) => {
  const { certificate, blob, type } = signKey(t, authority, ecdsa);
  const at = certificate.indexOf(blob.subarray(-97));
  const broken = Buffer.from(certificate);
  broken[at + 96] = (broken[at + 96] ?? 0) ^ 1;
  t.match(readLoginOffer({ algorithm: `${type}${suffix}`, blob: broken }), {
    ok: false,
    reason: /^the key in the certificate: /,
  });
  t.end();
});
