import fc from 'fast-check';
import t from 'tap';
import {
  certificateTypeOf,
  describeMoment,
  forever,
  isCertificateType,
  optionText,
  parseCertificate,
  parseCertificateLine,
  timeliness,
  type SshCertificate,
} from '../../core/ssh-certificate.ts';
import { wireString, wireUint32, wireUint64 } from '../../core/ssh-wire.ts';
import { described, signKey, type SignOptions } from '../support/certificates.ts';
import { makeKey, type KeyOptions } from '../support/ssh-keys.ts';

const authority = makeKey(t);
const key = makeKey(t);

function parsed(blob: Uint8Array): SshCertificate {
  const result = parseCertificate(blob);
  if (!result.ok) throw new Error(result.problem);
  return result.value;
}

const kinds: readonly KeyOptions[] = [
  { type: 'ed25519' },
  { type: 'ecdsa', bits: 256 },
  { type: 'ecdsa', bits: 384 },
  { type: 'ecdsa', bits: 521 },
  { type: 'rsa', bits: 2048 },
];

t.test('certificates of every key type are read as ssh-keygen reads them', async (t) => {
  for (const kind of kinds) {
    const subject = makeKey(t, kind);
    const options: SignOptions = {
      id: 'ana@example.com',
      principals: ['env:pr-*', 'role:member', 'root'],
      serial: '18446744073709551615',
      validity: '20260101000000Z:20300101000000Z',
      words: [
        '-O',
        'source-address=192.0.2.0/24',
        '-O',
        'extension:z@example.com=1',
        '-O',
        'extension:a@example.com',
      ],
    };
    const signed = signKey(t, authority, subject, options);
    const certificate = parsed(signed.certificate);
    const said = described(signed.certificatePath);
    t.match(said, certificate.type);
    t.equal(certificateTypeOf(subject.type), certificate.type);
    t.same(certificate.subject, { type: subject.type, blob: subject.blob });
    t.match(said, `Serial: ${String(certificate.serial)}`);
    t.match(said, `Key ID: "${certificate.id}"`);
    for (const principal of certificate.principals) t.match(said, principal);
    t.same(certificate.principals, options.principals);
    t.equal(certificate.use, 'user');
    t.same(
      [...certificate.criticalOptions].map(([name, data]) => [name, optionText(data)]),
      [['source-address', '192.0.2.0/24']],
    );
    for (const name of certificate.extensions.keys()) t.match(said, name);
    t.equal(certificate.extensions.size, 7);
    t.same(certificate.authority, authority.blob);
    t.equal(certificate.validAfter, BigInt(Date.UTC(2026, 0, 1) / 1000));
    t.equal(certificate.validBefore, BigInt(Date.UTC(2030, 0, 1) / 1000));
    t.same(parseCertificateLine(signed.certificateLine), {
      ok: true,
      value: { ...certificate, blob: signed.certificate },
    });
  }
});

t.test('hosts have certificates too, and some are for ever', async (t) => {
  const signed = signKey(t, authority, key, { words: ['-h'], validity: 'always:forever', principals: [] });
  const certificate = parsed(signed.certificate);
  t.match(certificate, { use: 'host', validAfter: 0n, validBefore: forever, principals: [] });
  t.equal(timeliness(certificate, 0), 'valid');
  t.equal(timeliness(certificate, Number.MAX_SAFE_INTEGER), 'valid');
});

t.test('the first moment is within, the last is not', async (t) => {
  const span = { validAfter: 1000n, validBefore: 2000n };
  t.same(
    [999_999, 1_000_000, 1_999_999, 2_000_000].map((now) => timeliness(span, now)),
    ['not-yet', 'valid', 'valid', 'expired'],
  );
  t.equal(timeliness({ validAfter: forever, validBefore: forever }, Date.now()), 'not-yet');
  t.equal(timeliness({ validAfter: 0n, validBefore: 0n }, Date.now()), 'expired');
  t.equal(describeMoment(1_800_000_000n), '2027-01-15 08:00:00 UTC');
  t.equal(describeMoment(forever), 'the end of time');
});

/** A certificate by hand, with one part of it made otherwise. */
function handMade(
  parts: Partial<
    Record<'type' | 'use' | 'id' | 'principals' | 'critical' | 'extensions' | 'reserved' | 'more', Buffer>
  >,
): Buffer {
  const {
    type = wireString('ssh-ed25519-cert-v01@openssh.com'),
    use = wireUint32(1),
    id = wireString('ana'),
    principals = wireString(wireString('env:*')),
    critical = wireString(''),
    extensions = wireString(''),
    reserved = wireString(''),
    more = Buffer.alloc(0),
  } = parts;
  return Buffer.concat([
    type,
    wireString(Buffer.alloc(32)),
    wireString(key.blob.subarray(-32)),
    wireUint64(1n),
    use,
    id,
    principals,
    wireUint64(0n),
    wireUint64(forever),
    critical,
    extensions,
    reserved,
    wireString(authority.blob),
    wireString('signature'),
    more,
  ]);
}

