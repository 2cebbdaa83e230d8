import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import t from 'tap';
import { goodPass } from './fake-doorkeeper.ts';
import { FakeForward } from './fake-forward.ts';
import { environmentView } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { http2Client, http2Get } from './http2-client.ts';
import { eventually, listen, rawUpstream, readAll } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';

async function withUpstream(
  t: Teardown,
  handler: RequestListener,
  options: GatewayOptions = {},
): Promise<Gateway & { forward: FakeForward }> {
  const server = createServer(handler);
  server.on('checkContinue', handler);
  return withPort(t, await listen(t, server), options);
}

async function withPort(
  t: Teardown,
  port: number,
  options: GatewayOptions = {},
): Promise<Gateway & { forward: FakeForward }> {
  const gateway = await startGateway(t, options);
  const forward = new FakeForward(port);
  gateway.router.serve('web--pr-1', forward);
  return { ...gateway, forward };
}

t.test('requests and answers of one connection, side by side', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    void readAll(request).then((body) => {
      response.writeHead(201, {
        'X-A': ['1', '2'],
        'Set-Cookie': ['a=1', 'b=2; Domain=preview.test'],
        Connection: 'keep-alive, x-hop',
        'X-Hop': '1',
      });
      response.end(
        JSON.stringify({ method: request.method, url: request.url, body, headers: request.headers }),
      );
    });
  });
  const session = http2Client(t, gateway.http2Port);
  const ask = (path: string, body?: string): ReturnType<typeof http2Get> =>
    http2Get(
      session,
      {
        ':authority': host,
        ':path': path,
        ':method': body === undefined ? 'GET' : 'POST',
        cookie: ['a=1', 'b=2'],
        te: 'trailers',
      },
      body,
    );
  const answers = await Promise.all([ask('/1?x'), ask('/2', 'body')]);
  for (const { headers } of answers) {
    t.match(headers, {
      ':status': 201,
      'x-a': '1, 2',
      'set-cookie': ['a=1', 'b=2'],
      'x-robots-tag': 'noindex',
    });
    t.equal(headers['connection'], undefined);
    t.equal(headers['transfer-encoding'], undefined);
    t.equal(headers['x-hop'], undefined);
  }
  const [first, second] = answers.map(({ body }) => JSON.parse(body));
  t.match(first, {
    method: 'GET',
    url: '/1?x',
    headers: { host, cookie: 'a=1; b=2', te: 'trailers', 'x-forwarded-proto': 'https' },
  });
  t.match(second, { method: 'POST', url: '/2', body: 'body', headers: { 'transfer-encoding': 'chunked' } });
  const entries = await gateway.over(2);
  t.ok(entries.every(({ aborted, status, bytesOut }) => !aborted && status === 201 && bytesOut > 0));
});

t.test('two environments on one connection: decided per request', async (t) => {
  const gateway = await withUpstream(t, (_request, response) => response.end('public'));
  const other = { env: 'pr-2', service: undefined, port: undefined };
  const forward = new FakeForward(1, { access: 'private', route: other });
  gateway.router.routes.set('pr-2', {
    kind: 'forward',
    environment: environmentView({ name: 'pr-2', access: 'private' }),
    state: 'ready',
    forward,
    standby: undefined,
  });
  const session = http2Client(t, gateway.http2Port);
  t.match(await http2Get(session, { ':authority': host }), { headers: { ':status': 200 }, body: 'public' });
  t.match(await http2Get(session, { ':authority': 'pr-2.preview.test' }), {
    headers: { ':status': 401, 'porthole-error': 'ERR_LOGIN_REQUIRED' },
  });
  t.match(await http2Get(session, { ':authority': host }), { headers: { ':status': 200 } });
});

t.test('a private environment is not served on a connection that was made for another', async (t) => {
  const gateway = await startGateway(t, { info: { servername: 'pr-2.preview.test' } });
  gateway.router.serve('web--pr-1', new FakeForward(1, { access: 'private' }));
  const session = http2Client(t, gateway.http2Port);
  t.match(await http2Get(session, { ':authority': host, 'porthole-share': goodPass }), {
    headers: { ':status': 421, 'porthole-error': 'ERR_MISDIRECTED' },
  });
});

