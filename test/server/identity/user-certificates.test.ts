import fc from 'fast-check';
import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import { keyId } from '../../../core/names.ts';
import type { Admission } from '../../../server/identity/admission.ts';
import { createAuthority } from '../../../server/identity/own-authority.ts';
import { signCertificate } from '../../../server/identity/certificate-signing.ts';
import { UserCertificates } from '../../../server/identity/user-certificates.ts';
import { signKey, type SignOptions } from '../../support/certificates.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey, type KeyOptions, type SshKey } from '../../support/ssh-keys.ts';

const authority = makeKey(t);
const key = makeKey(t);
const own = createAuthority(scratchDir(t), 'own');
const now = Date.UTC(2028, 0, 1);
const lasting = '20270101000000Z:20290101000000Z';

/** Certificates of the given authorities, whose changes a test fires by hand. */
function admitting(
  trusted: readonly SshKey[],
  { revoked = [], restsOn }: { revoked?: readonly string[]; restsOn?: string } = {},
) {
  const callbacks: (() => void)[] = [];
  const known = new Set(trusted.map(({ blob }) => blob.toString('base64')));
  const state = { closed: 0, own: true, known: true };
  const part = {
    onChange: (callback: () => void) => void callbacks.push(callback),
    close: () => void (state.closed += 1),
  };
  const certificates = new UserCertificates({
    authorities: { ...part, has: (blob) => known.has(Buffer.from(blob).toString('base64')) },
    own: {
      ...part,
      get current() {
        return state.own ? own : undefined;
      },
    },
    issued: { ...part, isRevoked: (serial) => revoked.includes(serial), keyOf: () => restsOn },
    isKnown: () => state.known,
    now: () => now,
  });
  return { certificates, callbacks, known, state };
}

function admit(certificates: UserCertificates, blob: Buffer, address = '192.0.2.7'): Admission {
  return certificates.admit({ blob }, address);
}

function signed(options: SignOptions = {}): Buffer {
  return signKey(t, authority, key, { validity: lasting, ...options }).certificate;
}

t.test('a certificate says who it is and what may be done with it', async (t) => {
  const { certificates } = admitting([authority]);
  const blob = signed({
    id: 'ana',
    serial: '42',
    principals: ['env:pr-*', 'role:member', 'role:admin', 'x'],
  });
  t.same(admit(certificates, blob), {
    kind: 'admitted',
    identity: {
      principal: 'cert:ana',
      role: 'member',
      envPatterns: ['pr-*'],
      fingerprint: fingerprint(key.blob),
      keyId: keyId(key.blob),
      expiresAt: Date.UTC(2029, 0, 1),
      source: {
        kind: 'certificate',
        serial: '42',
        certificateId: 'ana',
        authority: fingerprint(authority.blob),
      },
    },
    securityKey: { touchRequired: true, verifyRequired: false },
  });
  const forever = admit(
    certificates,
    signed({ validity: 'always:forever', principals: [], words: ['-O', 'verify-required'] }),
  );
  t.match(forever, {
    identity: { role: 'machine', envPatterns: [] },
    securityKey: { verifyRequired: true },
  });
  t.notOk(forever.kind === 'admitted' && 'expiresAt' in forever.identity);
  t.match(admit(certificates, signed({ id: '' })), { identity: { principal: fingerprint(key.blob) } });
});

t.test('a good signature is not enough: time, place and options count too', async (t) => {
  const { certificates } = admitting([authority]);
  const from = ['-O', 'source-address=198.51.100.0/24'];
  const refused: readonly (readonly [SignOptions, RegExp])[] = [
    [{ validity: '20270101000000Z:20270201000000Z' }, /expired/],
    [{ validity: '20280601000000Z:20290101000000Z' }, /not valid before/],
    [{ words: from }, /source-address/],
    [{ words: ['-O', 'force-command=id'] }, /force-command/],
  ];
  for (const [options, reason] of refused)
    t.match(admit(certificates, signed(options)), { kind: 'refused', reason });
  t.match(admit(certificates, signed({ words: from }), '198.51.100.9'), { kind: 'admitted' });
});

