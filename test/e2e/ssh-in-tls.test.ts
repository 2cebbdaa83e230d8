import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import t from 'tap';
import { startApp } from '../support/recording-app.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { openssh } from '../support/openssh.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { offer, stockSsh, urlsOf } from '../support/stock-ssh.ts';
import { visit } from '../support/visitor.ts';

const server = await startGateway(t, ['--access', 'public']);
const { gateway, key } = server;
const address = `127.0.0.1:${String(gateway.port)}`;
const sClient = `openssl s_client -quiet -connect ${address} -servername localhost -CAfile ${gateway.caFile} -verify_return_error`;

/** Commands whose standard input and output are a TLS connection to the shared port. */
const wrappers: Readonly<Record<string, string>> = {
  'openssl with ALPN ssh': `${sClient} -alpn ssh 2>/dev/null`,
  'openssl without ALPN': `${sClient} 2>/dev/null`,
  'openssl without ALPN and SNI': `${sClient.replace('-servername localhost', '-noservername')} 2>/dev/null`,
  'openssl with TLS 1.2': `${sClient} -tls1_2 2>/dev/null`,
};

for (const [index, [name, command]] of Object.entries(wrappers).entries()) {
  t.test(`ssh through ${name}`, async (t) => {
    const app = await startApp(t, name);
    const session = await offer(t, server, {
      env: `wrapped-${String(index)}`,
      args: ['-o', `ProxyCommand=${command}`, '-R', `80:127.0.0.1:${String(app.port)}`],
    });
    t.equal((await visit(gateway, urlsOf(session)[0] ?? '')).body, `${name}\n`);
  });
}

t.test('ssh through stunnel in client mode', async (t) => {
  const host = '127.77.0.1';
  const port = await freePort(host);
  const config = join(scratchDir(t), 'stunnel.conf');
  const lines = [
    ...['foreground = yes', 'pid =', 'debug = notice', '[ssh]', 'client = yes'],
    ...[`accept = ${host}:${String(port)}`, `connect = ${address}`, 'sni = localhost'],
    ...[`CAfile = ${gateway.caFile}`, 'verifyChain = yes', 'checkHost = localhost'],
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const stunnel = new Program(t, 'stunnel4', [config]);
  await stunnel.said(/Configuration successful/);
  const app = await startApp(t, 'app');
  const ssh = openssh(t, {
    port,
    key,
    user: 'stunnel',
    args: ['-o', `HostName=${host}`, '-R', `80:127.0.0.1:${String(app.port)}`],
  });
  await ssh.said(/Requests appear below/);
  t.equal((await visit(gateway, urlsOf(ssh)[0] ?? '')).body, 'app\n');
});

t.test('ssh inside TLS and ssh in the open are the same to the gateway', async (t) => {
  const inTls = stockSsh(t, server, {
    command: ['hello'],
    args: ['-o', `ProxyCommand=${sClient} -alpn ssh 2>/dev/null`],
  });
  const open = stockSsh(t, server, { command: ['hello'] });
  t.equal((await inTls.exit).code, 0);
  t.equal((await open.exit).code, 0);
  t.equal(inTls.stdout, open.stdout);
});

t.test('a client that waits for the server to speak first gets the banner of SSH', async (t) => {
  const open = connectTcp({ host: '127.0.0.1', port: gateway.port });
  const secure = connectTls({
    host: '127.0.0.1',
    port: gateway.port,
    servername: 'localhost',
    ca: gateway.ca,
  });
  for (const banner of await Promise.all([firstLine(t, open), firstLine(t, secure)])) {
    t.match(banner, /^SSH-2\.0-\S+\r\n/);
  }
});

/** What a peer says that is told nothing. */
async function firstLine(t: { teardown(action: () => unknown): void }, socket: Socket): Promise<string> {
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString('latin1');
}
