import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { challenges, goodPass } from './fake-doorkeeper.ts';
import { FakeForward } from './fake-forward.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { RawClient, exchangeBytes, parseAnswer } from './raw-client.ts';
import { eventually, listen, rawUpstream } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';
const asked = `GET /raw HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: Raw\r\n\r\n`;
const switching = 'HTTP/1.1 101 Sure Thing\r\nConnection: Upgrade\r\nUpgrade: raw\r\nX-Kept: Yes\r\n\r\n';

async function withSocket(
  t: Teardown,
  onSocket: (socket: Socket) => void,
  options: GatewayOptions = {},
): Promise<Gateway & { forward: FakeForward }> {
  const gateway = await startGateway(t, options);
  const forward = new FakeForward(await rawUpstream(t, onSocket));
  gateway.router.serve('web--pr-1', forward);
  return { ...gateway, forward };
}

/** Switches at once, then gives back what it gets, in upper case; ends when its peer does. */
function shout(socket: Socket): void {
  socket.once('data', () => {
    socket.write(switching);
    socket.on('data', (chunk) => socket.write(String(chunk).toUpperCase()));
    socket.on('end', () => socket.end('BYE'));
  });
}

t.test('WebSockets', async (t) => {
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'chat' });
  sockets.on('connection', (socket, request) => {
    socket.on('message', (data, isBinary) =>
      socket.send(isBinary ? data : `${request.url ?? ''} ${(data as Buffer).toString()}`),
    );
  });
  const gateway = await startGateway(t);
  gateway.router.serve('web--pr-1', new FakeForward(await listen(t, server)));
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/chat?x=1`, ['chat'], { headers: { host } });
  await once(client, 'open');
  t.equal(client.protocol, 'chat');
  client.send('hello');
  t.equal(String((await once(client, 'message'))[0]), '/chat?x=1 hello');
  const large = Buffer.alloc(1_000_000, 'x');
  client.send(large);
  t.same((await once(client, 'message'))[0], large);
  t.equal(gateway.ingress.inFlight, 1);
  client.close(1000, 'enough');
  t.equal((await once(client, 'close'))[0], 1000);
  t.match(await gateway.over(1), [{ status: 101, upgraded: true, env: 'pr-1', path: '/chat' }]);
  t.ok((gateway.entries[0]?.bytesIn ?? 0) > large.length);
});

t.test('any protocol: the answer as it was, then bytes both ways, with half-close', async (t) => {
  const gateway = await withSocket(t, shout);
  const client = new RawClient(t, gateway.port).send(`${asked}first `);
  const received = await client.until('FIRST ');
  t.match(received, /^HTTP\/1\.1 101 Sure Thing\r\n/);
  t.match(received, /X-Kept: Yes\r\n[^]*Connection: Upgrade\r\nUpgrade: raw\r\n\r\n/);
  client.send('GET / HTTP/1.1\r\n\r\n');
  await client.until('GET / HTTP/1.1\r\n\r\n');
  client.socket.end('last');
  t.match(await client.end(), /LASTBYE$/);
  const [entry] = await gateway.over(1);
  t.match(entry, { status: 101, aborted: false, upgraded: true, bytesIn: 28, bytesOut: 31 });
  await eventually(() => gateway.forward.channels.size === 0);
  t.equal(gateway.counted.reused, 0);
});

t.test('bytes that come with the 101 are not lost', async (t) => {
  const gateway = await withSocket(t, (socket) =>
    socket.once('data', () => socket.write(`${switching}early`)),
  );
  await new RawClient(t, gateway.port).send(asked).until('\r\n\r\nearly');
});

t.test('an upgrade that is declined is a whole answer, and the connection is not used again', async (t) => {
  const server = createServer((request, response) => {
    response.writeHead(426, { 'Content-Type': 'text/plain', 'X-Url': request.url });
    response.write('no ');
    response.end('thanks');
  });
  const gateway = await startGateway(t);
  gateway.router.serve('web--pr-1', new FakeForward(await listen(t, server)));
  const answer = parseAnswer(
    await exchangeBytes(t, gateway.port, `${asked}GET /smuggled HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
  );
  t.match(answer, { status: 426, headers: { connection: 'close', 'x-url': '/raw' } });
  t.match(answer.body, /no [^]*thanks/);
  t.equal(gateway.entries.length, 1);
});

