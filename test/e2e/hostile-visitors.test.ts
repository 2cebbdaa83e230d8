import { once } from 'node:events';
import {
  connect as connectHttp2,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
} from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { dial, startPublicGateway } from '../support/dial.ts';
import { metricBecomes } from '../support/metrics.ts';
import type { Portholed } from '../support/portholed.ts';
import { RawVisitor } from '../support/raw-visitor.ts';
import { visit } from '../support/visitor.ts';
import { startApp, type WebApp } from '../support/web-app.ts';

const host = 'pr-1.localhost';

interface Setting {
  readonly gateway: Portholed;
  readonly app: WebApp;
  /** What the app was asked. */
  readonly asked: string[];
}

async function setUp(t: Test, args: readonly string[] = []): Promise<Setting> {
  const asked: string[] = [];
  const app = await startApp(t, (request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.host ?? ''}`);
    request.resume().on('end', () => response.end('served'));
  });
  const { gateway, key } = await startPublicGateway(t, args);
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${app.port}`] });
  return { gateway, app, asked };
}

/** The gateway is as it was: it serves, and holds nothing. */
async function assertUnharmed(t: Test, gateway: Portholed): Promise<void> {
  t.equal((await visit(gateway, `${host}/`)).body, 'served');
  t.equal(await metricBecomes(gateway, 'porthole_requests_in_flight', (value) => value === 0), 0);
  t.equal(gateway.child.exitCode, null);
}

t.test('requests that can be read in two ways reach nobody', async (t) => {
  const { gateway, asked } = await setUp(t);
  const end = `Host: ${host}\r\n\r\n`;
  const smuggled = `GET /smuggled HTTP/1.1\r\n${end}`;
  const chunks = `Transfer-Encoding: chunked\r\n${end}0\r\n\r\n${smuggled}`;
  const cases: Record<string, [request: string, status: number, code: string]> = {
    'two lengths': [`POST / HTTP/1.1\r\nContent-Length: 3\r\n${chunks}`, 400, 'ERR_BAD_REQUEST'],
    'bare line feeds': [`GET / HTTP/1.1\nHost: ${host}\n\n${smuggled}`, 400, 'ERR_BAD_REQUEST'],
    'two hosts': [`GET / HTTP/1.1\r\nHost: pr-2.localhost\r\n${end}`, 400, 'ERR_BAD_REQUEST'],
    'two names': [`GET https://pr-2.localhost/ HTTP/1.1\r\n${end}`, 400, 'ERR_BAD_REQUEST'],
    'a tunnel': [`CONNECT 127.0.0.1:22 HTTP/1.1\r\n${end}`, 405, 'ERR_METHOD_REFUSED'],
    'a large head': [
      `GET / HTTP/1.1\r\nCookie: ${'a'.repeat(100_000)}\r\n${end}`,
      431,
      'ERR_HEADERS_TOO_LARGE',
    ],
    'a long address': [`GET /${'a'.repeat(40_000)} HTTP/1.1\r\n${end}`, 414, 'ERR_URI_TOO_LONG'],
    'no HTTP': ['\0\0\0\0\r\n\r\n', 400, 'ERR_BAD_REQUEST'],
  };
  for (const [name, [request, status, code]] of Object.entries(cases)) {
    const visitor = await RawVisitor.connect(t, gateway, host);
    visitor.write(request);
    const answer = await visitor.end();
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\nPorthole-Error: ${code}\\r\\n`, 'u'), name);
    t.equal(answer.split('HTTP/1.1 ').length, 2, `${name}: one answer`);
  }
  t.same(asked, []);
  await assertUnharmed(t, gateway);
});

t.test('an absolute form that says what the Host says is served', async (t) => {
  const { gateway, asked } = await setUp(t);
  const visitor = await RawVisitor.connect(t, gateway, host);
  visitor.write(`GET https://${host}/path HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  t.match(await visitor.end(), /^HTTP\/1\.1 200 /u);
  t.same(asked, [`GET /path ${host}`]);
});

t.test('heads and bodies that never come to an end', async (t) => {
  const { gateway, app } = await setUp(t, ['--header-timeout', '300ms', '--idle-timeout', '500ms']);
  const slow = await RawVisitor.connect(t, gateway, host);
  const drip = setInterval(() => {
    slow.write('X-Slow: 1\r\n');
  }, 20);
  t.teardown(() => {
    clearInterval(drip);
  });
  slow.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n`);
  t.match(await slow.end(), /^HTTP\/1\.1 408 /u);

  const asked = once(app.server, 'request');
  const upload = await RawVisitor.connect(t, gateway, host);
  upload.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nten bytes.`);
  const [request] = (await asked) as [NodeJS.ReadableStream];
  request.removeAllListeners('error');
  const failed = once(request, 'error');
  t.match(await upload.end(), /^HTTP\/1\.1 408 /u);
  await failed;
  t.pass('the app sees that it broke off');
  await assertUnharmed(t, gateway);
});

t.test('two hundred slow heads stop nobody', async (t) => {
  const { gateway } = await setUp(t);
  const slow = Array.from({ length: 200 }, () => RawVisitor.connect(t, gateway, host));
  for (const each of slow) (await each).write(`GET / HTTP/1.1\r\nHost: ${host}\r\n`);
  await assertUnharmed(t, gateway);
});

async function openSession(t: Test, gateway: Portholed): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://${host}:${gateway.port}`, {
    ...{ host: '127.0.0.1', ca: gateway.ca, servername: host },
  });
  session.on('error', () => undefined);
  t.teardown(() => {
    session.destroy();
  });
  await once(session, 'connect');
  return session;
}

t.test('a flood of reset streams ends its connection, and costs others nothing', async (t) => {
  const { gateway, asked } = await setUp(t);
  const session = await openSession(t, gateway);
  while (!session.closed && !session.destroyed) {
    const ask = (): ClientHttp2Stream => session.request({ ':path': '/flood', ':authority': host });
    const streams = Array.from({ length: 50 }, ask);
    for (const stream of streams) stream.on('error', () => undefined);
    // A stream that is reset before it was sent would never be sent.
    await nextTurn();
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    await nextTurn();
  }
  await assertUnharmed(t, gateway);
  t.ok(asked.length < 2000, `${asked.length} of them reached the app`);
});
