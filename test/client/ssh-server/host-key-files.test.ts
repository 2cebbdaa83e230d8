import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  hostKeysInFiles,
  isOfThisMachine,
  isUsualServer,
} from '../../../client/ssh-server/host-key-files.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

t.test('the public keys where OpenSSH makes them, and nothing else', async (t) => {
  const folder = scratchDir(t);
  const [ed25519, rsa] = [makeKey(t), makeKey(t, { type: 'rsa' })];
  writeFileSync(join(folder, 'ssh_host_ed25519_key.pub'), `${ed25519.line} root@host\n`);
  writeFileSync(join(folder, 'ssh_host_ed25519_key'), ed25519.privateKey);
  writeFileSync(join(folder, 'ssh_host_rsa_key.pub'), rsa.line);
  writeFileSync(join(folder, 'ssh_host_dsa_key.pub'), 'ssh-dss AAAA');
  writeFileSync(join(folder, 'ssh_host_x_key.pub'), 'x'.repeat(100_000));
  writeFileSync(join(folder, 'other.pub'), makeKey(t).line);
  mkdirSync(join(folder, 'ssh_host_folder_key.pub'));
  writeFileSync(join(folder, 'sshd_config'), '#HostKey /etc/ssh/ssh_host_rsa_key\nPort 22\n');
  t.same(hostKeysInFiles(folder), [ed25519.line, rsa.line]);

  mkdirSync(join(folder, 'sshd_config.d'));
  writeFileSync(join(folder, 'sshd_config.d', 'own.conf'), '  hostkey /etc/own/key\n');
  t.same(hostKeysInFiles(folder), [], 'the server has others');
});

t.test('no folder, no keys', async (t) => {
  t.same(hostKeysInFiles(join(scratchDir(t), 'nowhere')), []);
});

t.test('they are about the server on the usual port of this machine', async (t) => {
  const at = (host: string, port: number) => ({ kind: 'tcp', hosts: [host] as [string], port }) as const;
  t.equal(isUsualServer({ kind: 'tcp', hosts: ['127.0.0.1', '::1'], port: 22 }), true);
  t.equal(isUsualServer(at('127.0.0.1', 2222)), false);
  t.equal(isUsualServer(at('10.0.0.7', 22)), false);
  t.equal(isUsualServer({ kind: 'unix', path: '/run/sshd.sock' }), false);
  t.equal(isOfThisMachine({ kind: 'unix', path: '/run/sshd.sock' }), true);
  t.equal(isOfThisMachine(at('::1', 2222)), true);
  t.equal(isOfThisMachine(at('10.0.0.7', 22)), false);
});
