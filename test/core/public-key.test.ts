import { execFileSync, spawnSync } from 'node:child_process';
import { createECDH, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import {
  fingerprintOf,
  inspectPublicKey,
  parsePublicKey,
  privateKeyForm,
  publicKeyTypes,
  type PublicKeyResult,
} from '../../core/public-key.ts';
import { WireReader, wireString } from '../../core/ssh-wire.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { publicKeyCases } from './public-key-cases.ts';

const dir = scratchDir(t);

function outcome(result: PublicKeyResult): string {
  return result.ok ? `${result.key.type} ${result.key.bits}` : result.code;
}

function verdict(text: string): string {
  return outcome(parsePublicKey(text));
}

function blobOf(...fields: (string | Uint8Array)[]): Buffer {
  return Buffer.concat(fields.map(wireString));
}

function lineOf(type: string, ...fields: (string | Uint8Array)[]): string {
  return `${type} ${blobOf(type, ...fields).toString('base64')}`;
}

function fieldsOf(blob: Uint8Array): Buffer[] {
  const reader = new WireReader(blob);
  const fields: Buffer[] = [];
  while (reader.more) fields.push(reader.string());
  return fields;
}

const ed25519 = makeKey(t);
const ecdsa = makeKey(t, { type: 'ecdsa', bits: 256 });
const rsa = makeKey(t, { type: 'rsa', bits: 2048 });
const [, edPoint = Buffer.alloc(0)] = fieldsOf(ed25519.blob);
const [, , ecPoint = Buffer.alloc(0)] = fieldsOf(ecdsa.blob);
const skEd25519 = lineOf('sk-ssh-ed25519@openssh.com', edPoint, 'ssh:');
const skEcdsa = lineOf('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', ecPoint, 'ssh:web');
const lines = [ed25519.line, ecdsa.line, rsa.line, skEd25519, skEcdsa];

t.test('the table of cases', (t) => {
  for (const { name, text, expect } of publicKeyCases) t.equal(verdict(text), expect, name);
  t.equal(publicKeyCases.length, 44);
  t.end();
});

t.test('what is known of a key', async (t) => {
  t.match(parsePublicKey(`\uFEFF  ${ed25519.line} \t Zoë's laptop ☃ \r\n`), {
    ok: true,
    key: {
      type: 'ssh-ed25519',
      bits: 256,
      comment: "Zoë's laptop ☃",
      base64: ed25519.blob.toString('base64'),
      line: `${ed25519.line} Zoë's laptop ☃`,
    },
  });
  const bare = parsePublicKey(skEcdsa);
  t.match(bare, { ok: true, key: { comment: '', line: skEcdsa, application: 'ssh:web', bits: 256 } });
  t.ok(bare.ok && Buffer.from(bare.key.blob).equals(Buffer.from(skEcdsa.split(' ')[1] ?? '', 'base64')));
  t.notOk(Object.hasOwn(parsePublicKey(rsa.line), 'application'));
  t.equal(await fingerprintOf(rsa.blob), fingerprint(rsa.blob));
});

/** What `ssh-keygen -l` makes of a line: bits and fingerprint; undefined when it refuses. */
function listed(line: string): string | undefined {
  const file = join(dir, 'listed.pub');
  writeFileSync(file, `${line}\n`);
  const { status, stdout } = spawnSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' });
  return status === 0 ? stdout.split(' ', 2).join(' ') : undefined;
}

function ours(line: string): string | undefined {
  const result = parsePublicKey(line);
  return result.ok ? `${result.key.bits} ${fingerprint(result.key.blob)}` : undefined;
}

t.test('bits and fingerprint are those of ssh-keygen -l, of every type and size', (t) => {
  const more = [
    makeKey(t, { type: 'ecdsa', bits: 384 }),
    makeKey(t, { type: 'ecdsa', bits: 521 }),
    makeKey(t, { type: 'rsa', bits: 3072 }),
    makeKey(t, { type: 'rsa', bits: 4096 }),
  ];
  for (const line of [...lines, ...more.map((key) => key.line)]) {
    t.equal(ours(line), listed(line), line.slice(0, 40));
    t.ok(ours(line));
  }
  t.end();
});

t.test('whatever is changed in a key, what is accepted is what ssh-keygen reads', (t) => {
  const changes = fc.record({
    line: fc.constantFrom(...lines),
    at: fc.nat(400),
    how: fc.oneof(
      fc.record({ kind: fc.constant('flip' as const), bit: fc.nat(7) }),
      fc.record({
        kind: fc.constant('insert' as const),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }),
      }),
      fc.record({ kind: fc.constant('cut' as const), count: fc.integer({ min: 1, max: 5 }) }),
    ),
  });
  let accepted = 0;
  fc.assert(
    fc.property(changes, ({ line, at, how }) => {
      const [type = '', base64 = ''] = line.split(' ');
      const blob = Buffer.from(base64, 'base64');
      const place = at % blob.length;
      const changed = Buffer.concat([blob.subarray(0, place), changedBytes(blob, place, how)]);
      const altered = `${type} ${changed.toString('base64')}`;
      const mine = ours(altered);
      if (mine === undefined) return true;
      accepted += 1;
      return mine === listed(altered);
    }),
    { numRuns: 600 },
  );
  t.ok(accepted > 10, 'a changed point may be another point, a changed modulus another modulus');
  t.end();
});

