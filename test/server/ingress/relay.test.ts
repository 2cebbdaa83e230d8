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
