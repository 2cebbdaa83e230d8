import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { connect, createServer as createNetServer } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { ChannelAgent } from '../../../server/ingress/channel-agent.ts';
import { FakeForward } from './fake-forward.ts';
import { environmentView } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { http2Client, http2Get } from './http2-client.ts';
import { RawClient, get } from './raw-client.ts';
import { eventually, listen } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';

async function withWaiting(
  t: Teardown,
  options: GatewayOptions = {},
): Promise<Gateway & { responses: ServerResponse[] }> {
  const responses: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.startsWith('/now')) response.end('now');
    else responses.push(response);
  });
  const gateway = await startGateway(t, options);
  gateway.router.serve('web--pr-1', new FakeForward(await listen(t, server)));
  return { ...gateway, responses };
}

t.test('closing lets what runs finish, takes idle connections away, and says when it is over', async (t) => {
  const gateway = await withWaiting(t);
  const idle = new RawClient(t, gateway.port).send(`GET /now HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await idle.until('now');
  const running = new RawClient(t, gateway.port).send(`GET /later HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const session = http2Client(t, gateway.http2Port);
  const stream = http2Get(session, { ':authority': host, ':path': '/later' });
  await eventually(() => gateway.responses.length === 2);
  const closed = gateway.ingress.close(60_000);
  t.equal(gateway.ingress.close(1), closed, 'a second call changes nothing');
  await idle.end();
  t.equal(running.ended, false);
  for (const response of gateway.responses) response.end('finished');
  t.match(await running.end(), /Connection: close\r\n[^]*finished/);
  t.match(await stream, { body: 'finished' });
  await closed;
  t.equal(await gateway.ingress.closed, 'closed');
  t.equal(gateway.ingress.inFlight, 0);
});

t.test('but not for longer than it is given', async (t) => {
  const gateway = await withWaiting(t);
  const running = new RawClient(t, gateway.port).send(`GET /later HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await eventually(() => gateway.responses.length === 1);
  await gateway.ingress.close(20);
  await running.end();
  t.ok(
    gateway.lines.some((line) => line['level'] === 'warn'),
    'and says so',
  );
  t.match(await gateway.over(1), [{ aborted: true }]);
});

t.test('a connection that comes while it closes gets one answer', async (t) => {
  const gateway = await withWaiting(t);
  const running = new RawClient(t, gateway.port).send(`GET /later HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await eventually(() => gateway.responses.length === 1);
  const closed = gateway.ingress.close(60_000);
  const late = new RawClient(t, gateway.port).send(`GET /now HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  t.match(await late.end(), /Connection: close\r\n[^]*now/);
  gateway.responses[0]?.end();
  await running.end();
  await closed;
});

t.test('destroying ends everything at once', async (t) => {
  const gateway = await withWaiting(t);
  const environment = environmentView();
  gateway.router.routes.set('held', {
    kind: 'reconnecting',
    environment,
    route: { env: 'held', service: undefined, port: undefined },
  });
  const clients = ['/later', '/now'].map((path) =>
    new RawClient(t, gateway.port).send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
  );
  const held = gateway.router.held();
  clients.push(new RawClient(t, gateway.port).send('GET / HTTP/1.1\r\nHost: held.preview.test\r\n\r\n'));
  await held;
  await eventually(() => gateway.responses.length === 1);
  gateway.ingress.destroy('enough');
  gateway.ingress.destroy('again');
  for (const client of clients) await client.end();
  t.equal(await gateway.ingress.closed, 'enough');
  await eventually(() => gateway.ingress.inFlight === 0 && gateway.ingress.connections === 0);
});

t.test('one line in the log for each request, and none of its secrets', async (t) => {
  const told: string[] = [];
  const gateway = await withWaiting(t, {
    deps: { onRequest: ({ path, status }) => void told.push(`${status} ${path}`) },
  });
  await get(t, gateway.port, host, {
    path: '/now?token=secret-1&porthole-share=secret-2',
    headers:
      'Cookie: __Host-porthole_share=secret-3\r\nAuthorization: Bearer secret-4\r\nPorthole-Share: secret-5\r\n',
  });
  await get(t, gateway.port, 'nobody.preview.test');
  await gateway.over(2);
  const lines = gateway.lines.filter((line) => line['msg'] === 'request');
  t.match(lines, [
    {
      env: 'pr-1',
      service: 'web',
      tunnelId: 'tunnel-1',
      method: 'GET',
      path: '/now',
      status: 200,
      bytesOut: 3,
      upgraded: false,
      aborted: false,
    },
    { env: 'nobody', status: 401, code: 'ERR_LOGIN_REQUIRED' },
  ]);
  t.notMatch(JSON.stringify(gateway.lines), /secret/);
  t.same(told, ['200 /now', '401 /']);
});

t.test('a socket that is gone before it is given is no problem', async (t) => {
  const gateway = await startGateway(t);
  const sockets: Socket[] = [];
  const port = await listen(
    t,
    createNetServer((socket) => sockets.push(socket)),
  );
  connect(port, '127.0.0.1').on('error', () => {});
  await eventually(() => sockets.length === 1);
  const [socket] = sockets;
  socket?.destroy();
  const info = { remoteAddress: '192.0.2.1', remotePort: 1, secure: true, servername: undefined };
  if (socket === undefined) throw new Error('no socket');
  gateway.ingress.handleHttp1(socket, info);
  gateway.ingress.handleHttp2(socket, info);
  gateway.ingress.handlePlainHttp(socket, info);
  t.equal(gateway.ingress.connections, 0);
});

t.test('the ingress can dial nothing by itself', async (t) => {
  const agent = new ChannelAgent({ open: () => Promise.reject(new Error('closed')), maxIdle: 1, idleMs: 1 });
  t.throws(() => agent.createConnection(), /dials nothing/);
});

/** Longer than any test. */
const never = 3_600_000;

t.test('an idle connection gets one more answer while it closes', async (t) => {
  const gateway = await withWaiting(t);
  const idle = new RawClient(t, gateway.port).send(`GET /now HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await idle.until('now');
  const closed = gateway.ingress.close(never, { idleMs: never });
  const text = await idle.send(`GET /now?again HTTP/1.1\r\nHost: ${host}\r\n\r\n`).end();
  t.equal(text.match(/^now|\nnow/g)?.length, 2);
  t.equal(text.match(/Connection: close/g)?.length, 1, 'the second answer is the last one');
  await closed;
  t.equal(await gateway.ingress.closed, 'closed');
});

t.test('an idle connection is closed when it stays quiet', async (t) => {
  const gateway = await withWaiting(t);
  const idle = new RawClient(t, gateway.port).send(`GET /now HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await idle.until('now');
  await gateway.ingress.close(never, { idleMs: 30 });
  t.ok(await idle.end());
});

t.test('a request that is arriving is not quiet', async (t) => {
  const gateway = await withWaiting(t);
  const slow = new RawClient(t, gateway.port).send('GET /now HTTP/1.1\r\n');
  await eventually(() => gateway.ingress.connections === 1);
  const closed = gateway.ingress.close(never, { idleMs: 200 });
  for (const part of `Host: ${host}\r\n`) {
    slow.send(part);
    await pause(20);
  }
  t.match(await slow.send('\r\n').end(), /Connection: close\r\n[^]*now/);
  await closed;
});

t.test(
  'HTTP/2 is told to go away: what runs, or is on its way, goes on, and nothing new is sent here',
  async (t) => {
    const gateway = await withWaiting(t);
    const session = http2Client(t, gateway.http2Port);
    const running = http2Get(session, { ':authority': host, ':path': '/later' });
    await eventually(() => gateway.responses.length === 1);
    const goaway = once(session, 'goaway');
    const closed = gateway.ingress.close(never, { idleMs: 30 });
    const [code, lastStreamId] = (await goaway) as [number, number];
    t.same([code, lastStreamId], [0, 2 ** 31 - 1]);
    const refused = { code: 'ERR_HTTP2_GOAWAY_SESSION' };
    await t.rejects(http2Get(session, { ':authority': host, ':path': '/now' }), refused);
    gateway.responses[0]?.end('finished');
    t.match(await running, { body: 'finished' });
    await closed;
  },
);

t.test('a session of HTTP/2 that comes while it closes gets one answer', async (t) => {
  const gateway = await withWaiting(t);
  const running = new RawClient(t, gateway.port).send(`GET /later HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await eventually(() => gateway.responses.length === 1);
  const closed = gateway.ingress.close(never, { idleMs: never });
  const session = http2Client(t, gateway.http2Port);
  const goaway = once(session, 'goaway');
  t.match(await http2Get(session, { ':authority': host, ':path': '/now' }), { body: 'now' });
  await goaway;
  session.destroy();
  gateway.responses[0]?.end();
  await running.end();
  await closed;
});

t.test('who waits for a tunnel does not wait in vain', async (t) => {
  const gateway = await withWaiting(t);
  const environment = environmentView();
  const route = { env: 'held', service: undefined, port: undefined };
  gateway.router.routes.set('held', { kind: 'reconnecting', environment, route });
  const isHeld = gateway.router.held();
  const before = get(t, gateway.port, 'held.preview.test');
  await isHeld;
  const closed = gateway.ingress.close(never, { idleMs: never });
  const draining = {
    status: 503,
    headers: { 'porthole-error': 'ERR_DRAINING', 'retry-after': '1', connection: 'close' },
  };
  t.match(await before, draining);
  await closed;
});

t.test('it does not end before the connections that were accepted have come', async (t) => {
  const gateway = await withWaiting(t);
  let pending = 1;
  const closed = gateway.ingress.close(never, { idleMs: never, more: () => pending > 0 });
  await pause(50);
  const late = new RawClient(t, gateway.port).send(`GET /now HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  t.match(await late.end(), /Connection: close\r\n[^]*now/);
  pending = 0;
  await closed;
});

t.test('a request of HTTP/2 that meets the GOAWAY is answered, or known to be unread', async (t) => {
  const gateway = await withWaiting(t);
  const session = http2Client(t, gateway.http2Port);
  const outcomes: Promise<string>[] = [];
  const ask = (): void => {
    if (session.closed || session.destroyed) return;
    const answer = http2Get(session, { ':authority': host, ':path': '/now' });
    outcomes.push(
      answer.then(
        ({ body }) => body,
        (error: unknown) => (error as Error).message,
      ),
    );
    setImmediate(ask);
  };
  ask();
  await eventually(() => outcomes.length > 20);
  await gateway.ingress.close(never, { idleMs: 50 });
  const counts = new Map<string, number>();
  for (const outcome of await Promise.all(outcomes)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  t.ok((counts.get('now') ?? 0) >= 1);
  counts.delete('now');
  for (const outcome of counts.keys()) t.match(outcome, /GOAWAY|NGHTTP2_REFUSED_STREAM/);
});