type Change =
  | { readonly kind: 'flip'; readonly bit: number }
  | { readonly kind: 'insert'; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly count: number };

function changedBytes(blob: Buffer, place: number, how: Change): Buffer {
  const tail = Buffer.from(blob.subarray(place));
  switch (how.kind) {
    case 'flip':
      tail[0] = (tail[0] ?? 0) ^ (1 << how.bit);
      return tail;
    case 'insert':
      return Buffer.concat([how.bytes, tail]);
    case 'cut':
      return tail.subarray(how.count);
  }
}

// ssh-keygen only lists what it reads; a key that logs in must also be able to prove something.
t.test('stricter than ssh-keygen -l, and why', (t) => {
  const [, e = Buffer.alloc(0), n = Buffer.alloc(0)] = fieldsOf(rsa.blob);
  const even = Buffer.concat([n.subarray(0, -1), Buffer.from([(n.at(-1) ?? 0) & 0xfe])]);
  const timesThree = Buffer.from(
    (3n * BigInt(`0x${n.subarray(5).toString('hex')}`)).toString(16).padStart(514, '0'),
    'hex',
  );
  const stricter: [why: string, line: string, code: string][] = [
    ['weak', makeKey(t, { type: 'rsa', bits: 1024 }).line, 'rsa-size'],
    ['DSA', makeKey(t, { type: 'dsa' }).line, 'dsa'],
    ['anybody can sign with an exponent of 1', lineOf('ssh-rsa', Buffer.of(1), n), 'rsa-exponent'],
    ['an even exponent', lineOf('ssh-rsa', Buffer.of(4), n), 'rsa-exponent'],
    ['an exponent of more than 64 bits', lineOf('ssh-rsa', Buffer.alloc(9, 1), n), 'rsa-exponent'],
    ['an even modulus has no private half', lineOf('ssh-rsa', e, even), 'rsa-modulus'],
    ['a modulus with a small factor is damaged', lineOf('ssh-rsa', e, trimmed(timesThree)), 'rsa-size'],
    ['no point at all', lineOf('ssh-ed25519', Buffer.alloc(32)), 'curve'],
    ['not on the curve', lineOf('ssh-ed25519', offCurve()), 'curve'],
    ['a point of order 8', lineOf('ssh-ed25519', Buffer.from(orderEight, 'hex')), 'curve'],
    ['no application', lineOf('sk-ssh-ed25519@openssh.com', edPoint, ''), 'application'],
    [
      'a control in the application',
      lineOf('sk-ssh-ed25519@openssh.com', edPoint, 'ssh:\u0007'),
      'application',
    ],
    ['options', `restrict ${ed25519.line}`, 'options'],
    ['a comment that moves the cursor', `${ed25519.line} \u001b[2J`, 'control-characters'],
    ['another key in the comment', `${ed25519.line} me ${ecdsa.line}`, 'several-keys'],
  ];
  for (const [why, line, code] of stricter) {
    t.equal(verdict(line), code, why);
    t.ok(listed(line), `${why}: ssh-keygen lists it`);
  }
  t.end();
});

