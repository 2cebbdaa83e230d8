import t from 'tap';
import { keyId } from '../../core/names.ts';
import { startApp } from '../support/recording-app.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { offer, stockSsh } from '../support/stock-ssh.ts';

const server = await startGateway(t);
const { gateway, key } = server;
const port = String(gateway.port);
const clientId = keyId(key.blob);
const baseUrl = { hostname: 'localhost', port, protocol: 'https:' };
const rootUrl = `https://localhost:${port}/`;
const app = await startApp(t, 'app');
const target = `127.0.0.1:${String(app.port)}`;

t.test(
  'hello answers one line of JSON with the URL of each forward, keyed by what was asked for',
  async (t) => {
    const ssh = stockSsh(t, server, {
      env: 'pr-1',
      args: ['-R', `80:${target}`, '-R', `web:8080:${target}`, '-R', `/api?access=public:${target}`],
      command: ['hello'],
    });
    t.same(await ssh.exit, { code: 0, signal: null });
    const tunnels = {
      'localhost:80': `https://pr-1.localhost:${port}/`,
      'web:8080': `https://web--8080--pr-1.localhost:${port}/`,
      '/api?access=public': `https://api--pr-1.localhost:${port}/`,
    };
    t.equal(ssh.stdout, `${JSON.stringify({ clientId, env: 'pr-1', tunnels, rootUrl, baseUrl })}\r\n`);
  },
);

t.test('hello without forwards says who and where', async (t) => {
  const ssh = stockSsh(t, server, { env: 'pr-2', command: ['hello'] });
  t.same(await ssh.exit, { code: 0, signal: null });
  t.equal(ssh.stdout, `${JSON.stringify({ clientId, env: 'pr-2', tunnels: {}, rootUrl, baseUrl })}\r\n`);
});

t.test('tunnel-url tells the URLs that services would have', async (t) => {
  const ssh = stockSsh(t, server, {
    env: 'pr-3',
    command: ['tunnel-url', 'web', '/api/9000', 'db:5432', 'My_Service'],
  });
  t.same(await ssh.exit, { code: 0, signal: null });
  t.match(ssh.stdout, /^\{.*\}\r\n$/);
  const urls = JSON.parse(ssh.stdout) as Record<string, string>;
  t.match(urls, {
    web: `https://web--pr-3.localhost:${port}/`,
    '/api/9000': `https://api--9000--pr-3.localhost:${port}/`,
    'db:5432': `https://db--5432--pr-3.localhost:${port}/`,
    My_Service: new RegExp(`^https://my-service-[a-z2-7]{6}--pr-3\\.localhost:${port}/$`),
  });
});

t.test('status tells of the forwards of the connection, and of what was refused', async (t) => {
  const ssh = stockSsh(t, server, {
    env: 'pr-4',
    args: ['-R', `web:80:${target}`, '-R', `/api?colour=red:${target}`],
    command: ['status'],
  });
  t.same(await ssh.exit, { code: 0, signal: null });
  t.match(JSON.parse(ssh.stdout), {
    clientId,
    env: 'pr-4',
    forwards: [
      {
        request: 'web:80',
        url: `https://web--pr-4.localhost:${port}/`,
        service: 'web',
        port: null,
        access: 'private',
        state: 'ready',
        shareUrl: /porthole-share=/,
      },
    ],
    refused: [{ request: '/api?colour=red', reason: /colour/ }],
  });
});

t.test('help lists the commands', async (t) => {
  const ssh = stockSsh(t, server, { command: ['help'] });
  t.same(await ssh.exit, { code: 0, signal: null });
  for (const name of ['hello', 'tunnel-url', 'status', 'help'])
    t.match(ssh.stdout, new RegExp(`^ +${name}`, 'm'));
});

for (const command of [['make-coffee'], ['toString'], ['tunnel-url']]) {
  t.test(`${command.join(' ')} fails with a hint`, async (t) => {
    const ssh = stockSsh(t, server, { command });
    t.same(await ssh.exit, { code: 2, signal: null });
    t.match(ssh.stderr, /help|usage/);
    t.equal(ssh.stdout, '');
  });
}

t.test('a session without forwards says how to offer one, and ends', async (t) => {
  const ssh = stockSsh(t, server, { env: 'pr-5' });
  t.same(await ssh.exit, { code: 0, signal: null });
  t.match(ssh.stdout, `https://pr-5.localhost:${port}/`);
  t.match(ssh.stdout, /ssh .*-R 80:localhost:3000/);
});

t.test('Ctrl-C in a terminal ends the connection with exit code 0', async (t) => {
  const session = await offer(t, server, { env: 'pr-6', args: ['-tt', '-R', `80:${target}`] });
  session.write('\u0003');
  t.same(await session.exit, { code: 0, signal: null });
  await gateway.line((line) => line.msg === 'tunnel closed' && line['env'] === 'pr-6');
});
