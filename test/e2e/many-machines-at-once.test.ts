import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import ssh2 from 'ssh2';
import t from 'tap';
import { startGateway } from '../support/gateway-with-key.ts';
import { visit } from '../support/visitor.ts';

const machines = 40;
const limits = ['--max-startups', '8', '--max-startups-per-source', '4'];

t.test('machines that come back all at once wait for their login, and none is refused', async (t) => {
  const { gateway, key } = await startGateway(t, limits);
  const ca = readFileSync(join(gateway.stateDir, 'ca.pem'));
  const dialIn = async (env: string): Promise<void> => {
    const sock = connect({
      ...{ host: '127.0.0.1', port: gateway.port, servername: 'localhost' },
      ...{ ca, ALPNProtocols: ['ssh'] },
    });
    sock.on('error', () => undefined);
    t.teardown(() => sock.destroy());
    const client = new ssh2.Client();
    client.connect({ sock, username: env, privateKey: key.privateKey, readyTimeout: 0 });
    await once(client, 'ready');
    await new Promise<void>((resolve, reject) => {
      client.forwardIn('localhost', 80, (error) => (error ? reject(error) : resolve()));
    });
  };
  const names = Array.from({ length: machines }, (_, index) => `pr-${String(index)}`);
  const all = Promise.all(names.map(dialIn));
  const meanwhile = await visit(gateway, 'localhost/healthz');
  t.equal(meanwhile.status, 200, 'visitors do not wait for them');
  await all;
  const added = (): number => gateway.lines.filter(({ msg }) => msg === 'forward added').length;
  await gateway.line(() => added() === machines);
  t.notOk(gateway.lines.some(({ msg }) => msg.includes('too many connections')));
});
