import { execFileSync } from 'node:child_process';
import t, { type Test as Tap } from 'tap';
import { serverAlgorithms } from '../../../server/ssh/algorithms.ts';
import { openssh } from '../../support/openssh.ts';
import { startSshGateway, type SshGateway } from '../../support/ssh-gateway.ts';
import type { TestScope } from '../../support/scope.ts';
import { makeKey, type SshKey } from '../../support/ssh-keys.ts';

const key = makeKey(t);

/** What this machine's OpenSSH can do. */
function query(what: string): string[] {
  return execFileSync('ssh', ['-Q', what], { encoding: 'utf8' }).trim().split('\n');
}

/** Whether `ssh` gets an answer to a command when it is told to use nothing else. */
async function works(
  t: TestScope,
  gateway: SshGateway,
  options: readonly string[],
  by: SshKey = key,
): Promise<string> {
  const args = options.flatMap((option) => ['-o', option]);
  const ssh = openssh(t, { port: gateway.port, key: by, args, command: ['hello'] });
  const { code } = await ssh.exit;
  if (code === 0 && ssh.stdout.startsWith('{')) return 'works';
  return /no matching|Unable to negotiate/.test(ssh.stderr) ? 'no match' : ssh.stderr;
}

/** Tries each, a few at a time, and gives those that work; fails if one fails for another reason than that it is not offered. */
async function working(
  t: Tap,
  names: readonly string[],
  optionsFor: (name: string) => string[],
): Promise<string[]> {
  const gateway = await startSshGateway(t);
  const left = [...names];
  const found = new Set<string>();
  const tryOn = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const result = await works(t, gateway, optionsFor(name));
      if (result === 'works') found.add(name);
      else t.equal(result, 'no match', name);
    }
  };
  await Promise.all([tryOn(), tryOn(), tryOn()]);
  return names.filter((name) => found.has(name));
}

t.test('key exchange: curve25519 alone', async (t) => {
  const kex = await working(t, query('kex'), (name) => [`KexAlgorithms=${name}`]);
  t.same(kex, ['curve25519-sha256', 'curve25519-sha256@libssh.org']);
});

t.test('ciphers: AES in GCM and CTR; no CBC, no chacha20', async (t) => {
  const ciphers = await working(t, query('cipher'), (name) => [`Ciphers=${name}`]);
  t.same(ciphers, [
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
  ]);
});

t.test('MACs for CTR: SHA-2, nothing shorter or older', async (t) => {
  const macs = await working(t, query('mac'), (name) => ['Ciphers=aes128-ctr', `MACs=${name}`]);
  t.same([...macs].sort(), [...serverAlgorithms.hmac].sort());
  t.ok(macs.every((name) => name.startsWith('hmac-sha2-')));
});

t.test('the host key is Ed25519 and nothing else; no compression', async (t) => {
  const hostKeys = await working(
    t,
    ['ssh-ed25519', 'ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512', 'ecdsa-sha2-nistp256', 'ssh-dss'],
    (name) => [`HostKeyAlgorithms=${name}`],
  );
  t.same(hostKeys, ['ssh-ed25519']);
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, {
    port: gateway.port,
    key,
    args: ['-v', '-o', 'Compression=yes'],
    command: ['hello'],
  });
  await ssh.exit;
  t.match(ssh.stderr, /compression: none/);
});

t.test('strict key exchange is on', async (t) => {
  const gateway = await startSshGateway(t);
  const ssh = openssh(t, { port: gateway.port, key, args: ['-vvv'], command: ['hello'] });
  t.equal((await ssh.exit).code, 0);
  t.match(ssh.stderr, /will use strict KEX ordering/);
});

t.test('keys of every type that OpenSSH makes and that are strong can log in', async (t) => {
  const gateway = await startSshGateway(t);
  const keys = [
    makeKey(t, { type: 'rsa', bits: 2048 }),
    makeKey(t, { type: 'ecdsa', bits: 256 }),
    makeKey(t, { type: 'ecdsa', bits: 384 }),
    makeKey(t, { type: 'ecdsa', bits: 521 }),
  ];
  for (const each of keys) t.equal(await works(t, gateway, [], each), 'works', each.type);
});
