import { generateKeyPairSync } from 'node:crypto';
import { createServer as createHttp2Server } from 'node:http2';
import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import forge from 'node-forge';
import t from 'tap';
import { Upstreams } from '../../../server/ingress/upstreams.ts';
import { FakeForward } from './fake-forward.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { http2Client, http2Get } from './http2-client.ts';
import { RawClient, exchangeBytes, get, parseAnswer } from './raw-client.ts';
import { eventually, listen, rawUpstream, readAll } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';

/** A certificate that nobody trusts. */
function selfSigned(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = '01';
  certificate.validity.notAfter.setFullYear(certificate.validity.notBefore.getFullYear() + 1);
  const names = [{ name: 'commonName', value: 'nobody' }];
  certificate.setSubject(names);
  certificate.setIssuer(names);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { key: privateKey, cert: forge.pki.certificateToPem(certificate) };
}

const pair = selfSigned();

async function withForward(
  t: Teardown,
  port: number,
  options: FakeForward['options'],
  gatewayOptions: GatewayOptions = {},
): Promise<Gateway & { forward: FakeForward }> {
  const gateway = await startGateway(t, gatewayOptions);
  const forward = new FakeForward(port, { options });
  gateway.router.serve('web--pr-1', forward);
  return { ...gateway, forward };
}

t.test('one upstream a forward', async (t) => {
  const upstreams = new Upstreams({ tlsHandshakeTimeoutMs: 1000, hostnameOf: () => host });
  const [a, b] = [new FakeForward(1), new FakeForward(1)];
  t.equal(upstreams.of(a), upstreams.of(a));
  t.not(upstreams.of(a), upstreams.of(b));
});