const orderEight = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05';

function trimmed(number: Buffer): Buffer {
  const start = number.findIndex((byte) => byte !== 0);
  const rest = number.subarray(start);
  return (rest[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), rest]) : rest;
}

function offCurve(): Buffer {
  for (let y = 2; ; y += 1) {
    const point = Buffer.alloc(32);
    point.writeUInt32LE(y);
    if (!inspectPublicKey('ssh-ed25519', blobOf('ssh-ed25519', point)).ok) return point;
  }
}

t.test('points of Ed25519: those of node:crypto are, the few of a small order are not', (t) => {
  for (let i = 0; i < 50; i += 1) {
    const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    t.ok(inspectPublicKey('ssh-ed25519', blobOf('ssh-ed25519', Buffer.from(x, 'base64url'))).ok);
  }
  const small = [
    ...['00'.repeat(32), `01${'00'.repeat(31)}`, `ec${'ff'.repeat(30)}7f`, orderEight],
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    // Not less than the prime: another writing of 0 and of 1.
    ...[`ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`],
  ];
  for (const point of small)
    for (const sign of [0, 0x80]) {
      const bytes = Buffer.from(point, 'hex');
      bytes[31] = (bytes[31] ?? 0) | sign;
      t.equal(outcome(inspectPublicKey('ssh-ed25519', blobOf('ssh-ed25519', bytes))), 'curve', point);
    }
  t.end();
});

t.test('points of the NIST curves', (t) => {
  for (const [name, curve] of [
    ['nistp256', 'prime256v1'],
    ['nistp384', 'secp384r1'],
    ['nistp521', 'secp521r1'],
  ] as const) {
    const type = `ecdsa-sha2-${name}`;
    for (let i = 0; i < 20; i += 1) {
      const point = createECDH(curve).generateKeys();
      t.ok(inspectPublicKey(type, blobOf(type, name, point)).ok);
      const compressed = Buffer.concat([Buffer.of(2), point.subarray(1, 1 + (point.length - 1) / 2)]);
      const zero = Buffer.concat([Buffer.of(4), Buffer.alloc(point.length - 1)]);
      const beyond = Buffer.concat([Buffer.of(4), Buffer.alloc(point.length - 1, 0xff)]);
      for (const bad of [compressed, zero, beyond, point.subarray(1), Buffer.of(0)])
        t.equal(outcome(inspectPublicKey(type, blobOf(type, name, bad))), 'curve');
    }
  }
  t.end();
});

t.test('what a login says of its key must be so', (t) => {
  const others = ['ssh-rsa', 'ecdsa-sha2-nistp256', 'sk-ssh-ed25519@openssh.com'];
  for (const type of others) t.equal(outcome(inspectPublicKey(type, ed25519.blob)), 'mismatch', type);
  for (const type of ['constructor', '__proto__', 'toString', '', 'rsa-sha2-512', 'ssh-ed448'])
    t.equal(outcome(inspectPublicKey(type, blobOf(type, edPoint))), 'unknown-type', type);
  t.equal(outcome(inspectPublicKey('ssh-dss', blobOf('ssh-dss'))), 'dsa');
  t.equal(outcome(inspectPublicKey('ssh-ed25519-cert-v01@openssh.com', blobOf('x'))), 'certificate');
  t.equal(outcome(inspectPublicKey('ssh-ed25519', Buffer.alloc(0))), 'truncated');
  t.equal(outcome(inspectPublicKey('ssh-ed25519', Buffer.alloc(5000, 1))), 'too-long');
  t.equal(
    outcome(inspectPublicKey('ssh-rsa', blobOf('ssh-rsa', Buffer.of(3), Buffer.alloc(2050, 0x7f)))),
    'rsa-size',
  );
  t.end();
});