t.test('a failed upgrade is a whole answer', async (t) => {
  const gateway = await withSocket(t, (socket) => socket.once('data', () => socket.end()));
  t.match(parseAnswer(await exchangeBytes(t, gateway.port, asked)), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_PROTOCOL', connection: 'close' },
  });
  gateway.forward.failure = { kind: 'refused', detail: '' };
  t.match(parseAnswer(await exchangeBytes(t, gateway.port, asked)), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_REFUSED' },
  });
  const unknown = asked.replace(host, 'nobody.preview.test');
  t.match(parseAnswer(await exchangeBytes(t, gateway.port, unknown)), {
    status: 401,
    headers: { 'porthole-error': 'ERR_LOGIN_REQUIRED' },
  });
});

t.test('access is decided for upgrades as for everything', async (t) => {
  const gateway = await startGateway(t);
  const port = await rawUpstream(t, shout);
  gateway.router.serve('web--pr-1', new FakeForward(port, { access: 'private' }));
  const page = asked.replace('\r\n\r\n', '\r\nAccept: text/html\r\n\r\n');
  for (const bytes of [asked, page]) {
    const answer = parseAnswer(await exchangeBytes(t, gateway.port, bytes));
    t.match(answer, {
      status: 401,
      headers: { 'porthole-error': 'ERR_LOGIN_REQUIRED', 'content-type': /json/, connection: 'close' },
    });
    t.equal(answer.headers['www-authenticate'], challenges.join('\n'));
    t.equal(JSON.parse(answer.body).code, 'ERR_LOGIN_REQUIRED');
  }
  const client = new RawClient(t, gateway.port).send(
    asked.replace('\r\n\r\n', `\r\nPorthole-Share: ${goodPass}\r\n\r\n`),
  );
  await client.until('101 Sure Thing');
});

t.test('no upgrade to what would be past the gateway', async (t) => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.upgrade);
    response.end('plain');
  });
  const gateway = await startGateway(t);
  gateway.router.serve('web--pr-1', new FakeForward(await listen(t, server)));
  for (const wanted of ['h2c', 'TLS/1.0', 'raw, h2c']) {
    const bytes = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: ${wanted}\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`;
    t.match(parseAnswer(await exchangeBytes(t, gateway.port, bytes)), { status: 200, body: 'plain' });
  }
  t.same(seen, [undefined, undefined, undefined]);
});

t.test('a request to upgrade has no body, and comes alone', async (t) => {
  const gateway = await withSocket(t, shout);
  const withBody = asked.replace('\r\n\r\n', '\r\nContent-Length: 3\r\n\r\nabc');
  t.match(parseAnswer(await exchangeBytes(t, gateway.port, withBody)), {
    status: 400,
    headers: { 'porthole-error': 'ERR_BAD_REQUEST' },
  });
  const silent = await withSocket(t, (socket) => socket.resume());
  const client = new RawClient(t, silent.port).send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n${asked}`);
  t.equal(await client.end(), '', 'behind another in a pipeline it ends the connection');
});

t.test('who leaves before the answer takes the request along', async (t) => {
  const upstream = Promise.withResolvers<Socket>();
  const gateway = await withSocket(t, (socket) => {
    socket.once('data', () => upstream.resolve(socket));
  });
  for (const leave of ['destroy', 'end'] as const) {
    const client = new RawClient(t, gateway.port).send(asked);
    await eventually(() => gateway.forward.channels.size === 1);
    client.socket[leave]();
    await eventually(() => gateway.forward.channels.size === 0);
    await eventually(() => gateway.ingress.inFlight === 0);
  }
  t.match(await gateway.over(2), [
    { status: 0, aborted: true },
    { status: 0, aborted: true },
  ]);
});

