import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign as nodeSign, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { WireReader, wireString, wireUint32 } from '../../../core/ssh-wire.ts';
import { signatureAlgorithms, verifySignature, type Verdict } from '../../../server/identity/signature.ts';
import { ecdsaSignature, makeFidoKey, mpint, type FidoKey } from '../../support/fido-key.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const data = Buffer.from('session id and request');

interface Signer {
  readonly type: string;
  readonly blob: Buffer;
  readonly algorithm: string;
  /** What is between the algorithm's name and the end. */
  readonly bytes: (data: Buffer) => Buffer;
}

function pairOf(name: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (name === 'ed25519') return generateKeyPairSync('ed25519');
  if (name === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve: name });
}

function ed25519(): Signer {
  const { privateKey, publicKey } = pairOf('ed25519');
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const type = 'ssh-ed25519';
  const blob = Buffer.concat([wireString(type), wireString(point)]);
  return { type, blob, algorithm: type, bytes: (data) => nodeSign(null, data, privateKey) };
}

function ecdsa(curve: 'P-256' | 'P-384' | 'P-521'): Signer {
  const { privateKey, publicKey } = pairOf(curve);
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const name = `nistp${curve.slice(2)}`;
  const type = `ecdsa-sha2-${name}`;
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const blob = Buffer.concat([type, name, point].map(wireString));
  const hash = { 'P-256': 'sha256', 'P-384': 'sha384', 'P-521': 'sha512' }[curve];
  return { type, blob, algorithm: type, bytes: (data) => ecdsaSignature(hash, data, privateKey) };
}

function rsa(algorithm: 'rsa-sha2-256' | 'rsa-sha2-512' | 'ssh-rsa'): Signer {
  const { privateKey, publicKey } = pairOf('rsa');
  const { e = '', n = '' } = publicKey.export({ format: 'jwk' });
  const numbers = [e, n].map((text) => mpint(Buffer.from(text, 'base64url')));
  const blob = Buffer.concat(['ssh-rsa', ...numbers].map(wireString));
  const hash = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512', 'ssh-rsa': 'sha1' }[algorithm];
  return { type: 'ssh-rsa', blob, algorithm, bytes: (data) => nodeSign(hash, data, privateKey) };
}

const signers = [
  ed25519(),
  ecdsa('P-256'),
  ecdsa('P-384'),
  ecdsa('P-521'),
  rsa('rsa-sha2-256'),
  rsa('rsa-sha2-512'),
];

function wire(algorithm: string, bytes: Buffer, rest: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([wireString(algorithm), wireString(bytes), rest]);
}

function verified(signer: Pick<Signer, 'type' | 'blob'>, signature: Buffer, signed = data): Verdict {
  return verifySignature({ key: signer, signature, data: signed });
}

t.test('the right signature, and nothing else', (t) => {
  for (const signer of signers) {
    const { algorithm, type, blob, bytes } = signer;
    const good = wire(algorithm, bytes(data));
    t.same(verified(signer, good), { ok: true }, algorithm);
    t.same(verifySignature({ key: { type, blob }, algorithm, signature: good, data }), { ok: true });
    t.equal(verified(signer, good, Buffer.from('other data')).ok, false, 'of other data');
    t.equal(verified(signer, Buffer.concat([good, Buffer.of(0)])).ok, false, 'a byte too many');
    t.equal(verified(signer, good.subarray(0, -1)).ok, false, 'a byte missing');
    t.equal(verified(signer, wire(algorithm, Buffer.concat([bytes(data), Buffer.of(0)]))).ok, false);
    t.equal(verified(signer, bytes(data)).ok, false, 'without its frame');
    t.equal(verified(signer, wire(algorithm, Buffer.alloc(0))).ok, false, 'empty');
    t.equal(verified(signer, Buffer.alloc(0)).ok, false);
    for (const fill of [0, 1, 0xff])
      t.equal(verified(signer, wire(algorithm, Buffer.alloc(bytes(data).length, fill))).ok, false);
  }
  t.end();
});

