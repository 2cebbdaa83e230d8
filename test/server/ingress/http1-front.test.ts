import { createServer } from 'node:http';
import t from 'tap';
import { FakeForward } from './fake-forward.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { RawClient, exchangeBytes, get, parseAnswer } from './raw-client.ts';
import { eventually, listen } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';

/** A gateway before an upstream that tells what it was asked. */
async function gatewayWithEcho(
  t: Teardown,
  options: GatewayOptions = {},
): Promise<Gateway & { seen: string[] }> {
  const seen: string[] = [];
  const upstream = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.host ?? ''}`);
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => response.end(`${request.method ?? ''} ${request.url ?? ''} ${body}`));
  });
  const gateway = await startGateway(t, options);
  gateway.router.serve('web--pr-1', new FakeForward(await listen(t, upstream)));
  return { ...gateway, seen };
}

t.test('bytes that are no request get a whole answer, and reach nobody', async (t) => {
  const gateway = await gatewayWithEcho(t);
  const head = `GET / HTTP/1.1\r\nHost: ${host}\r\n`;
  const post = `POST / HTTP/1.1\r\nHost: ${host}\r\n`;
  const cases: Record<string, string> = {
    'bare LF between headers': `GET / HTTP/1.1\nHost: ${host}\n\n`,
    'bare LF after one header': `GET / HTTP/1.1\r\nHost: ${host}\nX: y\r\n\r\n`,
    'bare CR in a value': `${head}X: a\rb\r\n\r\n`,
    'a NUL in a value': `${head}X: a\0b\r\n\r\n`,
    'a space before the colon': `${head}X : y\r\n\r\n`,
    'a folded header': `${head}X: a\r\n b\r\nY: c\r\n\r\n`,
    'an empty name': `${head}: y\r\n\r\n`,
    'Content-Length and Transfer-Encoding': `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'the same the other way round': `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    'two lengths': `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`,
    'a list of lengths': `${post}Content-Length: 5, 5\r\n\r\nabcde`,
    'a signed length': `${post}Content-Length: +5\r\n\r\nabcde`,
    'a length in hexadecimal': `${post}Content-Length: 0x5\r\n\r\nabcde`,
    'an unknown coding': `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'a coding after chunked': `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    'two codings': `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    'two Transfer-Encodings': `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
    'chunked in HTTP/1.0': `POST / HTTP/1.0\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'a vertical tab before chunked': `${post}Transfer-Encoding:\vchunked\r\n\r\n0\r\n\r\n`,
    'two hosts': `${head}Host: ${host}\r\n\r\n`,
    'another host in the target': `GET http://other.preview.test/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    'no host': 'GET / HTTP/1.1\r\n\r\n',
    'no host in HTTP/1.0': 'GET / HTTP/1.0\r\n\r\n',
    'an empty host': 'GET / HTTP/1.1\r\nHost:\r\n\r\n',
    'an unknown version': `GET / HTTP/3.7\r\nHost: ${host}\r\n\r\n`,
    'no version': `GET /\r\nHost: ${host}\r\n\r\n`,
    'an unknown method': `FROB / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    garbage: 'GARBAGE\r\n\r\n',
    'a relative target': `GET index.html HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    'a space in the target': `GET /a b HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const answer = parseAnswer(await exchangeBytes(t, gateway.port, bytes));
    t.equal(answer.status, 400, name);
    t.equal(answer.headers['porthole-error'], 'ERR_BAD_REQUEST', name);
    t.equal(
      answer.headers['content-length'],
      String(answer.body.length),
      `${name}: nothing after the answer`,
    );
  }
  t.same(gateway.seen, []);
});

t.test('a chunked body that is none ends the request', async (t) => {
  const gateway = await gatewayWithEcho(t);
  const head = `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  for (const body of ['zz\r\n', '5\r\nabcdeXX', '-1\r\n', '5;a\nbcd\r\n', '5\nabcde\r\n0\r\n\r\n']) {
    const answer = parseAnswer(await exchangeBytes(t, gateway.port, head + body));
    t.equal(answer.status, 400, body);
    t.equal(answer.headers['porthole-error'], 'ERR_BAD_REQUEST', body);
  }
  const entries = await gateway.over(5);
  t.ok(entries.every(({ status, code }) => status === 400 && code === 'ERR_BAD_REQUEST'));
});

t.test('methods that are not for a gateway', async (t) => {
  const gateway = await gatewayWithEcho(t);
  const connect = parseAnswer(
    await exchangeBytes(t, gateway.port, `CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`),
  );
  t.match(connect, {
    status: 405,
    headers: { 'porthole-error': 'ERR_METHOD_REFUSED', allow: /GET/, connection: 'close' },
  });
  t.equal(connect.headers['content-length'], String(connect.body.length));
  t.match(await get(t, gateway.port, host, { method: 'TRACE' }), {
    status: 405,
    headers: { 'porthole-error': 'ERR_METHOD_REFUSED' },
  });
  t.same(gateway.seen, []);
});

t.test('OPTIONS * and the absolute form go through as they are meant', async (t) => {
  const gateway = await gatewayWithEcho(t);
  t.equal((await get(t, gateway.port, host, { method: 'OPTIONS', path: '*' })).status, 200);
  t.equal((await get(t, gateway.port, host, { path: `http://${host}/a?b` })).status, 200);
  t.same(gateway.seen, [`OPTIONS * ${host}`, `GET /a?b ${host}`]);
});

