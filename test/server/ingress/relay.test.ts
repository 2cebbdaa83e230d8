import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import t from 'tap';
import { FakeForward } from './fake-forward.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { RawClient, exchangeBytes, get, parseAnswer } from './raw-client.ts';
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

/** An upstream that says these bytes to each request; `after` then does something to it. */
async function withBytes(
  t: Teardown,
  bytes: string,
  after: (socket: Socket) => void = () => {},
): Promise<Gateway & { forward: FakeForward }> {
  const port = await rawUpstream(t, (socket) => {
    socket.on('data', () => {
      socket.write(bytes, 'latin1', () => after(socket));
    });
  });
  return withPort(t, port);
}

const head = `GET / HTTP/1.1\r\nHost: ${host}\r\n`;

t.test('a request and its answer, whole and unchanged', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    void readAll(request).then((body) => {
      response.statusCode = 201;
      response.statusMessage = 'Made';
      response.setHeader('Content-Type', 'text/plain').setHeader('X-A', ['1', '2']);
      response.end(
        JSON.stringify({ method: request.method, url: request.url, body, headers: request.headers }),
      );
    });
  });
  const answer = parseAnswer(
    await exchangeBytes(
      t,
      gateway.port,
      `POST /a/b?c=%20d HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nX-Custom: yes\r\nConnection: close\r\n\r\nhello`,
    ),
  );
  t.match(answer, {
    status: 201,
    headers: { 'content-type': 'text/plain', 'x-a': '1\n2', 'x-robots-tag': 'noindex' },
  });
  const [entry] = await gateway.over(1);
  const seen = JSON.parse(answer.body) as { headers: Record<string, string> };
  t.match(seen, { method: 'POST', url: '/a/b?c=%20d', body: 'hello' });
  t.match(seen.headers, {
    host,
    'x-custom': 'yes',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': host,
    'x-request-id': entry?.requestId,
  });
  t.match(entry, {
    env: 'pr-1',
    service: 'web',
    tunnelId: 'tunnel-1',
    method: 'POST',
    path: '/a/b',
    status: 201,
    code: undefined,
    bytesIn: 5,
    bytesOut: answer.body.length,
    remote: '127.0.0.1',
    upgraded: false,
    aborted: false,
  });
  t.same(gateway.forward.origins[0]?.address, '127.0.0.1');
});

t.test('bodies of every framing, in both directions', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    void readAll(request).then((body) => {
      response.removeHeader('Date');
      if (request.url === '/length') response.setHeader('Content-Length', body.length);
      if (request.url === '/close') {
        response.shouldKeepAlive = false;
        response.useChunkedEncodingByDefault = false;
      }
      response.write(body.slice(0, 1));
      setImmediate(() => response.end(body.slice(1)));
    });
  });
  for (const path of ['/length', '/chunked', '/close']) {
    const chunked = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`;
    const { status, headers, body } = parseAnswer(await exchangeBytes(t, gateway.port, chunked));
    t.equal(status, 200, path);
    if (path === '/length') t.match({ headers, body }, { headers: { 'content-length': '5' }, body: 'abcde' });
    else
      t.match(
        { headers, body },
        { headers: { 'transfer-encoding': 'chunked' }, body: /abcde|a\r\n4\r\nbcde/ },
      );
  }
});

t.test('a chunked DELETE is one request', async (t) => {
  const seen: string[] = [];
  const gateway = await withUpstream(t, (request, response) => {
    void readAll(request).then((body) => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''} ${body}`);
      response.end();
    });
  });
  const smuggled = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n';
  await exchangeBytes(
    t,
    gateway.port,
    `DELETE /a HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
  );
  t.same(seen, [`DELETE /a ${smuggled}`]);
});

t.test('answers without a body stay without, whatever their headers say', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    const status = Number(request.url?.slice(1));
    response.writeHead(status, status === 204 ? {} : { 'Content-Length': 1000, ETag: '"x"' });
    response.end();
  });
  const client = new RawClient(t, gateway.port);
  client.send(`HEAD /200 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  t.match(await client.until('\r\n\r\n'), /HTTP\/1\.1 200 [^]*Content-Length: 1000\r\n/);
  client.send(`GET /304 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  t.match(await client.until(/304 [^]*\r\n\r\n/), /ETag: "x"/);
  client.send(`GET /204 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const received = await client.until(/204 [^]*\r\n\r\n/);
  t.equal(received.split('HTTP/1.1 ').length, 4, 'three answers and nothing between them');
  t.notMatch(received, /transfer-encoding/i);
});