t.test('either side can break it off, and the other one sees it', async (t) => {
  const sockets: Socket[] = [];
  const gateway = await withSocket(t, (socket) => {
    sockets.push(socket);
    shout(socket);
  });
  const first = new RawClient(t, gateway.port).send(`${asked}x`);
  await first.until('X');
  const closed = new Promise((resolve) => void sockets[0]?.once('close', resolve));
  first.socket.resetAndDestroy();
  await closed;
  const second = new RawClient(t, gateway.port).send(`${asked}x`);
  await second.until('X');
  sockets[1]?.resetAndDestroy();
  await second.end();
  await eventually(() => gateway.ingress.inFlight === 0);
  t.ok(gateway.entries.every(({ upgraded, aborted }) => upgraded && aborted));
});

t.test('silence ends it, after long enough', async (t) => {
  const gateway = await withSocket(t, shout, {
    limits: { streamIdleTimeoutMs: 60, responseTimeoutMs: 600_000 },
  });
  const client = new RawClient(t, gateway.port).send(`${asked}x`);
  await client.until('X');
  await client.end();
  t.match(await gateway.over(1), [{ upgraded: true, aborted: true }]);
  await eventually(() => gateway.forward.channels.size === 0);
});

t.test('a visitor that does not read stops the upstream', async (t) => {
  let sent = 0;
  const gateway = await withSocket(t, (socket) => {
    socket.once('data', () => {
      socket.write(switching);
      const piece = Buffer.alloc(64 * 1024);
      const pump = (): void => {
        while (sent < 200e6) {
          sent += piece.length;
          if (!socket.write(piece)) return;
        }
      };
      socket.on('drain', pump);
      pump();
    });
  });
  const client = new RawClient(t, gateway.port).send(asked);
  await client.until('101');
  client.socket.pause();
  let before = -1;
  while (before !== sent) {
    before = sent;
    await new Promise((resolve) => void setTimeout(resolve, 60));
  }
  t.ok(sent < 60e6, `${sent} bytes are in the buffers of three sockets`);
});

t.test('a quiet upgrade is no idle connection', async (t) => {
  const gateway = await withSocket(t, shout, { limits: { keepAliveMs: 40 } });
  const client = new RawClient(t, gateway.port).send(`${asked}x`);
  await client.until('X');
  const idle = new RawClient(t, gateway.port).send(`GET / HTTP/1.1\r\nHost: nobody.preview.test\r\n\r\n`);
  await idle.end();
  await client.send('y').until('Y');
});

t.test('upgrades count among the requests in flight', async (t) => {
  const gateway = await withSocket(t, shout, { limits: { maxRequests: 1 } });
  const client = new RawClient(t, gateway.port).send(`${asked}x`);
  await client.until('X');
  t.match(parseAnswer(await exchangeBytes(t, gateway.port, asked)), {
    status: 503,
    headers: { 'porthole-error': 'ERR_BUSY' },
  });
  client.socket.destroy();
  await gateway.over(2);
  await new RawClient(t, gateway.port).send(`${asked}x`).until('X');
});

t.test('a connection that carries one is not idle, however long it is silent', async (t) => {
  const gateway = await withSocket(t, shout, { limits: { keepAliveMs: 50 } });
  const client = new RawClient(t, gateway.port).send(asked);
  client.send('one');
  await client.until('101');
  // What came later and is idle is closed, so the silent one was looked at.
  const idle = new RawClient(t, gateway.port);
  await once(idle.socket, 'end');
  client.send('still here');
  await client.until('STILL HERE');
  t.notOk(client.ended);
});
