import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { AuthorityIssuer } from '../../server/identity/issuer.ts';
import { createAuthority } from '../../server/identity/own-authority.ts';
import { freePort } from '../support/free-port.ts';
import { openssh } from '../support/openssh.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';

t.test('an sshd that trusts the authority takes its certificates', async (t) => {
  const dir = scratchDir(t);
  const authority = createAuthority(dir, 'authority');
  const key = makeKey(t);
  const records = { record: () => Promise.resolve() };
  const issuer = new AuthorityIssuer({ authority: { current: authority }, records });
  const { line } = await issuer.issue({
    key,
    principal: 'ana',
    role: 'member',
    envPatterns: [],
    expiresAt: Date.now() + 3_600_000,
    issuedFor: 'operator',
  });
  writeFileSync(`${key.path}-cert.pub`, line);
  writeFileSync(join(dir, 'principals'), 'role:member\n');
  const port = await freePort('127.0.73.1');
  const config = [
    `HostKey ${makeKey(t).path}`,
    `TrustedUserCAKeys ${join(dir, 'user_ca.pub')}`,
    `AuthorizedPrincipalsFile ${join(dir, 'principals')}`,
    'AuthorizedKeysFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    `PidFile ${join(dir, 'pid')}`,
    'LogLevel VERBOSE',
  ];
  writeFileSync(join(dir, 'sshd_config'), `${config.join('\n')}\n`);
  // Where it is root's, sshd wants this directory, which an installed service makes at its start.
  if (process.getuid?.() === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
  const sshd = new Program(t, '/usr/sbin/sshd', [
    ...['-D', '-e', '-f', join(dir, 'sshd_config')],
    ...['-o', `ListenAddress=127.0.73.1:${String(port)}`],
  ]);
  await sshd.said(/Server listening/);
  const ssh = openssh(t, {
    port,
    host: '127.0.73.1',
    key,
    user: userInfo().username,
    command: ['echo', 'let in'],
  });
  t.equal((await ssh.exit).code, 0);
  t.match(ssh.stdout, /let in/);
  t.match(sshd.stderr, /Accepted certificate ID "ana"/);
});