t.test('an upstream that speaks TLS, with whatever certificate', async (t) => {
  const names: (string | false | null)[] = [];
  const server = createHttpsServer(pair, (request, response) => {
    void readAll(request).then((body) => response.end(`${request.headers.host ?? ''} ${body}`));
  });
  server.on('secureConnection', (socket: TLSSocket & { servername?: string | false | null }) =>
    names.push(socket.servername ?? null),
  );
  const port = await listen(t, server);
  t.teardown(() => server.closeAllConnections());
  const gateway = await withForward(t, port, { scheme: 'https' });
  for (let i = 0; i < 3; i += 1) t.equal((await get(t, gateway.port, host)).body, `${host} `);
  t.same(names, [host], 'one handshake for all');
  const upload = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n${'x'.repeat(200_000)}`;
  t.equal(parseAnswer(await exchangeBytes(t, gateway.port, upload)).body.length, 200_000 + host.length + 1);
  const named = await withForward(t, port, { scheme: 'https', host: 'app.internal:8443' });
  t.equal((await get(t, named.port, host)).body, 'app.internal:8443 ');
  t.equal(names.at(-1), 'app.internal');
  gateway.forward.lose();
  await eventually(() => gateway.forward.channels.size === 0);
});

t.test('an upstream that does not speak TLS', async (t) => {
  const plain = await rawUpstream(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  );
  const gateway = await withForward(t, plain, { scheme: 'https' });
  const answer = await get(t, gateway.port, host);
  t.match(answer, { status: 502, headers: { 'porthole-error': 'ERR_UPSTREAM_PROTOCOL' }, body: /TLS/ });
  await eventually(() => gateway.forward.channels.size === 0);
  const silent = await rawUpstream(t, (socket) => socket.resume());
  const waiting = await withForward(
    t,
    silent,
    { scheme: 'https' },
    { limits: { tlsHandshakeTimeoutMs: 40 } },
  );
  t.match(await get(t, waiting.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_PROTOCOL' },
  });
  await eventually(() => waiting.forward.channels.size === 0);
  waiting.forward.failure = { kind: 'refused', detail: '' };
  t.match(await get(t, waiting.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_REFUSED' },
  });
});

async function http2Upstream(
  t: Teardown,
  onStream: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void,
): Promise<{ port: number; server: Http2Server; sessions: () => number }> {
  let sessions = 0;
  const server = createHttp2Server();
  server.on('session', (session) => {
    sessions += 1;
    session.on('error', () => {});
    t.teardown(() => session.destroy());
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  return { port: await listen(t, server), server, sessions: () => sessions };
}

t.test('an upstream that speaks HTTP/2 without TLS: one session for all', async (t) => {
  const upstream = await http2Upstream(t, (stream, headers) => {
    void readAll(stream.setEncoding('utf8')).then((body) => {
      stream.respond({ ':status': 200, 'x-a': ['1', '2'], 'content-type': 'application/json' });
      stream.end(JSON.stringify({ headers, body }));
    });
  });
  const gateway = await withForward(t, upstream.port, { scheme: 'h2c' });
  const answers = await Promise.all(
    ['/1', '/2', '/3'].map((path) => get(t, gateway.port, host, { path, headers: 'TE: trailers\r\n' })),
  );
  for (const [i, { status, headers, body }] of answers.entries()) {
    t.match({ status, headers }, { status: 200, headers: { 'x-a': '1\n2', 'x-robots-tag': 'noindex' } });
    const seen = JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1));
    t.match(seen.headers, {
      ':authority': host,
      ':path': `/${i + 1}`,
      'x-forwarded-for': '127.0.0.1',
      te: 'trailers',
    });
    t.equal(seen.headers.connection, undefined);
  }
  const upload = `POST /up HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n${'x'.repeat(300_000)}`;
  t.match((await exchangeBytes(t, gateway.port, upload)).length, /^30\d{4}$/);
  t.equal(upstream.sessions(), 1);
  t.equal(gateway.forward.origins.length, 1);
});

t.test("gRPC's shape: trailers from end to end, also without a body", async (t) => {
  const upstream = await http2Upstream(t, (stream, headers) => {
    let inTrailers: Record<string, unknown> = {};
    stream.on('trailers', (block) => (inTrailers = block));
    if (headers[':path'] === '/only') {
      stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true });
      return;
    }
    void readAll(stream.setEncoding('utf8')).then((body) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () =>
        stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': inTrailers['x-in'] as string }),
      );
      stream.end(`<${body}>`);
    });
  });
  const gateway = await withForward(t, upstream.port, { scheme: 'h2c' });
  const session = http2Client(t, gateway.http2Port);
  const stream = session.request(
    { ':authority': host, ':method': 'POST', te: 'trailers' },
    { waitForTrailers: true },
  );
  let trailers: Record<string, unknown> = {};
  stream.on('trailers', (block) => (trailers = block));
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-in': 'yes' }));
  stream.end('msg');
  t.equal(await readAll(stream.setEncoding('utf8')), '<msg>');
  t.match(trailers, { 'grpc-status': '0', 'grpc-message': 'yes' });
  t.match(await http2Get(session, { ':authority': host, ':path': '/only' }), {
    headers: { 'grpc-status': '5' },
    body: '',
  });
  const old = await exchangeBytes(
    t,
    gateway.port,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`,
  );
  t.match(old, /0\r\ngrpc-status: 0\r\n/, 'and to HTTP/1.1');
});

t.test('a session that is gone is opened anew', async (t) => {
  const upstream = await http2Upstream(t, (stream, headers) => {
    stream.respond({ ':status': 200 });
    stream.end('ok');
    if (headers[':path'] === '/last') stream.session?.close();
  });
  const gateway = await withForward(t, upstream.port, { scheme: 'h2c' });
  await get(t, gateway.port, host, { path: '/last' });
  await eventually(() => gateway.forward.channels.size === 0);
  t.equal((await get(t, gateway.port, host)).status, 200);
  t.equal(upstream.sessions(), 2);
});

t.test('a stream that the upstream refuses unseen goes to the stand-by', async (t) => {
  const refusing = await http2Upstream(t, (stream) => stream.close(7));
  const standby = await http2Upstream(t, (stream) => {
    stream.resume();
    stream.respond({ ':status': 200 });
    stream.end('second');
  });
  const gateway = await startGateway(t);
  const options = { scheme: 'h2c' as const };
  gateway.router.serve(
    'web--pr-1',
    new FakeForward(refusing.port, { options }),
    new FakeForward(standby.port, { options }),
  );
  t.match(await get(t, gateway.port, host), { status: 200, body: /second/ });
  gateway.router.serve('web--pr-1', new FakeForward(refusing.port, { options }));
  t.match(await get(t, gateway.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_PROTOCOL' },
  });
});