t.test('a signature of one key is none of another', (t) => {
  for (const make of [ed25519, () => ecdsa('P-256'), () => rsa('rsa-sha2-512')]) {
    const [one, other] = [make(), make()];
    t.match(verified(one, wire(other.algorithm, other.bytes(data))), {
      ok: false,
      reason: 'the signature is wrong',
    });
  }
  t.end();
});

t.test('the algorithm is the one that was agreed on, and one for the key', (t) => {
  const key = rsa('rsa-sha2-256');
  const signature = wire('rsa-sha2-256', key.bytes(data));
  const agreed = (algorithm: string): boolean => verifySignature({ key, algorithm, signature, data }).ok;
  t.equal(agreed('rsa-sha2-256'), true);
  for (const other of ['rsa-sha2-512', 'ssh-rsa', '', 'ssh-ed25519', 'constructor'])
    t.equal(agreed(other), false, other);
  for (const algorithm of ['ssh-rsa', 'rsa-sha2-512', 'ssh-ed25519', 'rsa-sha2-256-cert-v01@openssh.com'])
    t.equal(verified(key, wire(algorithm, key.bytes(data))).ok, false, `labelled ${algorithm}`);
  t.end();
});

t.test('RSA with SHA-1 is never good', (t) => {
  const old = rsa('ssh-rsa');
  t.match(verified(old, wire('ssh-rsa', old.bytes(data))), { ok: false, reason: /not accepted/ });
  t.notOk(signatureAlgorithms.includes('ssh-rsa'));
  t.end();
});

t.test('RSA: a shorter writing of the same number is read, as OpenSSH reads it', (t) => {
  const key = rsa('rsa-sha2-512');
  const signed = (text: string): Buffer => key.bytes(Buffer.from(text));
  let nonce = 0;
  while (signed(String(nonce))[0] !== 0) nonce += 1;
  const text = Buffer.from(String(nonce));
  t.equal(verified(key, wire(key.algorithm, key.bytes(text)), text).ok, true);
  t.equal(verified(key, wire(key.algorithm, key.bytes(text).subarray(1)), text).ok, true);
  const longer = Buffer.concat([Buffer.of(0), key.bytes(text)]);
  t.equal(verified(key, wire(key.algorithm, longer), text).ok, false, 'never longer than the modulus');
  t.end();
});

/** The two numbers of an ECDSA signature. */
function numbersOf(bytes: Buffer): [r: Buffer, s: Buffer] {
  const reader = new WireReader(bytes);
  return [reader.string(), reader.string()];
}

t.test('ECDSA: the numbers are mpints in the shortest form, with a zero before a high bit', (t) => {
  for (const signer of signers.filter(({ type }) => type.startsWith('ecdsa'))) {
    const seen = new Set<number>();
    for (let i = 0; i < 40; i += 1) {
      const bytes = signer.bytes(data);
      const [r, s] = numbersOf(bytes);
      seen.add(r.length);
      const changed = (...numbers: Buffer[]): boolean =>
        verified(signer, wire(signer.algorithm, Buffer.concat(numbers.map(wireString)))).ok;
      t.equal(changed(r, s), true);
      t.equal(changed(Buffer.concat([Buffer.of(0), r]), s), false, 'a zero too many');
      t.equal(changed(r, Buffer.concat([Buffer.of(0), s])), false);
      if (r[0] === 0) t.equal(changed(r.subarray(1), s), false, 'negative');
      t.equal(changed(s, r), false);
      t.equal(changed(r, s, s), false, 'three');
      t.equal(changed(r), false, 'one');
      t.equal(changed(Buffer.of(0), s), false, 'zero');
      t.equal(changed(Buffer.alloc(0), s), false);
      t.equal(changed(Buffer.alloc(200, 1), s), false, 'longer than the curve');
    }
    if (signer.type !== 'ecdsa-sha2-nistp521') t.ok(seen.size > 1, 'with a high bit and without one');
  }
  t.end();
});

t.test('keys that no signature can be checked with', (t) => {
  const signer = ecdsa('P-256');
  const broken = Buffer.from(signer.blob);
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  t.match(verified({ ...signer, blob: broken }, wire(signer.algorithm, signer.bytes(data))), {
    ok: false,
    reason: /not a point/,
  });
  const weak = makeKey(t, { type: 'rsa', bits: 1024 });
  t.match(verified(weak, wire('rsa-sha2-256', Buffer.alloc(128, 1))), { ok: false, reason: /1024 bits/ });
  t.match(verified(makeKey(t, { type: 'dsa' }), wire('ssh-dss', Buffer.alloc(40, 1))), { ok: false });
  t.match(verified({ type: 'constructor', blob: broken }, wire('constructor', broken)), { ok: false });
  t.end();
});

