import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import t, { type Test } from 'tap';
import { startPublicGateway } from '../support/dial.ts';
import type { GatewayWithKey } from '../support/gateway-with-key.ts';
import { metric, metricBecomes } from '../support/metrics.ts';
import { openssh } from '../support/openssh.ts';
import type { Program } from '../support/program.ts';
import type { TestScope } from '../support/scope.ts';
import { makeKey, type SshKey } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';

/** Addresses of this machine: each one is a source of its own. */
const attacker = '127.0.0.66';
const neighbour = '127.0.0.67';

const room = ['--max-startups', '300', '--max-startups-per-source', '250', '--login-grace', '60s'];
const dropped = 'porthole_connections_total{kind="penalised"}';
const refusedLogins = 'porthole_auth_total{result="refused"}';

function sshFrom(
  t: TestScope,
  { gateway }: Pick<GatewayWithKey, 'gateway'>,
  {
    source,
    key,
    args = [],
    command = [],
  }: { source: string; key: SshKey; args?: string[]; command?: string[] },
): Program {
  return openssh(t, { port: gateway.port, key, args: ['-b', source, ...args], command });
}

/** A raw connection that says that it speaks SSH; `header` goes before it. */
function speakSsh(
  t: TestScope,
  port: number,
  { from, header = '' }: { from: string; header?: string },
): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined).write(`${header}SSH-2.0-flood\r\n`);
  return socket;
}

/** How much such a connection is told before it ends. */
async function bytesFor(...connection: Parameters<typeof speakSsh>): Promise<number> {
  const socket = speakSsh(...connection);
  let received = 0;
  socket.on('data', (data: Buffer) => (received += data.length));
  await new Promise((resolve) => void socket.on('close', resolve));
  return received;
}

/** Such a connection, when it was answered. */
async function begun(...connection: Parameters<typeof speakSsh>): Promise<Socket> {
  const socket = speakSsh(...connection);
  await once(socket, 'data');
  return socket.resume();
}

/** So many of them, from there: one that only connects and leaves costs a tenth of a refused login. */
function flood(count: number, ...connection: Parameters<typeof speakSsh>): Promise<Socket[]> {
  return Promise.all(Array.from({ length: count }, () => begun(...connection)));
}

/** Logins from there that are refused, and connections that try none: enough for the longest block. */
async function misbehave(t: Test, { gateway }: GatewayWithKey, source: string): Promise<void> {
  const floods = await flood(210, t, gateway.port, { from: source });
  const key = makeKey(t);
  const attempts = Array.from({ length: 12 }, () => sshFrom(t, { gateway }, { source, key }).exit);
  for (const { code } of await Promise.all(attempts)) t.equal(code, 255);
  const noticed = await gateway.line((line) => line.msg.startsWith('too many failed logins'));
  t.match(noticed, { level: 'warn', source, until: /^20\d\d-/ });
  for (const socket of floods) socket.destroy();
  await metricBecomes(gateway, 'porthole_pending_sockets', (count) => count === 0);
}

t.test(
  'a source that keeps failing is dropped before any cryptography; nobody else is, and visitors never',
  async (t) => {
    const server = await startPublicGateway(t, room);
    const { gateway, key } = server;
    await misbehave(t, server, attacker);
    const before = await metric(gateway, refusedLogins);

    for (let count = 0; count < 50; count += 1)
      t.equal(await bytesFor(t, gateway.port, { from: attacker }), 0);
    t.ok((await metric(gateway, dropped)) >= 50);
    t.equal(await metric(gateway, refusedLogins), before, 'and nothing was asked of it');

    const wrapped = connectTls({
      ...{ port: gateway.port, host: '127.0.0.1', localAddress: attacker },
      ...{ ALPNProtocols: ['ssh'], rejectUnauthorized: false },
    });
    t.teardown(() => wrapped.destroy());
    let secured = false;
    wrapped.on('error', () => undefined).on('secureConnect', () => (secured = true));
    await new Promise((resolve) => void wrapped.on('close', resolve));
    t.equal(secured, false, 'no handshake was done');

    const good = sshFrom(t, server, { source: neighbour, key, command: ['hello'] });
    t.equal((await good.exit).code, 0);
    const visitor = connectTls({
      ...{ port: gateway.port, host: '127.0.0.1', localAddress: attacker, servername: 'localhost' },
      ...{ ALPNProtocols: ['http/1.1'], ca: gateway.ca },
    });
    t.teardown(() => visitor.destroy());
    await once(visitor, 'secureConnect');
    visitor.write(`GET /readyz HTTP/1.1\r\nHost: localhost:${String(gateway.port)}\r\n\r\n`);
    const [answer] = (await once(visitor, 'data')) as [Buffer];
    t.match(answer.toString('latin1'), /^HTTP\/1\.1 200 /);
    t.equal((await visit(gateway, 'localhost/readyz')).status, 200);
  },
);

t.test('a source with a live session is never locked out', async (t) => {
  const server = await startPublicGateway(t);
  const { gateway, key } = server;
  const machine = sshFrom(t, server, { source: attacker, key, args: ['-N', '-R', '80:localhost:1'] });
  await gateway.line((line) => line.msg === 'forward added');
  const stranger = makeKey(t);
  for (let round = 0; round < 3; round += 1) {
    const attempts = Array.from(
      { length: 10 },
      () => sshFrom(t, server, { source: attacker, key: stranger }).exit,
    );
    await Promise.all(attempts);
  }
  await metricBecomes(gateway, refusedLogins, (count) => count >= 30);
  t.equal(await metric(gateway, dropped), 0);
  machine.kill();
  await machine.exit;
  await gateway.line((line) => line.msg === 'tunnel closed');
  const again = sshFrom(t, server, { source: attacker, key, command: ['hello'] });
  t.equal((await again.exit).code, 0, 'and it may come back');
});

t.test('whoever is exempt is not blocked, and nobody is when it is switched off', async (t) => {
  for (const args of [
    ['--penalty-exempt', '127.0.0.64/28'],
    ['--login-penalties', 'off'],
  ]) {
    const server = await startPublicGateway(t, args);
    const stranger = makeKey(t);
    for (let round = 0; round < 2; round += 1)
      await Promise.all(
        Array.from({ length: 10 }, () => sshFrom(t, server, { source: attacker, key: stranger }).exit),
      );
    const good = sshFrom(t, server, { source: attacker, key: server.key, command: ['hello'] });
    t.equal((await good.exit).code, 0);
  }
});

t.test('behind a proxy that tells who comes, the one who comes is the source', async (t) => {
  const { gateway } = await startPublicGateway(t, [...room, '--proxy-protocol', '127.0.0.1/32']);
  const as = (source: string): { from: string; header: string } => ({
    from: '127.0.0.1',
    header: `PROXY TCP4 ${source} 192.0.2.9 1 2\r\n`,
  });
  for (const socket of await flood(210, t, gateway.port, as('192.0.2.66'))) socket.destroy();
  await gateway.line(
    (line) => line.msg.startsWith('too many failed logins') && line['source'] === '192.0.2.66',
  );
  await metricBecomes(gateway, 'porthole_pending_sockets', (count) => count === 0);
  t.equal(await bytesFor(t, gateway.port, as('192.0.2.66')), 0);
  t.ok(await begun(t, gateway.port, as('192.0.2.67')));
});