function option(name: string, data = ''): Buffer {
  return Buffer.concat([wireString(name), wireString(data)]);
}

t.test('what is not exactly a certificate is refused', async (t) => {
  t.ok(parseCertificate(handMade({})).ok, 'as it is, it is one');
  const many = (count: number, make: (index: number) => Buffer): Buffer =>
    wireString(Buffer.concat(Array.from({ length: count }, (_, index) => make(index))));
  const name = (index: number): Buffer => option(String(index).padStart(4, '0'));
  const wrong: Readonly<Record<string, Buffer>> = {
    'a byte too many': handMade({ more: Buffer.alloc(1) }),
    'a plain key': key.blob,
    'another version': handMade({ type: wireString('ssh-ed25519-cert-v00@openssh.com') }),
    'an unknown use': handMade({ use: wireUint32(3) }),
    'a key id with a line end': handMade({ id: wireString('a\nb') }),
    'a key id that is no UTF-8': handMade({ id: wireString(Buffer.from([0xc0, 0x80])) }),
    'a NUL in a principal': handMade({ principals: wireString(wireString('env:*\0')) }),
    'a principal that is cut off': handMade({ principals: wireString(Buffer.from([0, 0, 0, 9, 65])) }),
    'too many principals': handMade({ principals: many(257, () => wireString('x')) }),
    'options out of order': handMade({ critical: wireString(Buffer.concat([option('b'), option('a')])) }),
    'an option twice': handMade({ critical: wireString(Buffer.concat([option('a'), option('a')])) }),
    'an extension twice': handMade({ extensions: wireString(Buffer.concat([option('a'), option('a')])) }),
    'an option without data': handMade({ critical: wireString(wireString('a')) }),
    'an option without a name': handMade({ critical: wireString(option('')) }),
    'too many options': handMade({ critical: many(65, name) }),
    'something in the reserved field': handMade({ reserved: wireString('x') }),
    'more than a login carries': handMade({ id: wireString('x'.repeat(33_000)) }),
    nothing: Buffer.alloc(0),
  };
  for (const [what, blob] of Object.entries(wrong)) t.match(parseCertificate(blob), { ok: false }, what);
  t.ok(
    parseCertificate(handMade({ critical: many(64, name), principals: many(256, () => wireString('x')) })).ok,
  );
});

t.test('data of an option that is not one text is none', async (t) => {
  t.equal(optionText(wireString('x')), 'x');
  t.equal(optionText(Buffer.alloc(0)), undefined);
  t.equal(optionText(Buffer.concat([wireString('x'), Buffer.alloc(1)])), undefined);
});

t.test('lines', async (t) => {
  const { certificateLine: line } = signKey(t, authority, key);
  const [type = '', base64 = ''] = line.split(' ');
  t.ok(parseCertificateLine(`${type} ${base64}`).ok, 'without a comment');
  for (const wrong of [
    '',
    key.line,
    `${type} ${base64.slice(0, -4)}`,
    `${type} ${base64}\n${type} ${base64}`,
    `ssh-rsa-cert-v01@openssh.com ${base64}`,
    `${type} !${base64}`,
    `cert-authority ${type} ${base64}`,
  ])
    t.match(parseCertificateLine(wrong), { ok: false });
  t.ok(isCertificateType('rsa-sha2-512-cert-v01@openssh.com'));
  t.notOk(isCertificateType('ssh-rsa'));
  t.equal(certificateTypeOf('sk-ssh-ed25519@openssh.com'), 'sk-ssh-ed25519-cert-v01@openssh.com');
  t.equal(certificateTypeOf('ssh-dss'), undefined);
});

t.test('no bytes make it throw, and whatever it reads it has read to the last byte', async () => {
  const whole = handMade({ critical: wireString(option('source-address', '\0\0\0\0')) });
  fc.assert(
    fc.property(
      fc.nat(whole.length - 1),
      fc.uint8Array({ maxLength: 6 }),
      fc.nat(8),
      (at, inserted, removed) => {
        const mutated = Buffer.concat([whole.subarray(0, at), inserted, whole.subarray(at + removed)]);
        const result = parseCertificate(mutated);
        return (
          !result.ok || result.value.signed.length + 4 + result.value.signature.length === mutated.length
        );
      },
    ),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (bytes) => typeof parseCertificate(bytes).ok === 'boolean',
    ),
  );
  fc.assert(fc.property(fc.string(), (text) => !parseCertificateLine(text).ok));
});