t.test('signatures that ssh-keygen makes', (t) => {
  const kinds = [
    { type: 'ed25519' },
    { type: 'ecdsa', bits: 256 },
    { type: 'ecdsa', bits: 521 },
    { type: 'rsa', bits: 2048 },
  ] as const;
  const message = join(scratchDir(t), 'message');
  writeFileSync(message, 'hello');
  for (const kind of kinds) {
    const key = makeKey(t, kind);
    execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'file', '-f', key.path, message], {
      stdio: 'pipe',
    });
    const armour = readFileSync(`${message}.sig`, 'utf8').replace(/-----[^-]*-----|\s/g, '');
    const reader = new WireReader(Buffer.from(armour, 'base64'));
    reader.bytes(6 + 4); // SSHSIG and its version
    reader.string(); // the key
    const [namespace, reserved, hash] = [reader.string(), reader.string(), reader.string()];
    const digest = execFileSync(`${hash.toString()}sum`, [message]).toString().split(' ')[0] ?? '';
    const fields = [namespace, reserved, hash, Buffer.from(digest, 'hex')].map(wireString);
    const signed = Buffer.concat([Buffer.from('SSHSIG'), ...fields]);
    t.same(verifySignature({ key, signature: reader.string(), data: signed }), { ok: true }, key.type);
    execFileSync('rm', [`${message}.sig`]);
  }
  t.end();
});

/** What `ssh-keygen -Y verify` says of a signature by a FIDO key (OpenSSH's PROTOCOL.sshsig), for whose bytes `sign` is asked. */
function opensshAgrees(t: Test, key: FidoKey, sign: (data: Buffer) => Buffer): boolean {
  const dir = scratchDir(t);
  const digest = createHash('sha512').update('hello').digest();
  const words = ['file', '', 'sha512'].map(wireString);
  const signature = sign(Buffer.concat([Buffer.from('SSHSIG'), ...words, wireString(digest)]));
  const head = [Buffer.from('SSHSIG'), wireUint32(1), wireString(key.blob)];
  const armoured = Buffer.concat([...head, ...words, wireString(signature)]).toString('base64');
  writeFileSync(
    join(dir, 'signature'),
    `-----BEGIN SSH SIGNATURE-----\n${armoured.replace(/.{70}/g, '$&\n')}\n-----END SSH SIGNATURE-----\n`,
  );
  writeFileSync(join(dir, 'signers'), `me ${key.line}\n`);
  const args = [
    '-Y',
    'verify',
    '-f',
    join(dir, 'signers'),
    '-I',
    'me',
    '-n',
    'file',
    '-s',
    join(dir, 'signature'),
  ];
  const { status } = spawnSync('ssh-keygen', args, { input: 'hello' });
  // Ours must say the same of the same bytes.
  const signed = Buffer.concat([Buffer.from('SSHSIG'), ...words, wireString(digest)]);
  t.equal(verifySignature({ key, signature, data: signed }).ok, status === 0);
  return status === 0;
}

t.test('FIDO keys: OpenSSH says the same of the signatures of these tests', (t) => {
  for (const kind of ['ed25519', 'ecdsa'] as const) {
    const key = makeFidoKey(t, kind);
    for (const how of [{}, { counter: 2 ** 31 + 1 }, { flags: 5 }, { flags: 5, counter: 0 }])
      t.equal(
        opensshAgrees(t, key, (data) => key.sign(data, how)),
        true,
        `${key.type} ${JSON.stringify(how)}`,
      );
    const changed = (at: number) => (data: Buffer) => {
      const signature = key.sign(data);
      signature[signature.length + at] = (signature[signature.length + at] ?? 0) ^ 1;
      return signature;
    };
    for (const at of [-1, -5, -6, -40]) t.equal(opensshAgrees(t, key, changed(at)), false, String(at));
    t.equal(
      opensshAgrees(t, key, (data) => key.sign(data, { application: 'ssh:x' })),
      false,
    );
    t.equal(
      opensshAgrees(t, key, (data) => Buffer.concat([key.sign(data), Buffer.of(0)])),
      false,
    );
    t.equal(
      opensshAgrees(t, key, (data) => key.sign(data).subarray(0, -1)),
      false,
    );
  }
  t.end();
});

