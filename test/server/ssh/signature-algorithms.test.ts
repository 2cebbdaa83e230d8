import { once } from 'node:events';
import t from 'tap';
import { signatureAlgorithms } from '../../../server/identity/signature.ts';
import { startDialling } from '../../support/machine.ts';
import { openssh } from '../../support/openssh.ts';
import { startSshGateway } from '../../support/ssh-gateway.ts';
import { makeKey } from '../../support/ssh-keys.ts';

t.test('OpenSSH learns what it may sign with, once, before its login', async (t) => {
  const gateway = await startSshGateway(t);
  const args = ['-vv', '-o', 'RekeyLimit=1K'];
  const ssh = openssh(t, { port: gateway.port, key: makeKey(t), args, command: ['help'] });
  t.equal((await ssh.exit).code, 0);
  const told = [...ssh.stderr.matchAll(/server-sig-algs=<([^>]*)>/g)];
  t.same(
    told.map(([, list]) => list?.split(',')),
    [signatureAlgorithms],
  );
  t.match(ssh.stderr, /SSH2_MSG_EXT_INFO received[^]*Offering public key/);
});

t.test('an RSA key of a client made with ssh2 signs with SHA-2', async (t) => {
  const gateway = await startSshGateway(t);
  const key = makeKey(t, { type: 'rsa', bits: 2048 });
  const machine = startDialling(t, gateway.port, { key });
  await once(machine.client, 'ready');
  machine.protocol.rekey();
  t.equal((await machine.run('help')).code, 0, 'nor is anything out of order after a new exchange of keys');
});