t.test("ranges are the upstream's business", async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    response.writeHead(206, { 'Content-Range': 'bytes 0-1/5', 'Content-Length': 2 });
    response.end(request.headers.range);
  });
  t.match(await get(t, gateway.port, host, { headers: 'Range: bytes=0-1\r\n' }), {
    status: 206,
    headers: { 'content-range': 'bytes 0-1/5', 'content-length': '2' },
    body: 'by',
  });
});

t.test('100-continue goes from end to end', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    if (request.url === '/no') {
      response.writeHead(413, { Connection: 'close' }).end('too large');
      return;
    }
    response.writeContinue();
    void readAll(request).then((body) => response.end(`got ${body}`));
  });
  const ask = (path: string): RawClient =>
    new RawClient(t, gateway.port).send(
      `PUT ${path} HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
  const yes = ask('/yes');
  await yes.until('HTTP/1.1 100 Continue\r\n\r\n');
  t.match(await yes.send('hello').until('got hello'), /100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  t.match(parseAnswer(await ask('/no').end()), {
    status: 413,
    body: 'too large',
    headers: { connection: 'close' },
  });
});

t.test('early hints pass, other interim answers do not', async (t) => {
  const gateway = await withBytes(
    t,
    'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Other: 1\r\n\r\n' +
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  );
  const received = await exchangeBytes(t, gateway.port, `${head}Connection: close\r\n\r\n`);
  t.match(
    received,
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/,
  );
  const old = await exchangeBytes(t, gateway.port, `GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
  t.match(old, /^HTTP\/1\.1 200 /, 'HTTP/1.0 knows none');
});

t.test('trailers pass in both directions, but for those that belong in a head', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    void readAll(request).then(() => {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('body');
      response.addTrailers({ 'X-Sum': JSON.stringify(request.trailers), 'X-Forwarded-For': '1.1.1.1' });
      response.end();
    });
  });
  const received = await exchangeBytes(
    t,
    gateway.port,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nTrailer: X-In\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\nX-In: yes\r\nHost: evil\r\n\r\n`,
  );
  t.match(received, 'Trailer: X-Sum\r\n');
  t.match(received, /0\r\nX-Sum: \{"x-in":"yes"\}\r\n\r\n$/);
  const without = await withBytes(
    t,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n',
  );
  t.equal(
    (await get(t, without.port, host, { method: 'HEAD' })).status,
    200,
    'no body, no trailers to announce',
  );
});

t.test('an answer may come before the upload has ended', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    request.once('data', () => {
      response.writeHead(200, { 'Content-Length': 5 });
      response.end('early');
    });
  });
  const client = new RawClient(t, gateway.port);
  client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000\r\n\r\nsome`);
  t.match(parseAnswer(await client.until('early')), { status: 200, body: 'early' });
  await client.end();
  t.match(await gateway.over(1), [{ status: 200, aborted: false }]);
  await eventually(() => gateway.forward.channels.size === 0);
});

t.test('both directions flow at the same time', async (t) => {
  const gateway = await withUpstream(t, (request, response) => {
    response.writeHead(200);
    response.flushHeaders();
    request.on('data', (chunk) => response.write(`<${String(chunk)}>`));
    request.on('end', () => response.end());
  });
  const client = new RawClient(t, gateway.port);
  client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  await client.until('\r\n\r\n');
  for (const word of ['one', 'two', 'six']) {
    client.send(`3\r\n${word}\r\n`);
    await client.until(`<${word}>`);
  }
  client.send('0\r\n\r\n');
  await client.until('0\r\n\r\n');
});

t.test('a visitor that does not read stops the upstream, and a bounded amount waits', async (t) => {
  let sent = 0;
  let waiting = false;
  const stalled = Promise.withResolvers<undefined>();
  const gateway = await withUpstream(t, (_request, response) => {
    const piece = Buffer.alloc(64 * 1024);
    const pump = (): void => {
      while (sent < 200e6) {
        sent += piece.length;
        if (!response.write(piece)) {
          waiting = true;
          const before = sent;
          setTimeout(() => sent === before && stalled.resolve(undefined), 60);
          return;
        }
      }
    };
    response.on('drain', () => {
      waiting = false;
      pump();
    });
    pump();
  });
  const client = new RawClient(t, gateway.port);
  client.socket.pause();
  client.send(`${head}\r\n`);
  await stalled.promise;
  t.equal(waiting, true);
  t.ok(sent < 40e6, `${sent} bytes are in the buffers of three sockets`);
  const [channel] = gateway.forward.channels;
  t.ok((channel?.readableLength ?? 0) <= 256 * 1024, 'unread in the gateway');
  client.socket.destroy();
  await eventually(() => gateway.forward.channels.size === 0);
  t.match(await gateway.over(1), [{ aborted: true, status: 200 }]);
});

