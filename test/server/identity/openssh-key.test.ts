import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { generateEd25519, readOpensshKey, writeOpensshKey } from '../../../server/identity/openssh-key.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

t.test('what is written is read back, by ssh-keygen too', async (t) => {
  const path = join(scratchDir(t), 'key');
  for (const comment of ['', 'a', 'an authority', 'ä'.repeat(20)]) {
    const key = generateEd25519(comment);
    const text = writeOpensshKey(key);
    const read = readOpensshKey(text);
    t.match(read, { ok: true, value: { comment } });
    t.ok(read.ok && read.value.publicBlob.equals(key.publicBlob));
    t.ok(read.ok && read.value.privateKey.equals(key.privateKey));
    writeFileSync(path, text);
    chmodSync(path, 0o600);
    const line = execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' });
    t.match(line, key.publicBlob.toString('base64'));
  }
});

t.test("a key of ssh-keygen's is read", async (t) => {
  const key = makeKey(t);
  const read = readOpensshKey(key.privateKey);
  t.ok(read.ok && read.value.publicBlob.equals(key.blob));
});

t.test('what cannot be used is told without a word of it', async (t) => {
  const key = makeKey(t);
  const locked = makeKey(t);
  execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', locked.path], { stdio: 'pipe' });
  const lines = key.privateKey.split('\n');
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /not a private key in OpenSSH's format/],
    [key.line, /not a private key in OpenSSH's format/],
    [lines.with(1, 'AAAA').join('\n'), /not a private key in OpenSSH's format/],
    [readFileSync(locked.path, 'utf8'), /passphrase/],
    [makeKey(t, { type: 'rsa', bits: 2048 }).privateKey, /not an Ed25519 key/],
    [makeKey(t, { type: 'ecdsa' }).privateKey, /not an Ed25519 key/],
    [lines.toSpliced(3, 1).join('\n'), /damaged/],
  ];
  for (const [text, problem] of cases) t.match(readOpensshKey(text), { ok: false, problem });
});

t.test('no damage makes it throw', async () => {
  const whole = Buffer.from(
    writeOpensshKey(generateEd25519('x')).split('\n').slice(1, -2).join(''),
    'base64',
  );
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ change;
      const text = `-----BEGIN OPENSSH PRIVATE KEY-----\n${damaged.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
      return typeof readOpensshKey(text).ok === 'boolean';
    }),
  );
});
