import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { fingerprint } from '../../../core/fingerprint.ts';
import { keyId } from '../../../core/names.ts';
import { parseAuthorizedKeys } from '../../../server/identity/authorized-keys.ts';
import { defaultKeyRules } from '../../../server/identity/key-record.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const [ed25519, ecdsa, rsa] = [
  makeKey(t),
  makeKey(t, { type: 'ecdsa', bits: 256 }),
  makeKey(t, { type: 'rsa', bits: 2048 }),
];

t.test('a plain key is an administrator, and its own principal', (t) => {
  const { keys, problems } = parseAuthorizedKeys(`${ed25519.line} me@laptop and more words\n`);
  const print = fingerprint(ed25519.blob);
  t.same(problems, []);
  t.same(keys, [
    {
      type: 'ssh-ed25519',
      blob: ed25519.blob,
      comment: 'me@laptop and more words',
      rules: defaultKeyRules,
      identity: {
        principal: print,
        role: 'admin',
        envPatterns: ['*'],
        fingerprint: print,
        keyId: keyId(ed25519.blob),
        source: { kind: 'file' },
      },
    },
  ]);
  t.end();
});

t.test('options make the identity', (t) => {
  const line = `principal="ci runners",role="machine",env="pr-*",access="team",expiry-time="20300101Z" ${ed25519.line} ci`;
  const [key] = parseAuthorizedKeys(line).keys;
  t.match(key?.identity, {
    principal: 'ci runners',
    role: 'machine',
    envPatterns: ['pr-*'],
    widestAccess: 'team',
    expiresAt: Date.UTC(2030, 0, 1),
  });
  t.end();
});

t.test('the fingerprint is the one that ssh-keygen prints', (t) => {
  const printed = spawnSync('ssh-keygen', ['-l', '-f', `${ed25519.path}.pub`], { encoding: 'utf8' }).stdout;
  t.ok(printed.includes(parseAuthorizedKeys(ed25519.line).keys[0]?.identity.fingerprint ?? 'none'));
  t.end();
});

t.test('blank lines, comments, blanks around, line ends of any system, a byte order mark', (t) => {
  const text = `\uFEFF# people\r\n\r\n  ${ed25519.line}  \r\n\t\n   # machines\n\t${ecdsa.line}\tcomment\n${rsa.line}`;
  const { keys, problems } = parseAuthorizedKeys(text);
  t.same(problems, []);
  t.same(
    keys.map((key) => key.comment),
    ['', 'comment', ''],
  );
  t.end();
});

t.test('a bad line admits nobody, is told by its number, and harms no other', (t) => {
  const weak = makeKey(t, { type: 'rsa', bits: 1024 });
  const bad = [
    'restrict ' + ed25519.line,
    `from="10.0.0.1" ${ed25519.line}`,
    'ssh-ed25519',
    'ssh-ed25519 AAAA',
    `ssh-ed25519 ${'!'.repeat(68)}`,
    `ssh-rsa ${ed25519.blob.toString('base64')}`,
    'ssh-rsa broken!',
    weak.line,
    ed25519.line.replace('ssh-', 'ssh-x'),
    `principal="a ${ed25519.line}`,
    'hello world',
    'x'.repeat(20_000),
    '-----BEGIN OPENSSH PRIVATE KEY-----',
  ];
  const { keys, problems } = parseAuthorizedKeys([ecdsa.line, ...bad, rsa.line].join('\n'));
  t.same(
    keys.map((key) => key.type),
    [ecdsa.type, rsa.type],
  );
  t.same(
    problems.map((problem) => problem.split(':')[0]),
    bad.map((_line, index) => `line ${index + 2}`),
  );
  t.end();
});

t.test('a private key in the file is recognised, and never told again', (t) => {
  const { keys, problems } = parseAuthorizedKeys(ed25519.privateKey);
  t.same(keys, []);
  t.match(problems[0], /PRIVATE key/);
  const secret = ed25519.privateKey.split('\n').slice(1, -2);
  t.notOk(problems.some((problem) => secret.some((line) => problem.includes(line))));
  t.end();
});

t.test('every form of private key is recognised; a comment may be anything, and is shown clean', (t) => {
  const { keys, problems } = parseAuthorizedKeys(
    [
      `role="admin" ${ed25519.privateKey.split('\n').slice(1, -2).join('')}`,
      rsa.line.replace('ssh-rsa ', 'ssh-rsa MIIEpAIBAAKCAQEA'),
      `${ecdsa.line} laptop\tof \u001b[2J\u202eme`,
    ].join('\n'),
  );
  t.match(problems, [/PRIVATE key/, /PRIVATE key/]);
  t.same(
    keys.map((key) => key.comment),
    ['laptop?of ?[2J?me'],
  );
  t.end();
});

t.test('what a FIDO key must show, and what certificates are trusted by', (t) => {
  const { keys, problems } = parseAuthorizedKeys(
    `verify-required ${ed25519.line}\ncert-authority ${ecdsa.line}\n`,
  );
  t.same(keys[0]?.rules, { touchRequired: true, verifyRequired: true });
  t.match(problems, [/^line 2: .*--user-ca FILE/]);
  t.end();
});

t.test('of two lines with one key the first counts', (t) => {
  const { keys, problems } = parseAuthorizedKeys(
    `role="machine" ${ed25519.line}\n${ecdsa.line}\n${ed25519.line} again`,
  );
  t.same(
    keys.map((key) => key.identity.role),
    ['machine', 'admin'],
  );
  t.match(problems, [/^line 3: the key SHA256:\S+ is there already/]);
  t.end();
});

t.test('whatever the text, it throws nothing and admits only keys that are in it', (t) => {
  const lines = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(ed25519.line, ecdsa.line, rsa.line, '', '#'),
      fc
        .tuple(
          fc.constantFrom('principal="a" ', 'role="machine" ', 'bad="x" ', '"'),
          fc.constantFrom(ed25519.line, ecdsa.line),
        )
        .map((parts) => parts.join('')),
    ),
  );
  fc.assert(
    fc.property(lines, (lines) => {
      const text = lines.join('\n');
      return parseAuthorizedKeys(text).keys.every((key) => text.includes(key.blob.toString('base64')));
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('every key that it takes from plain lines is one that ssh-keygen takes', (t) => {
  const file = join(scratchDir(t), 'authorized_keys');
  const text = [ed25519, ecdsa, rsa].map((key, index) => `${key.line} key ${index}`).join('\n');
  writeFileSync(file, `${text}\n`);
  const listed = spawnSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' }).stdout.trim().split('\n');
  t.same(
    parseAuthorizedKeys(text).keys.map(({ identity }) => identity.fingerprint),
    listed.map((line) => line.split(' ')[1]),
  );
  t.end();
});