t.test('an upstream that does not read stops the visitor', async (t) => {
  const port = await rawUpstream(t, (socket) => socket.pause());
  const gateway = await withPort(t, port);
  const client = new RawClient(t, gateway.port);
  client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 200000000\r\n\r\n`);
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  while (sent < 200e6) {
    sent += piece.length;
    if (client.socket.write(piece)) continue;
    const drained = once(client.socket, 'drain').then(() => true);
    if (!(await Promise.race([drained, new Promise((resolve) => void setTimeout(() => resolve(false), 80))])))
      break;
  }
  t.ok(sent < 40e6, `${sent} bytes are in the buffers of three sockets`);
  const [channel] = gateway.forward.channels;
  t.ok((channel?.writableLength ?? 0) <= 512 * 1024);
  client.socket.destroy();
  await eventually(() => gateway.forward.channels.size === 0);
});

t.test('a visitor that leaves takes its request with it, at once', async (t) => {
  const gone: Promise<unknown>[] = [];
  const gateway = await withUpstream(t, (request, response) => {
    gone.push(new Promise((resolve) => void request.socket.once('close', resolve)));
    request.resume();
    if (request.url === '/download') response.write('x'.repeat(100));
  });
  const cases: Record<string, [string, string | undefined]> = {
    waiting: [`GET /wait HTTP/1.1\r\nHost: ${host}\r\n\r\n`, undefined],
    download: [`GET /download HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'xxx'],
    upload: [`POST /upload HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nabc`, undefined],
  };
  for (const [name, [bytes, until]] of Object.entries(cases)) {
    const before = gone.length;
    const client = new RawClient(t, gateway.port).send(bytes);
    if (until !== undefined) await client.until(until);
    await eventually(() => gone.length > before);
    client.socket.destroy();
    await gone[before];
    await eventually(() => gateway.forward.channels.size === 0);
    t.equal(gateway.ingress.inFlight, 0, name);
  }
  t.ok(gateway.entries.every(({ aborted }) => aborted));
});

t.test('a visitor that leaves while the channel opens leaves a channel for others', async (t) => {
  const gateway = await withUpstream(t, (_request, response) => response.end('ok'));
  const gate = Promise.withResolvers<undefined>();
  gateway.forward.gate = gate.promise;
  const client = new RawClient(t, gateway.port).send(`${head}\r\n`);
  await eventually(() => gateway.forward.origins.length === 1);
  client.socket.destroy();
  await gateway.over(1);
  gate.resolve(undefined);
  await eventually(() => gateway.forward.channels.size === 1);
  gateway.forward.gate = undefined;
  t.equal((await get(t, gateway.port, host)).body, 'ok');
  t.equal(gateway.forward.origins.length, 1, 'no second channel was opened');
});

/** How the visitor's connection ended: an incomplete answer must not look complete. */
async function brokenAnswer(
  t: Teardown,
  gateway: Gateway,
  bytes = `${head}\r\n`,
): Promise<{ received: string; error: string | undefined }> {
  const client = new RawClient(t, gateway.port).send(bytes);
  await client.end();
  await eventually(() => client.closed || client.ended);
  return { received: client.received, error: client.error?.code };
}