t.test('every kind of authority and key is good', async (t) => {
  const kinds: readonly KeyOptions[] = [
    { type: 'ed25519' },
    { type: 'ecdsa', bits: 256 },
    { type: 'ecdsa', bits: 384 },
    { type: 'ecdsa', bits: 521 },
    { type: 'rsa', bits: 2048 },
  ];
  for (const kind of kinds) {
    const signer = makeKey(t, kind);
    const { certificates } = admitting([signer]);
    const blob = signKey(t, signer, makeKey(t, kind), { validity: lasting }).certificate;
    t.match(admit(certificates, blob), { kind: 'admitted' }, signer.type);
  }
  const rsa = makeKey(t, { type: 'rsa', bits: 2048 });
  const { certificates } = admitting([rsa]);
  for (const algorithm of ['rsa-sha2-256', 'rsa-sha2-512']) {
    const { certificate } = signKey(t, rsa, key, { validity: lasting, algorithm });
    t.match(admit(certificates, certificate), { kind: 'admitted' }, algorithm);
  }
  const { certificate: sha1 } = signKey(t, rsa, key, { validity: lasting, algorithm: 'ssh-rsa' });
  t.match(admit(certificates, sha1), { kind: 'refused', reason: /not genuine/ }, 'not with SHA-1');
});

t.test('weak keys are none, in a certificate too', async (t) => {
  const weak = makeKey(t, { type: 'rsa', bits: 1024 });
  const { certificates } = admitting([authority, weak]);
  const { certificate } = signKey(t, authority, weak, { validity: lasting });
  t.match(admit(certificates, certificate), { kind: 'refused', reason: /2048/ });
  const { certificate: weaklySigned } = signKey(t, weak, key, { validity: lasting });
  t.match(admit(certificates, weaklySigned), { kind: 'refused', reason: /not genuine/ });
});

t.test('an authority that is not known any more admits nobody', async (t) => {
  const { certificates, known, callbacks } = admitting([authority]);
  const blob = signed();
  t.match(admit(certificates, blob), { kind: 'admitted' });
  known.clear();
  t.match(admit(certificates, blob), { kind: 'refused', reason: /not signed by an authority/ });
  let changes = 0;
  certificates.onChange(() => (changes += 1));
  for (const callback of callbacks) callback();
  t.equal(changes, 3, 'changes of all three are told');
});

t.test(
  "the own authority's certificates name the gateway's principals, and can be revoked by their serial",
  async (t) => {
    const content = {
      subject: key.blob,
      id: 'ana',
      principals: ['env:*'],
      validAfter: now / 1000 - 60,
      validBefore: now / 1000 + 60,
    };
    const blobOf = (serial: bigint): Buffer =>
      Buffer.from(signCertificate({ ...content, serial }, own).split(' ')[1] ?? '', 'base64');
    const { certificates, state } = admitting([], { revoked: ['7'], restsOn: fingerprint(key.blob) });
    t.match(admit(certificates, blobOf(6n)), { identity: { principal: 'ana', expiresAt: now + 60_000 } });
    t.match(admit(certificates, blobOf(7n)), { kind: 'refused', reason: /has been revoked/ });
    state.known = false;
    t.match(admit(certificates, blobOf(6n)), { kind: 'refused', reason: /not known here any more/ });
    state.known = true;
    state.own = false;
    t.match(admit(certificates, blobOf(6n)), { kind: 'refused', reason: /not signed by an authority/ });
    certificates.close();
    t.equal(state.closed, 2);
  },
);

t.test('no change to a certificate goes unnoticed', async () => {
  const { certificates } = admitting([authority]);
  const blob = signed({ words: ['-O', 'source-address=192.0.2.0/24'] });
  fc.assert(
    fc.property(fc.nat(blob.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const mutated = Buffer.from(blob);
      mutated[at] = (mutated[at] ?? 0) ^ change;
      return admit(certificates, mutated).kind === 'refused';
    }),
    { numRuns: 1500 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      (bytes) => admit(certificates, Buffer.from(bytes)).kind === 'refused',
    ),
  );
});
