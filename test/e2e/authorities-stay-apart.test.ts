import { writeFileSync } from 'node:fs';
import t from 'tap';
import {
  createAuthorityFile,
  readAuthorityFile,
  type AuthorityKey,
} from '../../server/identity/authority-file.ts';
import { signCertificate } from '../../server/identity/certificate-signing.ts';
import { machineAuthorityPath } from '../../server/identity/machine-authority.ts';
import { createAuthority } from '../../server/identity/own-authority.ts';
import { JumpTeam } from '../support/jump.ts';
import { logInThere, machineWithCertificates } from '../support/machine-with-agent.ts';
import { openssh } from '../support/openssh.ts';
import { makeKey } from '../support/ssh-keys.ts';

t.test('one that has expired, and those of another authority, open nothing', async (t) => {
  const team = await JumpTeam.start(t);
  const { targetId } = await machineWithCertificates(t, team, 'pr-1');
  const subject = team.keys.ana.blob;
  const principals = [`vm:${targetId}/root`];
  const now = Math.floor(Date.now() / 1000);
  const sign = (authority: AuthorityKey, validAfter: number, validBefore: number): string =>
    signCertificate({ subject, serial: 1n, id: 'ana', principals, validAfter, validBefore }, authority);

  const authority = readAuthorityFile(machineAuthorityPath(team.gateway.stateDir));
  if (authority === undefined) throw new Error('there is no authority');
  t.not(
    (await logInThere(t, team, { env: 'pr-1', certificate: sign(authority, now - 600, now - 1) })).code,
    0,
    'expired',
  );
  t.not(
    (await logInThere(t, team, { env: 'pr-1', certificate: sign(authority, now + 600, now + 900) })).code,
    0,
    'not yet',
  );
  const logins = createAuthority(team.gateway.stateDir, 'logins');
  t.not(
    (await logInThere(t, team, { env: 'pr-1', certificate: sign(logins, now - 60, now + 300) })).code,
    0,
    "of the gateway's logins",
  );
  t.equal(
    (await logInThere(t, team, { env: 'pr-1', certificate: sign(authority, now - 60, now + 300) })).code,
    0,
    'and this one does',
  );
});

t.test('what opens a machine does not log in to the gateway', async (t) => {
  const team = await JumpTeam.start(t);
  const authority = createAuthorityFile(machineAuthorityPath(team.gateway.stateDir), '');
  const stranger = makeKey(t);
  const now = Math.floor(Date.now() / 1000);
  const principals = ['role:admin', 'env:*', 'vm:11111111-2222-3333-4444-555555555555/root'];
  const content = { subject: stranger.blob, serial: 1n, id: 'root', principals };
  const line = signCertificate({ ...content, validAfter: now - 60, validBefore: now + 300 }, authority);
  writeFileSync(`${stranger.path}-cert.pub`, `${line}\n`);
  const ssh = openssh(t, { port: team.gateway.port, key: stranger, command: ['env', 'list'] });
  t.equal((await ssh.exit).code, 255);
  t.match(ssh.stderr, /not signed by an authority that is known here/);
});