t.test('what is refused is told, stream by stream', async (t) => {
  const gateway = await withUpstream(t, (_request, response) => response.end('ok'));
  const session = http2Client(t, gateway.http2Port);
  const cases: [Record<string, string>, number, string][] = [
    [{ ':authority': host, host: 'other.preview.test' }, 400, 'ERR_BAD_REQUEST'],
    [{ ':authority': 'evil.example' }, 421, 'ERR_MISDIRECTED'],
    [{ ':authority': host, ':method': 'TRACE' }, 405, 'ERR_METHOD_REFUSED'],
    [{ ':authority': host, ':method': 'get' }, 400, 'ERR_BAD_REQUEST'],
    [{ ':authority': host, ':path': `/${'a'.repeat(20_000)}` }, 414, 'ERR_URI_TOO_LONG'],
    [{ ':authority': host, 'x-a': 'a'.repeat(40_000) }, 431, 'ERR_HEADERS_TOO_LARGE'],
    [{ ':authority': `${host}:443`, ':method': 'CONNECT' }, 405, 'ERR_METHOD_REFUSED'],
  ];
  for (const [headers, status, code] of cases) {
    const answer = await http2Get(session, headers);
    t.match(answer.headers, { ':status': status, 'porthole-error': code });
    t.ok(answer.body.includes(code));
  }
  t.match(await http2Get(session, { ':authority': host }), { body: 'ok' }, 'the connection goes on');
});

t.test("HEAD, 204, 304 and the gateway's own answers end where they should", async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1)), request.url === '/204' ? {} : { 'Content-Length': 5 });
    response.end(request.method === 'HEAD' || request.url !== '/200' ? undefined : 'hello');
  });
  const session = http2Client(t, gateway.http2Port);
  t.match(await http2Get(session, { ':authority': host, ':method': 'HEAD', ':path': '/200' }), {
    headers: { ':status': 200, 'content-length': '5' },
    body: '',
  });
  t.match(await http2Get(session, { ':authority': host, ':path': '/204' }), {
    headers: { ':status': 204 },
    body: '',
  });
  t.match(await http2Get(session, { ':authority': host, ':path': '/304' }), {
    headers: { ':status': 304 },
    body: '',
  });
  t.match(await http2Get(session, { ':authority': host, ':path': '/200' }), {
    headers: { ':status': 200 },
    body: 'hello',
  });
  t.match(await http2Get(session, { ':authority': 'nobody.preview.test', ':method': 'HEAD' }), {
    headers: { ':status': 401 },
    body: '',
  });
  t.ok((await gateway.over(5)).every(({ aborted }) => !aborted));
});

t.test('trailers, early hints and 100-continue pass', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    if (request.headers.expect !== undefined) response.writeContinue();
    void readAll(request).then((body) => {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write(`${body}${JSON.stringify(request.trailers)}`);
      response.addTrailers({ 'X-Sum': 'abc' });
      response.end();
    });
  });
  const session = http2Client(t, gateway.http2Port);
  const stream = session.request(
    { ':authority': host, ':method': 'POST', expect: '100-continue' },
    { waitForTrailers: true },
  );
  const seen: string[] = [];
  stream.on('headers', (headers) =>
    seen.push(`${String(headers[':status'])} ${String(headers['link'] ?? '')}`),
  );
  stream.on('continue', () => stream.end('sent'));
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-in': 'yes' }));
  let trailers: Record<string, unknown> = {};
  stream.on('trailers', (block) => (trailers = block));
  t.equal(await readAll(stream.setEncoding('utf8')), 'sent{"x-in":"yes"}');
  t.same(seen, ['103 </a.css>; rel=preload', '100 ']);
  t.match(trailers, { 'x-sum': 'abc' });
});

t.test('an answer that is cut short is a reset stream', async (t) => {
  const cut = [
    'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n',
  ];
  for (const bytes of cut) {
    const port = await rawUpstream(t, (socket) => socket.once('data', () => socket.end(bytes)));
    const gateway = await withPort(t, port);
    await t.rejects(
      http2Get(http2Client(t, gateway.http2Port), { ':authority': host }),
      /INTERNAL_ERROR|reset/,
    );
    t.match(await gateway.over(1), [{ status: 200, aborted: true }]);
  }
});

t.test('a status that HTTP/2 has no room for is an error of the upstream', async (t) => {
  const port = await rawUpstream(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 777 Odd\r\nContent-Length: 0\r\n\r\n')),
  );
  const gateway = await withPort(t, port);
  t.match(await http2Get(http2Client(t, gateway.http2Port), { ':authority': host }), {
    headers: { ':status': 502, 'porthole-error': 'ERR_UPSTREAM_PROTOCOL' },
  });
});

t.test('a stream that is cancelled takes its request with it, and no other', async (t) => {
  const sockets: Socket[] = [];
  const gateway = await withUpstream(t, (request, response) => {
    sockets.push(request.socket);
    request.resume();
    response.write('begun');
  });
  const session = http2Client(t, gateway.http2Port);
  const [a, b] = ['/a', '/b'].map((path) => session.request({ ':authority': host, ':path': path }));
  for (const stream of [a, b]) stream?.on('error', () => {}).resume();
  await eventually(() => gateway.forward.channels.size === 2);
  a?.close(constants.NGHTTP2_CANCEL);
  await eventually(() => gateway.forward.channels.size === 1);
  await gateway.over(1);
  t.equal(b?.destroyed, false);
  session.destroy();
  await eventually(() => gateway.forward.channels.size === 0);
  t.ok((await gateway.over(2)).every(({ aborted }) => aborted));
  await eventually(() => gateway.ingress.connections === 0);
});

