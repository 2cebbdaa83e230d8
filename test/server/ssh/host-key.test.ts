import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { knownHostsLine, loadHostKey, loadOrMakeKey } from '../../../server/ssh/host-key.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

t.test('made once, for nobody else to read, and the same after a restart', async (t) => {
  const dir = scratchDir(t);
  const made = loadHostKey(dir);
  const path = join(dir, 'ssh_host_ed25519_key');
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.same(loadHostKey(dir), made);
  t.equal(readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' ').trim(), made.publicKey);
});

t.test('OpenSSH reads it, and sees the same key', async (t) => {
  const dir = scratchDir(t);
  const { publicKey, fingerprint } = loadHostKey(dir);
  const path = join(dir, 'ssh_host_ed25519_key');
  t.equal(
    execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' })
      .trim()
      .split(' ')
      .slice(0, 2)
      .join(' '),
    publicKey,
  );
  t.match(execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' }), fingerprint);
});

t.test('a key that the operator made is taken', async (t) => {
  const dir = scratchDir(t);
  const key = makeKey(t);
  writeFileSync(join(dir, 'ssh_host_ed25519_key'), key.privateKey, { mode: 0o600 });
  t.equal(loadHostKey(dir).publicKey, key.line);
});

t.test('one that others could read is closed to them', async (t) => {
  const dir = scratchDir(t);
  loadHostKey(dir);
  const path = join(dir, 'ssh_host_ed25519_key');
  chmodSync(path, 0o644);
  loadHostKey(dir);
  t.equal(statSync(path).mode & 0o777, 0o600);
});

t.test('what is no Ed25519 private key is a clear error, and is left as it is', async (t) => {
  const rsa = makeKey(t, { type: 'rsa', bits: 2048 });
  const ed25519 = makeKey(t);
  for (const text of ['', 'nonsense', rsa.privateKey, `${ed25519.line}\n`]) {
    const dir = scratchDir(t);
    const path = join(dir, 'ssh_host_ed25519_key');
    writeFileSync(path, text);
    t.throws(() => loadHostKey(dir), { code: 'ERR_STATE_DIR', message: new RegExp(path) });
    t.equal(readFileSync(path, 'utf8'), text);
  }
  const dir = scratchDir(t);
  mkdirSync(join(dir, 'ssh_host_ed25519_key'));
  t.throws(() => loadHostKey(dir), { code: 'ERR_STATE_DIR' });
  t.throws(() => loadHostKey(join(dir, 'not', 'there')), { code: 'ERR_STATE_DIR' });
});

t.test('keys can be made anywhere, many times: each is one that can be read again', async (t) => {
  const dir = scratchDir(t);
  for (let i = 0; i < 300; i += 1) {
    const path = join(dir, `key${i}`);
    const made = loadOrMakeKey(path);
    if (loadOrMakeKey(path).publicKey !== made.publicKey) t.fail(path);
  }
});

t.test('the known_hosts line', async (t) => {
  const key = { privateKey: '', fingerprint: '', publicKey: 'ssh-ed25519 AAAA' };
  t.equal(knownHostsLine(key, 'gw.test', 22), 'gw.test ssh-ed25519 AAAA');
  t.equal(knownHostsLine(key, 'gw.test', 443), '[gw.test]:443 ssh-ed25519 AAAA');
});
