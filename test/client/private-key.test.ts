import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { isEncrypted, parsePrivateKey } from '../../client/private-key.ts';

const dir = mkdtempSync(join(tmpdir(), 'private-key-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));
let made = 0;

function keygen(...args: readonly string[]): { text: string; publicText: string } {
  const file = join(dir, `key${made++}`);
  execFileSync('ssh-keygen', ['-q', '-a', '1', '-f', file, ...args]);
  return { text: readFileSync(file, 'utf8'), publicText: readFileSync(`${file}.pub`, 'utf8') };
}

t.test('keys that ssh-keygen made, open and locked', async (t) => {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    ed25519: ['-t', 'ed25519'],
    ecdsa: ['-t', 'ecdsa'],
    rsa: ['-t', 'rsa', '-b', '2048'],
    'rsa in PEM': ['-t', 'rsa', '-b', '2048', '-m', 'PEM'],
    'ecdsa in PEM': ['-t', 'ecdsa', '-m', 'PEM'],
  };
  for (const [name, args] of Object.entries(kinds)) {
    const open = keygen(...args, '-N', '').text;
    t.equal(isEncrypted(open), false, name);
    t.equal(parsePrivateKey(open).kind, 'key', name);
    const locked = keygen(...args, '-N', 'secret').text;
    t.equal(isEncrypted(locked), true, name);
    t.equal(parsePrivateKey(locked).kind, 'encrypted', name);
    t.equal(parsePrivateKey(locked, 'wrong').kind, 'encrypted', name);
    t.equal(parsePrivateKey(locked, 'secret').kind, 'key', name);
  }
});

t.test('what is no usable private key says why', async (t) => {
  t.match(parsePrivateKey(keygen('-t', 'ed25519', '-N', '').publicText), {
    kind: 'unusable',
    problem: /public/,
  });
  const pkcs8 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  t.match(parsePrivateKey(pkcs8), { kind: 'unusable', problem: /ssh-keygen -p/ });
  t.match(parsePrivateKey('nonsense'), { kind: 'unusable' });
  t.match(parsePrivateKey(''), { kind: 'unusable' });
});

t.test('never throws', async () => {
  const shell = (body: string): string =>
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
  fc.assert(
    fc.property(
      fc.string(),
      (text) => typeof parsePrivateKey(text).kind === 'string' && typeof isEncrypted(text) === 'boolean',
    ),
  );
  fc.assert(
    fc.property(
      fc.base64String(),
      (body) =>
        typeof parsePrivateKey(shell(body)).kind === 'string' &&
        typeof isEncrypted(shell(body)) === 'boolean',
    ),
  );
});