t.test('FIDO keys: what the device says is told', (t) => {
  for (const kind of ['ed25519', 'ecdsa'] as const) {
    const key = makeFidoKey(t, kind);
    const cases = [
      { flags: 1, counter: 7, device: { userPresent: true, userVerified: false, counter: 7 } },
      { flags: 5, counter: 0, device: { userPresent: true, userVerified: true, counter: 0 } },
      {
        flags: 0,
        counter: 2 ** 32 - 1,
        device: { userPresent: false, userVerified: false, counter: 2 ** 32 - 1 },
      },
      { flags: 4, counter: 1, device: { userPresent: false, userVerified: true, counter: 1 } },
    ];
    for (const { device, ...how } of cases)
      t.same(verified(key, key.sign(data, how)), { ok: true, device }, `${key.type} ${JSON.stringify(how)}`);
  }
  t.end();
});

t.test('FIDO keys: nothing that was signed can be changed', (t) => {
  for (const kind of ['ed25519', 'ecdsa'] as const) {
    const key = makeFidoKey(t, kind);
    const good = key.sign(data, { flags: 0, counter: 5 });
    const changed = (at: number, value: number): boolean => {
      const copy = Buffer.from(good);
      copy[at < 0 ? copy.length + at : at] = value;
      return verified(key, copy).ok;
    };
    t.equal(changed(-5, 1), false, 'a touch that did not happen');
    t.equal(changed(-1, 6), false, 'another counter');
    t.equal(verified(key, key.sign(data, { application: 'ssh:other' })).ok, false, 'for another application');
    t.equal(verified(key, key.sign(data, { application: 'https://example.com' })).ok, false);
    t.equal(verified(key, good, Buffer.from('other data')).ok, false);
    t.equal(verified(key, good.subarray(0, -1)).ok, false, 'a counter that is cut short');
    t.equal(verified(key, Buffer.concat([good, Buffer.of(0)])).ok, false, 'something behind the counter');
    t.equal(verified(key, good.subarray(0, -5)).ok, false, 'no flags and counter');
    t.equal(verified(makeFidoKey(t, kind), good).ok, false, 'of another key');
    t.equal(verified(makeFidoKey(t, kind === 'ecdsa' ? 'ed25519' : 'ecdsa'), good).ok, false);
  }
  t.end();
});

t.test('FIDO keys: the signature of a plain key is none, nor the other way round', (t) => {
  const { privateKey, publicKey } = pairOf('ed25519');
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const sk = 'sk-ssh-ed25519@openssh.com';
  const skKey = { type: sk, blob: Buffer.concat([sk, point, 'ssh:'].map((each) => wireString(each))) };
  const plain = nodeSign(null, data, privateKey);
  const tail = Buffer.concat([Buffer.of(1), wireUint32(9)]);
  t.equal(verified(skKey, wire(sk, plain, tail)).ok, false);
  t.equal(verified(skKey, wire('ssh-ed25519', plain)).ok, false);
  const device = makeFidoKey(t);
  t.equal(verified({ ...device, type: 'ssh-ed25519' }, device.sign(data)).ok, false);
  t.equal(verified(device, wire(`webauthn-${sk}`, plain, tail)).ok, false);
  t.end();
});

t.test('no signature is too strange', (t) => {
  const keys = [...signers, makeFidoKey(t), makeFidoKey(t, 'ecdsa')];
  const signatures = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(
        fc.constantFrom(...signatureAlgorithms),
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 6 }),
      )
      .map(([algorithm, bytes, rest]) => wire(algorithm, Buffer.from(bytes), Buffer.from(rest))),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...keys),
      signatures,
      (key, signature) => !verified(key, Buffer.from(signature)).ok,
    ),
    { numRuns: 2000 },
  );
  t.end();
});
