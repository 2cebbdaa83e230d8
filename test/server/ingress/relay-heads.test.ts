import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import t from 'tap';
import { FakeForward } from './fake-forward.ts';
import { startGateway } from './gateway.ts';
import { RawClient, exchangeBytes, get, parseAnswer } from './raw-client.ts';
import { head, host, withBytes, withUpstream } from './relaying.ts';
import { listen, readAll } from './sockets.ts';

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
