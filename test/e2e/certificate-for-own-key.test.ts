import t from 'tap';
import { ca, described, withCertificate } from '../support/certificates.ts';
import { nextLine, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { porthole, reaching } from '../support/porthole.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('a key gets itself a certificate, which ends with the key', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  await ca(t, gateway.stateDir, 'init');
  await gateway.line((line) => line.msg === 'own authority');
  const { port } = await startTextApp(t, 'served');

  const machine = makeKey(t);
  const add = openssh(t, {
    port: gateway.port,
    key,
    user: 'admin',
    command: ['key', 'add', '--name', 'ci', '--env', 'pr-*'],
  });
  add.write(`${machine.line}\n`);
  add.end();
  t.equal((await add.exit).code, 0);

  const asked = openssh(t, { port: gateway.port, key: machine, command: ['cert', '--ttl', '1h'] });
  t.equal((await asked.exit).code, 0);
  const shown = withCertificate(t, machine, asked.stdout);
  t.match(described(shown.certificatePath), 'Key ID: "ci"');
  // The key itself would do as well.
  const alone = ['-o', 'PubkeyAcceptedAlgorithms=ssh-ed25519-cert-v01@openssh.com'];
  const args = [...alone, '-R', `80:127.0.0.1:${String(port)}`];
  const opened = nextLine(gateway, (line) => line.msg === 'tunnel opened');
  const ssh = openssh(t, { port: gateway.port, key: shown, args });
  await ssh.said(/pr-1 is online/);
  const tunnelId = String((await opened)['tunnelId']);
  const renewal = openssh(t, { port: gateway.port, key: shown, args: alone, command: ['cert'] });
  await renewal.said(/with a certificate, which cannot get another/);

  const client = porthole(t, ['cert', ...reaching(gateway), '--identity', shown.path, '--role', 'admin']);
  t.equal((await client.exit).code, 3, 'no more than the key may do');
  const beyond = porthole(t, ['cert', ...reaching(gateway), '--identity', shown.path, '--env', '*']);
  t.equal((await beyond.exit).code, 3);

  const closed = tunnelGone(gateway, tunnelId);
  const revoke = openssh(t, { port: gateway.port, key, user: 'admin', command: ['key', 'revoke', 'ci/ci'] });
  t.equal((await revoke.exit).code, 0);
  t.match(await closed, /revoked/);
});