t.test('an answer over HTTP/2 that breaks off ends in a reset', async (t) => {
  const upstream = await http2Upstream(t, (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('half', () => setImmediate(() => stream.destroy(new Error('broken off'))));
  });
  const gateway = await withForward(t, upstream.port, { scheme: 'h2c' });
  const client = new RawClient(t, gateway.port).send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await client.end();
  t.equal(client.error?.code, 'ECONNRESET');
  t.match(await gateway.over(1), [{ aborted: true }]);
});

t.test('a visitor that leaves cancels its stream, and half an upload does not look whole', async (t) => {
  const ends: string[] = [];
  const upstream = await http2Upstream(t, (stream) => {
    stream
      .resume()
      .on('end', () => stream.aborted || ends.push('whole'))
      .on('close', () => ends.push('closed'));
  });
  const gateway = await withForward(t, upstream.port, { scheme: 'h2c' });
  const client = new RawClient(t, gateway.port).send(
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nhalf`,
  );
  await eventually(() => gateway.forward.channels.size === 1);
  await eventually(() => upstream.sessions() === 1);
  const running = new RawClient(t, gateway.port).send(
    `POST /other HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nhalf`,
  );
  await eventually(() => gateway.ingress.inFlight === 2);
  await new Promise((resolve) => void setTimeout(resolve, 20));
  client.socket.destroy();
  await eventually(() => ends.length === 1);
  t.same(ends, ['closed']);
  t.equal(gateway.forward.channels.size, 1, 'the session goes on for the other one');
  gateway.forward.lose();
  await running.end();
});

t.test('an upstream that speaks something else', async (t) => {
  const plain = await rawUpstream(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')),
  );
  const gateway = await withForward(t, plain, { scheme: 'h2c' });
  t.match(await get(t, gateway.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_PROTOCOL' },
  });
  await eventually(() => gateway.forward.channels.size === 0);
  gateway.forward.failure = { kind: 'refused', detail: '' };
  t.match(await get(t, gateway.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_REFUSED' },
  });
  const silent = await rawUpstream(t, (socket) => socket.once('data', () => socket.end()));
  const closing = await withForward(t, silent, { scheme: 'h2c' });
  t.match(await get(t, closing.port, host), {
    status: 502,
    headers: { 'porthole-error': 'ERR_UPSTREAM_PROTOCOL' },
  });
});

t.test('a tunnel that is lost fails all that runs in its session', async (t) => {
  const upstream = await http2Upstream(t, (stream) => stream.resume());
  const gateway = await withForward(t, upstream.port, { scheme: 'h2c' });
  const post = new RawClient(t, gateway.port).send(
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
  await eventually(() => upstream.sessions() === 1);
  await new Promise((resolve) => void setTimeout(resolve, 20));
  gateway.forward.lose();
  t.match(parseAnswer(await post.end()), { status: 502, headers: { 'porthole-error': 'ERR_UPSTREAM_LOST' } });
});

t.test('a GET in a session whose tunnel is lost goes to the stand-by', async (t) => {
  const silent = await http2Upstream(t, (stream) => stream.resume());
  const standby = await http2Upstream(t, (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('second');
  });
  const gateway = await startGateway(t);
  const options = { scheme: 'h2c' as const };
  const lost = new FakeForward(silent.port, { options });
  gateway.router.serve('web--pr-1', lost, new FakeForward(standby.port, { options }));
  const asked = get(t, gateway.port, host);
  await eventually(() => silent.sessions() === 1 && lost.channels.size === 1);
  lost.lose(Object.assign(new Error('the tunnel is gone'), { code: 'ECONNRESET' }));
  t.match(await asked, { status: 200, body: /second/ });
});

t.test('a session that opens too late has sent nothing', async (t) => {
  const gateway = await startGateway(t);
  const options = { scheme: 'h2c' as const };
  const upstream = await http2Upstream(t, (stream) => {
    stream.resume();
    stream.respond({ ':status': 200 });
    stream.end('second');
  });
  const slow = new FakeForward(upstream.port, { options });
  const opening = Promise.withResolvers<undefined>();
  slow.gate = opening.promise;
  gateway.router.serve('web--pr-1', slow, new FakeForward(upstream.port, { options }));
  const post = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc`;
  const asked = exchangeBytes(t, gateway.port, post);
  await eventually(() => slow.origins.length === 1);
  slow.withdraw();
  slow.live = true;
  await slow.closed;
  opening.resolve(undefined);
  t.match(parseAnswer(await asked), { status: 200, body: /second/ });
  await eventually(() => slow.channels.size === 0);
});
