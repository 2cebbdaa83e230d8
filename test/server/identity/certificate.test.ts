import fc from 'fast-check';
import t from 'tap';
import { forever, type SshCertificate } from '../../../core/ssh-certificate.ts';
import { wireString } from '../../../core/ssh-wire.ts';
import {
  certificateProblem,
  certificateRules,
  expiryOf,
  principalsFor,
  rightsOf,
} from '../../../server/identity/certificate.ts';

const here = { now: 1_500_000, address: '192.0.2.7' };

function certificate(parts: Partial<SshCertificate> = {}): SshCertificate {
  const none = new Map<string, Buffer>();
  return {
    type: 'ssh-ed25519-cert-v01@openssh.com',
    use: 'user',
    subject: { type: 'ssh-ed25519', blob: Buffer.alloc(0) },
    serial: 1n,
    id: 'ana',
    principals: [],
    validAfter: 1000n,
    validBefore: 2000n,
    criticalOptions: none,
    extensions: none,
    authority: Buffer.alloc(0),
    signed: Buffer.alloc(0),
    signature: Buffer.alloc(0),
    ...parts,
  };
}

function withOption(name: string, data: Buffer = Buffer.alloc(0)): SshCertificate {
  return certificate({ criticalOptions: new Map([[name, data]]) });
}

t.test('one that is good here and now has no problem', async (t) => {
  t.equal(certificateProblem(certificate(), here), undefined);
  t.equal(certificateProblem(withOption('verify-required'), here), undefined);
});

t.test('every restriction is kept, or refuses', async (t) => {
  const cases: readonly (readonly [SshCertificate, RegExp])[] = [
    [certificate({ use: 'host' }), /for a host/],
    [certificate({ id: 'x'.repeat(257) }), /key id/],
    [certificate({ validAfter: 1501n }), /not valid before 1970-01-01 00:25:01 UTC/],
    [certificate({ validBefore: 1500n }), /expired at 1970-01-01 00:25:00 UTC/],
    [withOption('force-command', wireString('/bin/true')), /force-command/],
    [withOption('verify-required', wireString('x')), /damaged/],
    [withOption('no-such-thing'), /"no-such-thing", which is not known here/],
    [withOption('source-address'), /not a list of networks/],
    [withOption('source-address', wireString('192.0.2.0/33')), /not a list of networks/],
    [withOption('source-address', wireString('198.51.100.0/24')), /not good from 192\.0\.2\.7/],
  ];
  for (const [wrong, reason] of cases) t.match(certificateProblem(wrong, here), reason);
});

t.test('source addresses', async (t) => {
  const from = (list: string, address: string): string | undefined =>
    certificateProblem(withOption('source-address', wireString(list)), { ...here, address });
  t.equal(from('10.0.0.0/8,192.0.2.7', '192.0.2.7'), undefined);
  t.equal(from('192.0.2.0/24', '::ffff:192.0.2.7'), undefined);
  t.equal(from('2001:db8::/32', '2001:db8::1'), undefined);
  t.match(from('192.0.2.0/24', '192.0.3.7'), /not good from/);
  t.match(from('192.0.2.0/24', ''), /not good from/, 'from nowhere');
});

t.test('what a FIDO key must show', async (t) => {
  t.same(certificateRules(certificate()), { touchRequired: true, verifyRequired: false });
  const relaxed = certificate({ extensions: new Map([['no-touch-required', Buffer.alloc(0)]]) });
  t.same(certificateRules(relaxed), { touchRequired: false, verifyRequired: false });
  t.same(certificateRules(withOption('verify-required')), { touchRequired: true, verifyRequired: true });
});

t.test('the end in milliseconds, as far as numbers reach', async (t) => {
  t.equal(expiryOf({ validBefore: 2000n }), 2_000_000);
  t.equal(expiryOf({ validBefore: forever }), undefined);
  t.equal(expiryOf({ validBefore: 2n ** 62n }), undefined);
});

t.test('principals', async (t) => {
  t.same(rightsOf([]), { role: 'machine', envPatterns: [] });
  t.same(rightsOf(['root', 'env:', 'env:A', 'env:a b', 'role:king', 'Env:x', ' env:x']), {
    role: 'machine',
    envPatterns: [],
  });
  t.same(rightsOf(['role:admin', 'env:pr-*', 'env:pr-*', 'env:x?']), {
    role: 'admin',
    envPatterns: ['pr-*', 'x?'],
  });
  t.equal(rightsOf(['role:admin', 'role:machine', 'role:member']).role, 'machine', 'the least of several');
  fc.assert(
    fc.property(
      fc.constantFrom('machine', 'member', 'admin'),
      fc.uniqueArray(fc.constantFrom('*', 'pr-*', 'main', 'x?z', '*-y')),
      (role, envPatterns) => {
        t.same(rightsOf(principalsFor(role, envPatterns)), { role, envPatterns });
      },
    ),
    { numRuns: 50 },
  );
});