t.test('an answer that is cut short ends in a reset', async (t) => {
  const cut: Record<string, string> = {
    length: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort',
    chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n',
    'in a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort',
  };
  for (const [name, bytes] of Object.entries(cut)) {
    for (const after of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      const gateway = await withBytes(t, bytes, after);
      const { error } = await brokenAnswer(t, gateway);
      t.equal(error, 'ECONNRESET', name);
      t.match(await gateway.over(1), [{ status: 200, aborted: true }]);
      const old = await brokenAnswer(t, gateway, `GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
      t.equal(old.error, 'ECONNRESET', `${name}, to HTTP/1.0, which would take the end for complete`);
    }
  }
});

t.test('nonsense inside an answer ends in a reset', async (t) => {
  const gateway = await withBytes(
    t,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nzz\r\n',
  );
  t.equal((await brokenAnswer(t, gateway)).error, 'ECONNRESET');
});

t.test('an answer that ends with its connection is complete, but not when the tunnel is lost', async (t) => {
  const bytes = 'HTTP/1.1 200 OK\r\n\r\nall of it';
  const whole = await withBytes(t, bytes, (socket) => socket.end());
  t.match(parseAnswer(await exchangeBytes(t, whole.port, `${head}Connection: close\r\n\r\n`)), {
    status: 200,
    body: /all of it/,
  });
  for (const error of [undefined, new Error('the tunnel is lost')]) {
    const lost = await withBytes(t, bytes);
    const client = new RawClient(t, lost.port).send(`${head}\r\n`);
    await client.until('all of it');
    lost.forward.lose(error);
    await client.end();
    t.notMatch(client.received, /0\r\n\r\n$/);
    t.equal(client.error?.code, 'ECONNRESET');
  }
});

t.test('an answer that is none is told as such', async (t) => {
  const nonsense: Record<string, string> = {
    garbage: 'this is not HTTP\r\n\r\n',
    'an SSH server': 'SSH-2.0-OpenSSH_9.2\r\n',
    'HTTP/2': '\x00\x00\x12\x04\x00\x00\x00\x00\x00',
    'both framings': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
    'a bad header': 'HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n',
    'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
    'a head without end': `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`,
    'an upgrade that nobody asked for':
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'a bare 101': 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'a control character in the reason': 'HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n',
  };
  for (const [name, bytes] of Object.entries(nonsense)) {
    const gateway = await withBytes(t, bytes);
    const answer = await get(t, gateway.port, host, { headers: 'Accept: application/json\r\n' });
    t.equal(answer.status, 502, name);
    t.match(JSON.parse(answer.body), { code: 'ERR_UPSTREAM_PROTOCOL', forward: '-R web:80' }, name);
    await eventually(() => gateway.forward.channels.size === 0);
  }
});

t.test('a second answer that nobody asked for reaches nobody', async (t) => {
  const once200 = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst';
  const later = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
  const together = await withBytes(t, once200 + later);
  t.equal((await get(t, together.port, host)).body, 'first');
  const apart = await withBytes(t, once200, (socket) => socket.write(later));
  for (const attempt of [1, 2, 3]) {
    t.equal((await get(t, apart.port, host)).body, 'first', `attempt ${attempt}`);
    await eventually(() => apart.forward.channels.size === 0);
  }
});

t.test('an upstream that closes without an answer, or does not accept', async (t) => {
  const closing = await withPort(
    t,
    await rawUpstream(t, (socket) => socket.once('data', () => socket.end())),
  );
  t.match(await get(t, closing.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_PROTOCOL' },
  });
  closing.forward.failure = { kind: 'refused', detail: 'connect ECONNREFUSED 127.0.0.1:3000' };
  const refused = await get(t, closing.port, host);
  t.match(refused, {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_REFUSED' },
    body: /127\.0\.0\.1:3000/,
  });
  closing.forward.failure = { kind: 'timeout' };
  t.match(await get(t, closing.port, host), {
    status: 504,
    headers: { 'porthole-error': 'ERR_UPSTREAM_TIMEOUT' },
  });
  closing.forward.failure = { kind: 'limit' };
  t.match(await get(t, closing.port, host), {
    status: 503,
    headers: { 'porthole-error': 'ERR_BUSY', 'retry-after': '1' },
  });
});

t.test('silence has its limits', async (t) => {
  const silent = await rawUpstream(t, (socket) => socket.resume());
  const limits = { responseTimeoutMs: 60, idleTimeoutMs: 120, streamIdleTimeoutMs: 600_000 };
  const gateway = await withPort(t, silent, { limits });
  t.match(await get(t, gateway.port, host), {
    status: 504,
    headers: { 'porthole-error': 'ERR_UPSTREAM_TIMEOUT' },
  });
  await eventually(() => gateway.forward.channels.size === 0);
  const slow = new RawClient(t, gateway.port).send(
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\nabc`,
  );
  t.match(parseAnswer(await slow.end()), {
    status: 408,
    headers: { 'porthole-error': 'ERR_REQUEST_TIMEOUT' },
  });
  const half = await withPort(
    t,
    await rawUpstream(t, (socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')),
    ),
    { limits },
  );
  t.equal((await brokenAnswer(t, half)).error, 'ECONNRESET', 'an answer that stops half-way');
});

t.test('server-sent events may be quiet for longer', async (t) => {
  const responses: { write(text: string): unknown }[] = [];
  const gateway = await withUpstream(
    t,
    (request, response) => {
      response.writeHead(200, {
        'Content-Type': request.url === '/events' ? 'text/event-stream' : 'text/plain',
      });
      response.write('data: 1\n\n');
      responses.push(response);
    },
    { limits: { idleTimeoutMs: 60, streamIdleTimeoutMs: 600_000 } },
  );
  const events = new RawClient(t, gateway.port).send(`GET /events HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await events.until('data: 1');
  const plain = new RawClient(t, gateway.port).send(`GET /plain HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await plain.end();
  t.equal(events.closed, false, 'the other one was ended, this one was not');
  responses[0]?.write('data: 2\n\n');
  await events.until('data: 2');
});

t.test('each piece of a stream is passed on as it comes', async (t) => {
  const steps: (() => void)[] = [];
  const gateway = await withUpstream(t, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    for (const word of ['one', 'two']) steps.push(() => response.write(`data: ${word}\n\n`));
  });
  const client = new RawClient(t, gateway.port).send(`${head}\r\n`);
  await client.until('text/event-stream');
  for (const [i, word] of ['one', 'two'].entries()) {
    steps[i]?.();
    await client.until(`data: ${word}\n\n`);
  }
});

t.test('many requests at once, over few channels', async (t) => {
  const gateway = await withUpstream(t, (request, response) => response.end(request.url));
  const ask = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const onResponse = (response: IncomingMessage): void => {
        readAll(response).then(resolve, reject);
      };
      httpRequest({ port: gateway.port, path, headers: { host } }, onResponse).on('error', reject).end();
    });
  const paths = Array.from({ length: 60 }, (_, i) => `/${i}`);
  t.same(await Promise.all(paths.map(ask)), paths);
  t.same(await Promise.all(paths.map(ask)), paths);
  t.equal(gateway.counted.opened + gateway.counted.reused, 120);
  t.ok(gateway.counted.reused >= 60, `${gateway.counted.reused} went over used channels`);
  await eventually(() => gateway.ingress.inFlight === 0);
});

t.test('the Host is rewritten on wish, and what comes of it is led back', async (t) => {
  const upstream = createServer((request, response) => {
    response.writeHead(302, {
      Location: `http://${request.headers.host ?? ''}/next`,
      'Set-Cookie': ['a=1; Domain=localhost', 'b=1; Domain=preview.test; Path=/', 'porthole_x=1'],
    });
    response.end();
  });
  const port = await listen(t, upstream);
  const gateway = await startGateway(t);
  gateway.router.serve('web--pr-1', new FakeForward(port, { options: { host: 'localhost' } }));
  gateway.router.serve('keep--pr-1', new FakeForward(port, { options: { host: 'keep' } }));
  t.match(await get(t, gateway.port, host), {
    headers: { location: `https://${host}/next`, 'set-cookie': 'a=1\nb=1; Path=/' },
  });
  t.match(await get(t, gateway.port, 'keep--pr-1.preview.test'), {
    headers: {
      location: 'http://keep--pr-1.preview.test/next',
      'set-cookie': 'a=1; Domain=localhost\nb=1; Path=/',
    },
  });
});

t.test('a visitor cannot say who it is, a trusted proxy can', async (t) => {
  const echo: RequestListener = (request, response) =>
    response.end(Buffer.from(JSON.stringify(request.rawHeaders)));
  const headers =
    'X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nPorthole-User: root\r\nCookie: a=1; __Host-porthole_share=secret\r\n';
  const open = await withUpstream(t, echo);
  const told = (await get(t, open.port, host, { headers, path: '/?porthole-share=secret' })).body;
  t.notMatch(told, /6\.6\.6\.6|root|secret/);
  t.match(told, '"Cookie","a=1"');
  const trusting = await withUpstream(t, echo, { trusted: ['127.0.0.1'] });
  const believed = (await get(t, trusting.port, host, { headers })).body;
  t.match(believed, '"X-Forwarded-For","6.6.6.6, 127.0.0.1"');
  t.match(believed, '"X-Real-IP","6.6.6.6"');
  t.notMatch(believed, /X_Forwarded_For|root|secret/);
  t.match(await trusting.over(1), [{ remote: '6.6.6.6' }]);
});

t.test('a request id that the visitor brings is kept, and in the log', async (t) => {
  const gateway = await withUpstream(t, (request, response) => response.end(request.headers['x-request-id']));
  t.equal((await get(t, gateway.port, host, { headers: 'X-Request-Id: trace-7\r\n' })).body, 'trace-7');
  t.match(await gateway.over(1), [{ requestId: 'trace-7' }]);
  t.ok(gateway.lines.some((line) => line['msg'] === 'request' && line['requestId'] === 'trace-7'));
});