t.test('an upload that is answered early may stop, and a stalled one is bounded', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    if (request.url === '/stall') return;
    request.once('data', () => response.end('enough'));
  });
  const session = http2Client(t, gateway.http2Port);
  const early = session.request({ ':authority': host, ':method': 'POST' });
  early.write('some');
  t.equal(await readAll(early.setEncoding('utf8')), 'enough');
  await eventually(() => early.closed);
  t.equal(early.rstCode, constants.NGHTTP2_NO_ERROR);
  const stalled = session.request({ ':authority': host, ':method': 'POST', ':path': '/stall' });
  stalled.on('error', () => {});
  stalled.write(Buffer.alloc(100_000_000));
  await eventually(() => gateway.forward.channels.size >= 1);
  let before = -1;
  const moved = (): number =>
    [...gateway.forward.channels].reduce((sum, channel) => sum + channel.bytesWritten, 0);
  while (before !== moved()) {
    before = moved();
    await new Promise((resolve) => void setTimeout(resolve, 60));
  }
  t.ok(before < 40e6, `${before} bytes went through`);
});

t.test('a body without its announced length is bad, whatever is said', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    void readAll(request).then((body) => response.end(body));
  });
  const session = http2Client(t, gateway.http2Port);
  const stream = session.request({ ':authority': host, ':method': 'POST', 'content-length': '10' });
  stream.end('short');
  await t.rejects(readAll(stream), /PROTOCOL_ERROR/);
});

/** A client that writes frames by hand. */
async function floodedBy(
  t: Teardown,
  gateway: Gateway,
  frame: (id: number) => Buffer,
  count: number,
): Promise<boolean> {
  const socket = connect({ port: gateway.http2Port, host: '127.0.0.1' });
  t.teardown(() => socket.destroy());
  const closed = new Promise<boolean>((resolve) => {
    socket.on('error', () => {}).once('close', () => resolve(true));
  });
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(frameOf(4, 0, 0, Buffer.alloc(0)));
  socket.resume();
  for (let i = 0; i < count && !socket.destroyed; i += 1) {
    if (!socket.write(frame(i)))
      await new Promise((resolve) => void socket.once('drain', resolve).once('close', resolve));
  }
  return closed;
}

function frameOf(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

t.test('floods end their connection, and disturb nobody else', async (t) => {
  const gateway = await withUpstream(t, (_request, response) => response.end('ok'));
  const authority = Buffer.concat([Buffer.from([0x41, host.length]), Buffer.from(host)]);
  const headers = Buffer.concat([Buffer.from([0x82, 0x84, 0x87]), authority]);
  const rapidReset = (i: number): Buffer =>
    Buffer.concat([frameOf(1, 5, 2 * i + 1, headers), frameOf(3, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8]))]);
  t.equal(await floodedBy(t, gateway, rapidReset, 5000), true, 'rapid resets');
  const settings = (): Buffer => frameOf(4, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]));
  t.equal(await floodedBy(t, gateway, settings, 200_000), true, 'settings');
  const ping = (): Buffer => frameOf(6, 0, 0, Buffer.alloc(8));
  t.equal(await floodedBy(t, gateway, ping, 200_000), true, 'pings');
  const garbage = (): Buffer => frameOf(0, 0, 0, Buffer.alloc(10));
  t.equal(await floodedBy(t, gateway, garbage, 5000), true, 'data on stream 0');
  t.match(await http2Get(http2Client(t, gateway.http2Port), { ':authority': host }), { body: 'ok' });
  await eventually(() => gateway.ingress.inFlight === 0);
});

t.test('a connection without requests ends, one with a quiet request does not', async (t) => {
  const responses: { end(text: string): unknown }[] = [];
  const gateway = await withUpstream(
    t,
    (_request, response) => {
      response.write('x');
      responses.push(response);
    },
    { limits: { keepAliveMs: 50 } },
  );
  const session = http2Client(t, gateway.http2Port);
  const stream = session.request({ ':authority': host });
  await eventually(() => responses.length === 1);
  const idle = http2Client(t, gateway.http2Port);
  await new Promise((resolve) => void idle.once('close', resolve));
  t.equal(stream.closed, false);
  responses[0]?.end('y');
  t.equal(await readAll(stream.setEncoding('utf8')), 'xy');
  await new Promise((resolve) => void session.once('close', resolve));
});

t.test('bytes that are not HTTP/2 end their connection', async (t) => {
  const gateway = await startGateway(t);
  const socket = connect({ port: gateway.http2Port, host: '127.0.0.1' });
  socket
    .on('error', () => {})
    .resume()
    .write('GET / HTTP/1.1\r\n\r\n');
  await new Promise((resolve) => void socket.once('close', resolve));
  await eventually(() => gateway.ingress.connections === 0);
});
