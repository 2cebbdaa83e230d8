import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { startApp } from '../support/recording-app.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { openssh } from '../support/openssh.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { offer } from '../support/stock-ssh.ts';
import { until } from '../support/until.ts';

/** The visitor, the balancer and a stranger each have an address of their own. */
const visitor = '127.0.0.5';
const balancer = '127.77.0.2';
const stranger = '127.0.0.6';

const server = await startGateway(t, ['--access', 'public', '--proxy-protocol', '127.0.0.1/32']);
const { gateway, key } = server;
const gatewayAddress = `127.0.0.1:${String(gateway.port)}`;

const app = await startApp(t, 'app');
await offer(t, server, { env: 'pr-1', args: ['-R', `80:127.0.0.1:${String(app.port)}`] });

/** The real HAProxy in TCP mode in front of the shared port. */
async function startHaproxy(t: TestScope, send: string): Promise<number> {
  const port = await freePort(balancer);
  const config = join(scratchDir(t), 'haproxy.cfg');
  const lines = [
    ...['defaults', '  mode tcp', '  timeout connect 10s', '  timeout client 60s', '  timeout server 60s'],
    ...['listen shared', `  bind ${balancer}:${String(port)}`],
    ...[`  server gateway ${gatewayAddress} source 127.0.0.1 ${send}`],
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  new Program(t, 'haproxy', ['-db', '-f', config]);
  await until('HAProxy listens', () => isOpen(port));
  return port;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ host: balancer, port });
  const opened = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.on('error', () => undefined).destroy();
  return opened;
}

for (const send of ['send-proxy-v2', 'send-proxy']) {
  t.test(`HTTPS through HAProxy with ${send}: the visitor's own address is known`, async (t) => {
    const port = await startHaproxy(t, send);
    const path = `/by-${send}`;
    const curl = new Program(t, 'curl', [
      ...['--disable', '--silent', '--show-error', '--noproxy', '*', '--cacert', gateway.caFile],
      ...['--interface', visitor, '--connect-to', `::${balancer}:${String(port)}`],
      ...['--header', 'X-Forwarded-For: 1.2.3.4', `https://pr-1.localhost:${String(gateway.port)}${path}`],
    ]);
    t.same(await curl.exit, { code: 0, signal: null });
    t.equal(curl.stdout, 'app\n');
    const seen = app.seen.find((each) => each.path === path);
    t.equal(seen?.headers['x-forwarded-for'], visitor, 'what the visitor claims counts for nothing');
    const line = await gateway.line(({ msg, path: logged }) => msg === 'request' && logged === path);
    t.match(line, { remote: visitor, status: 200 });
  });

  t.test(`SSH through HAProxy with ${send}: the machine's own address is known`, async (t) => {
    const port = await startHaproxy(t, send);
    const env = `by-${send}`;
    const session = openssh(t, {
      port,
      key,
      user: env,
      args: ['-b', visitor, '-o', `HostName=${balancer}`, '-R', `80:127.0.0.1:${String(app.port)}`],
    });
    await session.said(/Requests appear below/);
    const line = await gateway.line(({ msg, env: logged }) => msg === 'tunnel opened' && logged === env);
    t.equal(line['remote'], visitor);
  });
}

t.test('a trusted peer without a header is served with its own address', async (t) => {
  const curl = new Program(t, 'curl', [
    ...['--disable', '--silent', '--show-error', '--noproxy', '*', '--cacert', gateway.caFile],
    ...['--connect-to', `::${gatewayAddress}`, `https://pr-1.localhost:${String(gateway.port)}/plain`],
  ]);
  t.same(await curl.exit, { code: 0, signal: null });
  t.equal(app.seen.find(({ path }) => path === '/plain')?.headers['x-forwarded-for'], '127.0.0.1');
});

const v1 = Buffer.from('PROXY TCP4 203.0.113.9 127.0.0.1 1234 443\r\n');
const v2 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
  Buffer.from([0x21, 0x11, 0, 12, 203, 0, 113, 9, 127, 0, 0, 1, 4, 210, 1, 187]),
]);

for (const [name, header] of Object.entries({ v1, v2 })) {
  t.test(`a PROXY header (${name}) of a stranger is refused`, async (t) => {
    const requests = app.seen.length;
    const socket = connect({ host: '127.0.0.1', port: gateway.port, localAddress: stranger });
    t.teardown(() => socket.destroy());
    socket.on('error', () => undefined);
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString('latin1')));
    socket.write(Buffer.concat([header, Buffer.from('GET / HTTP/1.1\r\nHost: pr-1.localhost\r\n\r\n')]));
    await once(socket, 'close');
    t.notMatch(answer, /^HTTP\/1\.1 [23]/, 'neither served nor redirected');
    t.notMatch(answer, /SSH-/);
    t.equal(app.seen.length, requests);
  });
}
