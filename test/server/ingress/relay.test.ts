import t from 'tap';
import { RawClient, exchangeBytes, get, parseAnswer } from './raw-client.ts';
import { host, withUpstream } from './relaying.ts';
import { eventually, readAll } from './sockets.ts';

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
