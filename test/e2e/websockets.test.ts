import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';
import { startGateway } from '../support/gateway-with-key.ts';
import { startApp } from '../support/recording-app.ts';
import type { TestScope } from '../support/scope.ts';
import { offer } from '../support/stock-ssh.ts';

const server = await startGateway(t, ['--access', 'public']);
const { gateway } = server;
const app = await startApp(t, 'app');
const sockets = new WebSocketServer({ server: app.server, handleProtocols: () => 'chat.v2' });
const upgrades: IncomingMessage[] = [];
sockets.on('connection', (socket, request) => {
  upgrades.push(request);
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (data.toString() === 'close, please') socket.close(4001, 'as you wish');
    else if (data.toString() === 'go away') socket.terminate();
    else socket.send(data, { binary: isBinary });
  });
});
await offer(t, server, { env: 'pr-1', args: ['-R', `web:80:127.0.0.1:${String(app.port)}`] });

/** A WebSocket to a host of the gateway, wherever its name leads. */
function dial(host: string, path: string, options: ClientOptions = {}): WebSocket {
  const headers = { Host: `${host}:${String(gateway.port)}` };
  return new WebSocket(
    `wss://127.0.0.1:${String(gateway.port)}${path}`,
    ['chat.v1', 'chat.v2'],
    Object.assign({ ca: gateway.ca, headers, ...options }, { servername: host }),
  );
}

async function open(t: TestScope, path = '/socket'): Promise<WebSocket> {
  const host = 'web--pr-1.localhost';
  const socket = dial(host, path, { origin: `https://${host}` });
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function echo(socket: WebSocket, data: string | Buffer): Promise<[data: Buffer, isBinary: boolean]> {
  const answer = once(socket, 'message');
  socket.send(data);
  return (await answer) as [Buffer, boolean];
}

t.test('text, binary and large messages come back as they went', async (t) => {
  const socket = await open(t);
  t.equal(socket.protocol, 'chat.v2', 'the subprotocol is negotiated with the app');
  const [text, textIsBinary] = await echo(socket, 'grüße');
  t.same([text.toString(), textIsBinary], ['grüße', false]);
  for (const size of [0, 1, 125, 65_536, 1_000_000]) {
    const data = randomBytes(size);
    const [answer, isBinary] = await echo(socket, data);
    t.ok(answer.equals(data) && isBinary, `${String(size)} bytes`);
  }
});

t.test('the app sees the upgrade as it was, and whose it is', async (t) => {
  await open(t, '/chat/room?name=a%20b');
  const request = upgrades.at(-1);
  t.equal(request?.url, '/chat/room?name=a%20b');
  t.match(request?.headers, {
    host: `web--pr-1.localhost:${String(gateway.port)}`,
    origin: 'https://web--pr-1.localhost',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'https',
    upgrade: /websocket/i,
  });
});

t.test('close codes pass both ways', async (t) => {
  const asked = await open(t);
  asked.send('close, please');
  const [code, reason] = (await once(asked, 'close')) as [number, Buffer];
  t.same([code, reason.toString()], [4001, 'as you wish']);

  const asking = await open(t);
  const [appSide] = [...sockets.clients].slice(-1);
  const closed = once(appSide ?? asking, 'close');
  asking.close(4002, 'done');
  const [seen, why] = (await closed) as [number, Buffer];
  t.same([seen, why.toString()], [4002, 'done']);
});

t.test('a connection that the app breaks off is no clean close', async (t) => {
  const socket = await open(t);
  socket.on('error', () => undefined);
  socket.send('go away');
  const [code] = (await once(socket, 'close')) as [number];
  t.equal(code, 1006);
});

t.test('many at a time do not mix', async (t) => {
  const opened = await Promise.all(Array.from({ length: 20 }, () => open(t)));
  const answers = await Promise.all(opened.map((socket, index) => echo(socket, `number ${String(index)}`)));
  t.same(
    answers.map(([data]) => data.toString()),
    opened.map((_socket, index) => `number ${String(index)}`),
  );
});

t.test('an upgrade of an unknown environment fails with a whole answer', async (t) => {
  const socket = dial('nobody.localhost', '/');
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  t.equal(response.statusCode, 404);
  t.equal(response.headers['porthole-error'], 'ERR_ENV_UNKNOWN');
  response.resume();
  await once(response, 'end');
});