t.test('a head that is too large says in what', async (t) => {
  const gateway = await gatewayWithEcho(t);
  const uri = (bytes: number): string => `GET /${'a'.repeat(bytes)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const header = (bytes: number): string =>
    `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: ${'a'.repeat(bytes)}\r\n\r\n`;
  const many = `GET / HTTP/1.1\r\nHost: ${host}\r\n${'A: b\r\n'.repeat(3000)}\r\n`;
  const cases: [string, number, string][] = [
    [uri(17_000), 414, 'ERR_URI_TOO_LONG'],
    [uri(40_000), 414, 'ERR_URI_TOO_LONG'],
    [uri(60_000), 414, 'ERR_URI_TOO_LONG'],
    [header(33_000), 431, 'ERR_HEADERS_TOO_LARGE'],
    [header(60_000), 431, 'ERR_HEADERS_TOO_LARGE'],
    [header(1_000_000), 431, 'ERR_HEADERS_TOO_LARGE'],
    [many, 431, 'ERR_HEADERS_TOO_LARGE'],
  ];
  for (const [bytes, status, code] of cases) {
    const answer = parseAnswer(await exchangeBytes(t, gateway.port, bytes));
    t.equal(answer.status, status, `${bytes.length} bytes`);
    t.equal(answer.headers['porthole-error'], code, `${bytes.length} bytes`);
    t.equal(answer.headers['content-length'], String(answer.body.length), 'the answer is whole');
  }
  const cookies = Array.from(
    { length: 60 },
    (_, index) => `Cookie: c${String(index)}=${'x'.repeat(4096)}\r\n`,
  );
  for (const count of [10, 60]) {
    const head = `GET / HTTP/1.1\r\nHost: ${host}\r\n${cookies.slice(0, count).join('')}\r\n`;
    const answer = parseAnswer(await exchangeBytes(t, gateway.port, head));
    t.match(answer, { status: 431, body: /the cookies of preview\.test/ }, 'what to do, and where');
  }
  t.same(gateway.seen, []);
});

t.test('a head that does not come is not waited for', async (t) => {
  const gateway = await gatewayWithEcho(t, { limits: { headerTimeoutMs: 60 } });
  const slow = new RawClient(t, gateway.port).send(`GET / HTTP/1.1\r\nHost: ${host}\r\n`);
  t.match(parseAnswer(await slow.end()), {
    status: 408,
    headers: { 'porthole-error': 'ERR_REQUEST_TIMEOUT', connection: 'close' },
  });
  const silent = new RawClient(t, gateway.port);
  t.equal(await silent.end(), '', 'a connection that was never used is closed without a word');
  const later = new RawClient(t, gateway.port).send(`GET /1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await later.until('GET /1 ');
  later.send('GET /2 HTTP/1.1\r\n');
  t.match(await later.end(), /HTTP\/1\.1 408 /, 'the second head on a connection, too');
});

t.test('connections are kept for further requests, in order, until they are idle for too long', async (t) => {
  const gateway = await gatewayWithEcho(t, { limits: { keepAliveMs: 80 } });
  const client = new RawClient(t, gateway.port);
  client.send(`GET /1 HTTP/1.1\r\nHost: ${host}\r\n\r\nGET /2 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  client.send(
    `POST /3 HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\n\r\nxGET /4 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  );
  const received = await client.end();
  t.same(
    [...received.matchAll(/(?:GET|POST) \/\d [x]?/g)].map(([line]) => line.trim()),
    ['GET /1', 'GET /2', 'POST /3 x', 'GET /4'],
  );
  await eventually(() => gateway.ingress.connections === 0);
});

t.test('HTTP/1.0 gets its answer and the end of the connection', async (t) => {
  const gateway = await gatewayWithEcho(t);
  const answer = parseAnswer(
    await exchangeBytes(t, gateway.port, `GET /old HTTP/1.0\r\nHost: ${host}\r\n\r\n`),
  );
  t.match(answer, { status: 200, body: 'GET /old ' });
  t.equal(answer.headers['transfer-encoding'], undefined);
});

t.test('an answer to a long upload that nobody reads arrives whole', async (t) => {
  const gateway = await gatewayWithEcho(t);
  const client = new RawClient(t, gateway.port);
  client.send(`POST / HTTP/1.1\r\nHost: nobody.preview.test\r\nContent-Length: 50000000\r\n\r\n`);
  const piece = Buffer.alloc(256 * 1024);
  const pump = (): void => {
    while (!client.socket.destroyed && client.socket.write(piece));
  };
  client.socket.on('drain', pump);
  pump();
  const answer = parseAnswer(await client.end());
  t.match(answer, { status: 401, headers: { connection: 'close' } });
  t.equal(answer.headers['content-length'], String(answer.body.length));
});

t.test('a short body that nobody reads costs no connection', async (t) => {
  const gateway = await gatewayWithEcho(t);
  const client = new RawClient(t, gateway.port);
  client.send(
    `POST / HTTP/1.1\r\nHost: nobody.preview.test\r\nContent-Length: 3\r\n\r\nabcGET /next HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  );
  t.match(await client.until('GET /next'), /^HTTP\/1\.1 401 [^]*HTTP\/1\.1 200 /);
});

t.test('HTTP/2 where HTTP/1.1 was expected is closed', async (t) => {
  const gateway = await gatewayWithEcho(t);
  await exchangeBytes(t, gateway.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  t.same(gateway.seen, []);
});

t.test('a reset while nothing is going on disturbs nobody', async (t) => {
  const gateway = await gatewayWithEcho(t);
  const client = new RawClient(t, gateway.port).send(`GET /1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await client.until('GET /1');
  client.socket.resetAndDestroy();
  t.equal((await get(t, gateway.port, host)).status, 200);
});