t.test('several lines, and what else is pasted', (t) => {
  const cases: [text: string, code: string][] = [
    [`# my key\n${ed25519.line}`, 'extra-lines'],
    [`${ed25519.line}\r\n\r\n`, 'ssh-ed25519 256'],
    [`${ed25519.line}\n${ed25519.line}`, 'several-keys'],
    [`${ed25519.line} ${ecdsa.line}`, 'several-keys'],
    [rsa.line.replace(/.{64}/g, '$&\n'), 'wrapped'],
    [rsa.line.replace(/.{64}/g, '$& '), 'truncated'],
    ['ssh-ed25519', 'truncated'],
    [ed25519.line.split(' ')[1] ?? '', 'unknown-type'],
    [`host.example.com ${ed25519.line}`, 'options'],
    [`cert-authority,principals="x" ${ed25519.line}`, 'options'],
    [`restrict`, 'options'],
    [`${ed25519.line} ${'x'.repeat(20_000)}`, 'too-long'],
    [`${ed25519.line} \u202Egnp.exe`, 'control-characters'],
    [`${ed25519.line} a\u2028b`, 'control-characters'],
    [`${ed25519.line} a\tb`, 'control-characters'],
    [Buffer.from(`\uFEFF${ed25519.line}\r\n`, 'utf16le').toString(), 'control-characters'],
    [`${ed25519.line} \ud800`, 'control-characters'],
    [ed25519.line.replace('ssh-', 'SSH-'), 'unknown-type'],
    ['ssh-ed25519 =', 'base64'],
    ['ssh-ed25519 AB==', 'base64'],
    ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', 'pem'],
  ];
  for (const [text, code] of cases) t.equal(verdict(text), code, JSON.stringify(text).slice(0, 60));
  t.match(parsePublicKey('ssh-ed448 AAAA'), { problem: publicKeyTypes.join(', ') });
  t.end();
});

t.test('the words for other formats of public keys work', (t) => {
  const forms = [[], ['-m', 'PKCS8'], ['-m', 'PEM']];
  for (const form of forms) {
    const file = join(dir, 'other');
    writeFileSync(file, execFileSync('ssh-keygen', ['-e', ...form, '-f', `${rsa.path}.pub`]));
    const result = parsePublicKey(readFileSync(file, 'utf8'));
    const [, words = ''] = /ssh-keygen (.*)$/.exec(result.ok ? '' : result.problem) ?? [];
    const args = words.replace('FILE', file).split(' ');
    t.equal(
      execFileSync('ssh-keygen', args, { encoding: 'utf8' }).split(' ')[1]?.trim(),
      rsa.line.split(' ')[1],
    );
  }
  t.end();
});

interface PrivateKey {
  readonly form: RegExp;
  readonly bytes: Buffer;
}

