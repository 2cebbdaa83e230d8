import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { inspectPublicKey } from '../../../server/identity/public-key.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

/** The fields of a public key blob, RFC 4251 section 5. */
function blobOf(...fields: (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(field);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

function fieldsOf(blob: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    const length = blob.readUInt32BE(at);
    fields.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

t.test('every type of key that ssh-keygen makes and ssh2 can verify', (t) => {
  const kinds = [
    { type: 'ed25519' },
    { type: 'ecdsa', bits: 256 },
    { type: 'ecdsa', bits: 384 },
    { type: 'ecdsa', bits: 521 },
    { type: 'rsa', bits: 2048 },
    { type: 'rsa', bits: 3072 },
  ] as const;
  for (const kind of kinds) {
    const key = makeKey(t, kind);
    t.same(inspectPublicKey(key.type, key.blob), { ok: true, type: key.type }, key.type);
  }
  t.end();
});

t.test('weak and old ones are refused, with a reason', (t) => {
  const weak = makeKey(t, { type: 'rsa', bits: 1024 });
  t.match(inspectPublicKey(weak.type, weak.blob), { ok: false, problem: /1024 bits, 2048 are needed/ });
  const dsa = makeKey(t, { type: 'dsa' });
  t.match(inspectPublicKey(dsa.type, dsa.blob), { ok: false, problem: /ssh-dss are not accepted/ });
  t.end();
});

t.test('keys of security devices are refused, not misread', (t) => {
  const type = 'sk-ssh-ed25519@openssh.com';
  t.match(inspectPublicKey(type, blobOf(type, Buffer.alloc(32, 1), 'ssh:')), {
    ok: false,
    problem: /not accepted/,
  });
  t.end();
});

t.test('a certificate is no key', (t) => {
  const [authority, user] = [makeKey(t), makeKey(t)];
  execFileSync('ssh-keygen', ['-q', '-s', authority.path, '-I', 'id', '-n', 'pr-1', `${user.path}.pub`], {
    stdio: 'pipe',
  });
  const line = execFileSync('cat', [`${user.path}-cert.pub`])
    .toString()
    .split(' ');
  const blob = Buffer.from(line[1] ?? '', 'base64');
  t.equal(line[0], 'ssh-ed25519-cert-v01@openssh.com');
  t.match(inspectPublicKey(line[0] ?? '', blob), { ok: false });
  t.match(inspectPublicKey('ssh-ed25519', blob), { ok: false });
  t.end();
});

t.test('what the blob says must be what was claimed', (t) => {
  const { type, blob } = makeKey(t);
  t.equal(inspectPublicKey(type, blob).ok, true);
  for (const claimed of ['ssh-rsa', 'ecdsa-sha2-nistp256', 'constructor', '__proto__', 'toString', '']) {
    t.equal(inspectPublicKey(claimed, blob).ok, false, claimed);
    t.equal(inspectPublicKey(claimed, blobOf(claimed, 'Object', Buffer.alloc(1))).ok, false, claimed);
  }
  const ecdsa = makeKey(t, { type: 'ecdsa', bits: 256 });
  const [, , point = Buffer.alloc(0)] = fieldsOf(ecdsa.blob);
  t.equal(
    inspectPublicKey('ecdsa-sha2-nistp256', blobOf('ecdsa-sha2-nistp256', 'nistp384', point)).ok,
    false,
    'another curve',
  );
  const compressed = Buffer.concat([Buffer.from([2]), point.subarray(1)]);
  t.equal(
    inspectPublicKey('ecdsa-sha2-nistp256', blobOf('ecdsa-sha2-nistp256', 'nistp256', compressed)).ok,
    false,
  );
  t.end();
});

t.test('RSA keys that prove nothing, or that nobody makes', (t) => {
  const [, exponent = Buffer.alloc(0), modulus = Buffer.alloc(0)] = fieldsOf(
    makeKey(t, { type: 'rsa', bits: 2048 }).blob,
  );
  const check = (e: Uint8Array, n: Uint8Array): boolean =>
    inspectPublicKey('ssh-rsa', blobOf('ssh-rsa', e, n)).ok;
  t.equal(check(exponent, modulus), true);
  t.equal(check(Buffer.from([1]), modulus), false, 'an exponent of 1: anybody can sign');
  t.equal(check(Buffer.from([4]), modulus), false, 'an even exponent');
  t.equal(check(Buffer.alloc(0), modulus), false, 'an exponent of 0');
  t.equal(check(Buffer.from([0, 3]), modulus), false, 'not the shortest form');
  t.equal(check(Buffer.from([0x80, 1]), modulus), false, 'negative');
  t.equal(check(Buffer.alloc(9, 1), modulus), false, 'a huge exponent');
  t.equal(
    check(exponent, Buffer.concat([modulus.subarray(0, -1), Buffer.from([2])])),
    false,
    'an even modulus',
  );
  t.equal(check(exponent, modulus.subarray(1)), false, 'a negative modulus');
  t.equal(check(exponent, Buffer.concat([Buffer.from([0]), modulus])), false, 'a zero too many');
  t.equal(check(exponent, Buffer.alloc(2050, 0x7f)), false, 'more bits than anybody needs');
  t.end();
});

t.test('Ed25519 keys of a wrong length, or of nothing', (t) => {
  for (const point of [Buffer.alloc(31, 1), Buffer.alloc(33, 1), Buffer.alloc(32), Buffer.alloc(0)]) {
    t.equal(inspectPublicKey('ssh-ed25519', blobOf('ssh-ed25519', point)).ok, false);
  }
  t.equal(inspectPublicKey('ssh-ed25519', blobOf('ssh-ed25519', Buffer.alloc(32, 1), 'more')).ok, false);
  t.equal(inspectPublicKey('ssh-ed25519', Buffer.alloc(5000, 1)).ok, false, 'too long');
  t.equal(inspectPublicKey('', Buffer.alloc(0)).ok, false);
  t.end();
});

t.test('damage anywhere is never accepted as a key of another length, and never throws', (t) => {
  const keys = [
    makeKey(t),
    makeKey(t, { type: 'ecdsa', bits: 256 }),
    makeKey(t, { type: 'rsa', bits: 2048 }),
  ];
  const damage = fc.record({
    key: fc.constantFrom(...keys),
    cut: fc.nat(400),
    tail: fc.uint8Array({ maxLength: 5 }),
  });
  fc.assert(
    fc.property(damage, ({ key, cut, tail }) => {
      const damaged = Buffer.concat([key.blob.subarray(0, cut), tail]);
      return !inspectPublicKey(key.type, damaged).ok || damaged.length === key.blob.length;
    }),
    { numRuns: 1000 },
  );
  fc.assert(fc.property(fc.string(), fc.uint8Array(), (type, bytes) => !inspectPublicKey(type, bytes).ok));
  t.end();
});

t.test('nothing is accepted that ssh-keygen does not read', (t) => {
  const dir = scratchDir(t);
  const keys = [
    makeKey(t),
    makeKey(t, { type: 'ecdsa', bits: 256 }),
    makeKey(t, { type: 'rsa', bits: 2048 }),
  ];
  const flips = fc.record({ key: fc.constantFrom(...keys), at: fc.nat(100), bit: fc.nat(7) });
  fc.assert(
    fc.property(flips, ({ key, at, bit }) => {
      const changed = Buffer.from(key.blob);
      changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ (1 << bit);
      if (!inspectPublicKey(key.type, changed).ok) return true;
      const file = join(dir, 'changed.pub');
      writeFileSync(file, `${key.type} ${changed.toString('base64')}\n`);
      const read = spawnSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' });
      // A point that is not on its curve is found when its signature is checked.
      return read.status === 0 || key.type.startsWith('ecdsa');
    }),
    { numRuns: 40 },
  );
  t.end();
});
