import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { gateKey } from '../../support/ssh-config-facts.ts';
import { until } from '../../support/until.ts';
import { configGateway } from '../config-gateway.ts';

const environments = [{ env: 'pr-42', services: [{ service: 'db', port: 5432 }, { service: 'ssh' }] }];

async function ask(port: number, question: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.end(question);
  return text(socket);
}

t.test('each connection is a channel of the login, by the gate that leads there, until Ctrl-C', async (t) => {
  const gate = { name: 'ops', host: 'x', port: 1, ownAddress: false, hostKeys: [gateKey] };
  const { user, gateway, run } = await configGateway(t, { environments, gate });
  const running = run('forward', 'pr-42', 'db', '--local', '0', '--json');
  await user.event('connected');
  const [tunnel] = gateway.tunnels.slice(-1);
  t.equal(tunnel?.user, 'ops');
  tunnel?.connection.on('tcpip', (accept, _reject, { destIP, destPort }) => {
    const channel = accept();
    void text(channel).then((all) => {
      channel.end(`${destIP}:${String(destPort)} ${all}`);
    });
  });
  const { port, remote } = await user.event('listening');
  t.equal(remote, 'db.pr-42:5432');
  t.equal(await ask(Number(port), 'x'), 'db.pr-42:5432 x');
  user.signal();
  t.equal(await running, 0);
});

t.test('it comes back when the gateway does', async (t) => {
  const { user, gateway, run } = await configGateway(t, { environments });
  const running = run('forward', 'pr-42', 'ssh', '--local', '0', '--json');
  await user.event('connected');
  gateway.tunnels.at(-1)?.socket.destroy();
  t.match(await user.event('disconnected'), { reason: /./ });
  t.match(await user.event('retrying'), { reason: /./, inMs: Number });
  await user.event('connected', 2);
  user.signal();
  t.equal(await running, 0);
});

t.test('told to a person: what listens, and why not', async (t) => {
  const { user, gateway, run } = await configGateway(t, { environments });
  const running = run('forward', 'pr-42', 'ssh', '--local', '[::1]:0');
  await user.until(() => user.stdout.length > 0);
  const port = /^\[::1\]:(\d+) {2}-> {2}ssh\.pr-42:22$/.exec(user.stdout[0] ?? '')?.[1] ?? '';
  await until('the login that it serves by', () => gateway.tunnels.length === 2);
  gateway.tunnels[1]?.connection.on('tcpip', (_accept, reject) => reject());
  const socket = connect({ port: Number(port), host: '::1' }).on('error', () => undefined);
  t.teardown(() => socket.destroy());
  await user.until(() => user.stderr.some((line) => line.startsWith('refused: ')));
  user.signal();
  t.equal(await running, 0);
});

t.test('what cannot be', async (t) => {
  const { run } = await configGateway(t, { environments });
  for (const [words, code] of [
    [['pr-42', 'x y'], 2],
    [['pr-42', 'db', '--local', 'x'], 2],
    [['pr-42', 'db', '--server', 'x y'], 2],
    [['pr-42', 'web'], 1],
    [['pr-42', 'db', '--local', '192.0.2.1:1'], 1],
  ] as const)
    t.equal(await run('forward', ...words), code, words.join(' '));
  const refusing = await configGateway(t, { code: 3, stderr: 'not you\n' });
  t.equal(await refusing.run('forward', 'pr-42', 'db'), 3);
  const older = await configGateway(t, { environments: [] });
  t.equal(await older.run('forward', 'pr-42', 'db'), 1);
});