/** One private key in each form, as a file holds it. */
function privateKeys(): PrivateKey[] {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const ed = generateKeyPairSync('ed25519').privateKey;
  const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1', secret = {}): string =>
    key.export({ format: 'pem', type, ...secret } as { format: 'pem'; type: 'pkcs8' }).toString();
  const der = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1', secret = {}): Buffer =>
    key.export({ format: 'der', type, ...secret } as { format: 'der'; type: 'pkcs8' });
  const secret = { cipher: 'aes-256-cbc', passphrase: 'secret' };
  const jwk = JSON.stringify({ keys: [ed, pair, ec].map((key) => key.export({ format: 'jwk' })) }, null, 2);
  const fixture = (name: string): string =>
    publicKeyCases.find((each) => each.name.startsWith(name))?.text ?? '';
  const ppk = fixture('27');
  const texts: [RegExp, string][] = [
    [/OpenSSH/, ed25519.privateKey],
    [/OpenSSH/, fixture('21')],
    [/RSA/, pem(pair, 'pkcs1')],
    [/EC/, pem(ec, 'sec1')],
    [/DSA/, fixture('22').replaceAll('RSA', 'DSA')],
    [/RSA/, pem(pair, 'pkcs1', secret)],
    [/^a PKCS#8/, pem(ed, 'pkcs8')],
    [/encrypted PKCS#8/, pem(pair, 'pkcs8', secret)],
    [/PuTTY/, ppk],
    [/PuTTY/, ppk.replace('File-3', 'File-2')],
    [/JWK/, jwk],
    [/JWK/, JSON.stringify(ed.export({ format: 'jwk' }))],
    [/age/, `# created: today\nAGE-SECRET-KEY-1${'QPZRY9X8GF2TVDW0'.repeat(4)}\n`],
    [/SSH1/, `SSH PRIVATE KEY FILE FORMAT 1.1\n\0\0\0\0${'\u0001'.repeat(40)}`],
    [
      /SSH.COM/,
      `---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/56wAAAi4AAAA3aWYtbW9kbntzaWdu\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n`,
    ],
  ];
  const binaries: [RegExp, Buffer][] = [
    [/DER/, der(pair, 'pkcs1')],
    [/EC.*DER/, der(ec, 'sec1')],
    [/PKCS#8.*DER/, der(pair, 'pkcs8')],
    [/PKCS#8.*DER/, der(ed, 'pkcs8')],
    [/PKCS#8.*DER/, der(ec, 'pkcs8')],
    [/encrypted PKCS#8.*DER/, der(pair, 'pkcs8', secret)],
  ];
  return [
    ...texts.map(([form, text]) => ({ form, bytes: Buffer.from(text) })),
    ...binaries.map(([form, bytes]) => ({ form, bytes })),
  ];
}

/** What copying, pasting and careless tools make of a file. */
const disguises: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'as it is': (bytes) => bytes.toString(),
  'as Latin-1': (bytes) => bytes.toString('latin1'),
  'as base64': (bytes) => bytes.toString('base64'),
  'as base64url': (bytes) => bytes.toString('base64url'),
  'as wrapped base64': (bytes) => bytes.toString('base64').replace(/.{7}/g, '$&\r\n'),
  'as hex': (bytes) => bytes.toString('hex'),
  'as HEX with colons': (bytes) =>
    bytes
      .toString('hex')
      .toUpperCase()
      .replace(/..(?=.)/g, '$&:'),
  'after the type of a key': (bytes) => `ssh-ed25519 ${bytes.toString('base64')} me@host`,
  'in JSON': (bytes) => JSON.stringify({ name: 'x', key: bytes.toString('base64') }),
  'after a public key': (bytes) => `${ed25519.line}\n${bytes.toString()}`.replace(/\n(?=\0|0)/, '\n'),
};

/** Those that only a text comes through. */
const textDisguises: Readonly<Record<string, (text: string) => string>> = {
  'on one line': (text) => text.replaceAll('\n', ' '),
  'without line ends': (text) => text.replaceAll('\n', ''),
  'in quotes with \\n': (text) => JSON.stringify(text),
  'in UTF-16': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').toString(),
  'with spaces around': (text) => `\n\n   ${text.replaceAll('\n', '\n   ')}`,
  'as a quotation': (text) => text.replaceAll(/^/gm, '> '),
  'with CR LF': (text) => text.replaceAll('\n', '\r\n'),
  'in lower case': (text) => text.replaceAll(/[A-Z ]+PRIVATE KEY/g, (frame) => frame.toLowerCase()),
};

t.test('a private key in any form and disguise is recognised, and no word of it is told again', (t) => {
  for (const { form, bytes } of privateKeys()) {
    const isText = !bytes.subarray(0, 4).includes(0x82) && !bytes.subarray(0, 16).includes(0x02);
    const all = { ...disguises, ...(isText ? wrapAll(textDisguises) : {}) };
    if (!isText) delete all['after a public key'];
    for (const [name, disguise] of Object.entries(all)) {
      const text = disguise(bytes);
      t.match(
        privateKeyForm(text) ?? 'nothing',
        name === 'as Latin-1' || isText ? form : /private key/,
        `${String(form)} ${name}`,
      );
      t.equal(verdict(text), 'private-key', `${String(form)} ${name}`);
      t.ok(repeatsNothing(text), `${String(form)} ${name}: nothing is repeated`);
    }
  }
  t.end();
});

function wrapAll(
  all: Readonly<Record<string, (text: string) => string>>,
): Record<string, (bytes: Buffer) => string> {
  return Object.fromEntries(
    Object.entries(all).map(([name, each]) => [name, (bytes) => each(bytes.toString())]),
  );
}

/** Whether no run of 12 letters and digits of a text is in what is said of it. Names of types are no secret. */
function repeatsNothing(text: string): boolean {
  const result = parsePublicKey(text);
  const said = result.ok
    ? ''
    : publicKeyTypes.reduce((words, type) => words.replaceAll(type, ''), result.problem);
  return [...text.matchAll(/[A-Za-z0-9+/]{12,}/g)].every(([run]) => !said.includes(run.slice(0, 12)));
}

t.test('the frameless body of an OpenSSH key, of PEM and of PuTTY', (t) => {
  const body = (text: string): string =>
    text
      .split('\n')
      .filter((line) => !/^-|:/.test(line))
      .join('\n');
  for (const { bytes } of privateKeys().slice(0, 7)) {
    const bare = body(bytes.toString());
    if (bare.includes('{') || !/^(?:b3Bl|M)/.test(bare.trim())) continue;
    for (const text of [
      bare,
      bare.replaceAll('\n', ''),
      bare.replace(/^b3Bl/, 'l'),
      `ssh-rsa ${bare.replaceAll('\n', '')} me`,
    ])
      t.equal(verdict(text), 'private-key');
  }
  t.end();
});

t.test('public keys, and comments about private ones, are no private keys', (t) => {
  for (const line of lines)
    t.equal(privateKeyForm(`${line} the private key is at home, backend private key`), undefined);
  for (const { name, text, expect } of publicKeyCases)
    t.equal(privateKeyForm(text) !== undefined, expect === 'private-key', name);
  fc.assert(
    fc.property(
      fc.constantFrom(...lines),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      (line, comment) => {
        return privateKeyForm(`${line} ${comment}`) === undefined;
      },
    ),
  );
  t.end();
});

t.test('a key comes back as it was written', (t) => {
  const comments = fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .map((text) => text.trim())
    .filter((text) => !/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\uFEFF]/u.test(text));
  fc.assert(
    fc.property(fc.constantFrom(...lines), comments, (line, comment) => {
      const result = parsePublicKey(comment === '' ? line : `${line}\t ${comment}\n`);
      if (!result.ok || result.key.comment !== comment) return false;
      const again = parsePublicKey(result.key.line);
      return again.ok && again.key.line === result.key.line && result.key.line.startsWith(line);
    }),
    { numRuns: 1000 },
  );
  t.end();
});

t.test('no text and no blob is too strange, or takes long', (t) => {
  const pieces = fc.constantFrom(
    ...[
      'ssh-rsa',
      'ssh-ed25519',
      ' ',
      '\t',
      '\n',
      '"',
      '=',
      'AAAA',
      'MIIE',
      '30',
      '-----BEGIN ',
      'PRIVATE KEY',
      '"d":"',
      '\0',
    ],
    ...lines,
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: pieces })), (text) => {
      const result = parsePublicKey(text);
      return result.ok || result.problem.length < 400;
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...publicKeyTypes), fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
      const blob = Buffer.concat([blobOf(type), bytes]);
      return !inspectPublicKey(type, bytes).ok && (inspectPublicKey(type, blob).ok || true);
    }),
    { numRuns: 1000 },
  );
  const long = ['MA ', 'BEGIN ', 'ssh-ed25519 ', ' ', '"d"', 'd\\\\', 'a', '-', 'ssh-rsa AAAA ', '\n', '30 '];
  for (const piece of long) t.notOk(parsePublicKey(piece.repeat(100_000 / piece.length)).ok);
  t.end();
});
