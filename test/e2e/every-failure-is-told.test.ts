import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import type { Socket } from 'node:net';
import t from 'tap';
import { dial, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { metricBecomes } from '../support/metrics.ts';
import type { Portholed } from '../support/portholed.ts';
import { startUpstream } from '../support/upstream.ts';
import { open, visit, type Answer } from '../support/visitor.ts';
import { startApp, startTextApp } from '../support/web-app.ts';

const json = { headers: { accept: 'application/json' } };

interface Told {
  readonly code: string;
  readonly message: string;
  readonly id: string;
  readonly lastSeen?: string;
  readonly forward?: string;
  readonly services?: readonly { name: string; url: string }[];
}

/** What a program reads in an answer that tells of a failure. */
function told(answer: Answer): Told {
  return JSON.parse(answer.body) as Told;
}

function codeOf(answer: Answer): [number, string | undefined] {
  return [answer.status, answer.headers['porthole-error'] as string | undefined];
}

/** A port of this machine on which nothing listens. */
const deadPort = 1;

t.test('a name that nobody offers', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const { port } = await startTextApp(t, 'secret');

  const page = await visit(gateway, 'nobody.localhost/', { headers: { accept: 'text/html' } });
  t.same(codeOf(page), [404, 'ERR_ENV_UNKNOWN']);
  t.match(page.headers['content-type'], 'text/html');
  const text = await visit(gateway, 'nobody.localhost/', { headers: { accept: '*/*' } });
  t.same(codeOf(text), [404, 'ERR_ENV_UNKNOWN']);
  t.match(text.headers['content-type'], 'text/plain');
  const answer = await visit(gateway, 'nobody.localhost/some/path?secret=1', json);
  t.same(codeOf(answer), [404, 'ERR_ENV_UNKNOWN']);
  t.equal(told(answer).code, 'ERR_ENV_UNKNOWN');
  t.equal(told(answer).id, answer.headers['porthole-error-id']);
  const line = await gateway.line(({ requestId }) => requestId === told(answer).id);
  t.match(line, { code: 'ERR_ENV_UNKNOWN', status: 404, path: '/some/path' });

  await dial(t, gateway, { key, user: 'hidden', forwards: [`/web?access=private:127.0.0.1:${port}`] });
  const hidden = await visit(gateway, 'web--hidden.localhost/some/path', json);
  const withoutId = (each: Answer): string => each.body.replaceAll(told(each).id, '');
  t.equal(withoutId(hidden), withoutId(answer), 'a private one is told apart by nothing');
});

t.test('a tunnel that is about to be back', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--hold', '60s']);
  const { port } = await startTextApp(t, 'back');
  const first = await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });
  first.ssh.kill('SIGKILL');
  await tunnelGone(gateway, first.tunnelId);
  const held = visit(gateway, 'pr-1.localhost/');
  await metricBecomes(gateway, 'porthole_held_requests', (value) => value === 1);
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });
  const answer = await held;
  t.equal(answer.status, 200);
  t.equal(answer.body, 'back');
});

t.test('an environment that is offline', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--hold', '1s']);
  const { port } = await startTextApp(t, 'back');
  const first = await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });
  first.ssh.kill('SIGKILL');
  await tunnelGone(gateway, first.tunnelId);

  const held = await visit(gateway, 'pr-1.localhost/', json);
  t.same(codeOf(held), [503, 'ERR_ENV_OFFLINE']);
  t.match(held.headers['retry-after'], /^\d+$/u);
  t.match(told(held).lastSeen, /^\d{4}-\d\d-\d\dT/u);
  const page = await visit(gateway, 'pr-1.localhost/', { headers: { accept: 'text/html' } });
  t.match(page.body, '/_porthole/wait');
  t.match(page.body, told(held).lastSeen);

  const late = await visit(gateway, 'pr-1.localhost/_porthole/wait?state=ready&timeout=1', json);
  t.same(codeOf(late), [503, 'ERR_ENV_OFFLINE']);
  const waiting = visit(gateway, 'pr-1.localhost/_porthole/wait?state=ready&timeout=60', json);
  await metricBecomes(gateway, 'porthole_held_requests', (value) => value === 1);
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });
  t.match(await waiting, { status: 200, body: '"ready"' });
  t.equal((await visit(gateway, 'pr-1.localhost/_porthole/wait?timeout=x', json)).status, 400);
  t.equal((await visit(gateway, 'pr-1.localhost/_porthole/other', json)).status, 404);
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'back');
});

t.test('a service that the environment does not have', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const { port } = await startTextApp(t, 'web');
  const to = `127.0.0.1:${port}`;
  await dial(t, gateway, {
    key,
    forwards: [`web:80:${to}`, `/api/8080?access=private:${to}`, `ssh:22:${to}`],
  });
  const answer = await visit(gateway, 'other--pr-1.localhost/', json);
  t.same(codeOf(answer), [404, 'ERR_SERVICE_UNKNOWN']);
  t.same(told(answer).services, [{ name: 'web--pr-1', url: `https://web--pr-1.localhost:${gateway.port}/` }]);
  for (const host of ['pr-1', 'web--8080--pr-1', 'ssh--22--pr-1', 'ssh--pr-1'])
    t.same(codeOf(await visit(gateway, `${host}.localhost/`)), [404, 'ERR_SERVICE_UNKNOWN'], host);
});

t.test('nothing listens on the port of the machine', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  await dial(t, gateway, { key, forwards: [`web:80:127.0.0.1:${deadPort}`] });
  const answer = await visit(gateway, 'web--pr-1.localhost/', json);
  t.same(codeOf(answer), [502, 'ERR_UPSTREAM_REFUSED']);
  t.equal(told(answer).forward, '-R web:80', 'all that SSH tells: the forward, as it was asked for');
  t.match(told(answer).message, '-R web:80');
});

t.test('an upstream that answers nonsense, or nothing, or breaks off', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--response-timeout', '1s']);
  const behaviours: Record<string, (socket: Socket) => void> = {
    nonsense: (socket) => void socket.end('220 mail.example.com ESMTP\r\n'),
    silent: (socket) => void socket.resume(),
    closing: (socket) => void socket.once('data', () => socket.end()),
    length: (socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this'));
    },
    chunks: (socket) => {
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
      socket.once('data', () => socket.end(`${head}9\r\nonly this\r\n`));
    },
  };
  const forwards: string[] = [];
  for (const [service, behave] of Object.entries(behaviours)) {
    const { port } = await startUpstream(t, behave);
    forwards.push(`${service}:80:127.0.0.1:${port}`);
  }
  await dial(t, gateway, { key, forwards });

  const nonsense = await visit(gateway, 'nonsense--pr-1.localhost/', json);
  t.same(codeOf(nonsense), [502, 'ERR_UPSTREAM_PROTOCOL']);
  t.equal(told(nonsense).forward, '-R nonsense:80');
  t.same(codeOf(await visit(gateway, 'closing--pr-1.localhost/')), [502, 'ERR_UPSTREAM_PROTOCOL']);
  t.same(codeOf(await visit(gateway, 'silent--pr-1.localhost/')), [504, 'ERR_UPSTREAM_TIMEOUT']);
  for (const service of ['length', 'chunks']) {
    const answer = await open(gateway, `${service}--pr-1.localhost/`);
    t.equal(answer.statusCode, 200);
    await t.rejects(answer.toArray(), `${service}: a truncated answer has no clean end`);
    const host = `${service}--pr-1.localhost`;
    const where = { host: '127.0.0.1', ca: gateway.ca, servername: host };
    const session = connectHttp2(`https://${host}:${gateway.port}`, where);
    const stream = session.request({ ':path': '/', ':authority': host });
    stream.on('error', () => undefined).resume();
    await new Promise((resolve) => void stream.once('close', resolve));
    session.close();
    t.not(stream.rstCode, constants.NGHTTP2_NO_ERROR, `${service}: nor one of HTTP/2`);
  }
});

t.test('a tunnel that is lost after the request was sent', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const received: string[] = [];
  const app = await startApp(t, (request) => {
    received.push(request.method ?? '');
    request.resume();
  });
  const first = await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${app.port}`] });
  const asked = once(app.server, 'request');
  const answer = visit(gateway, 'pr-1.localhost/', { method: 'POST', body: 'order', ...json });
  await asked;
  first.ssh.kill('SIGKILL');
  t.same(codeOf(await answer), [502, 'ERR_UPSTREAM_LOST']);
  t.same(received, ['POST'], 'it is not repeated');
});

t.test('more requests than an environment may have', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--max-requests', '1']);
  const app = await startApp(t, (request, response) => {
    if (request.url === '/slow') response.write('begun');
    else response.end('quick');
  });
  const forwards = [`80:127.0.0.1:${app.port}`];
  await dial(t, gateway, { key, forwards });
  await dial(t, gateway, { key, user: 'pr-2', forwards });
  const slow = await open(gateway, 'pr-1.localhost/slow');
  const second = await visit(gateway, 'pr-1.localhost/', json);
  t.same(codeOf(second), [503, 'ERR_BUSY']);
  t.match(second.headers['retry-after'], /^\d+$/u);
  t.equal((await visit(gateway, 'pr-2.localhost/')).body, 'quick', 'another environment is not concerned');
  slow.destroy();
  await metricBecomes(gateway, 'porthole_requests_in_flight', (value) => value === 0);
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'quick');
});

t.test('requests that are too large or wrong', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const { port } = await startTextApp(t, 'fine');
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    visit(gateway, `pr-1.localhost${path}`, { headers });
  t.same(codeOf(await ask('/', { cookie: 'a'.repeat(40_000) })), [431, 'ERR_HEADERS_TOO_LARGE']);
  t.same(codeOf(await ask(`/${'a'.repeat(20_000)}`)), [414, 'ERR_URI_TOO_LONG']);
  t.same(codeOf(await ask('/', { host: 'pr-1.example.org' })), [421, 'ERR_MISDIRECTED']);
  const tracing = await visit(gateway, 'pr-1.localhost/', { method: 'TRACE' });
  t.same(codeOf(tracing), [405, 'ERR_METHOD_REFUSED']);
  const doubtful = { 'content-length': '3', 'transfer-encoding': 'chunked' };
  t.same(codeOf(await ask('/', doubtful)), [400, 'ERR_BAD_REQUEST']);
  t.equal((await ask('/')).body, 'fine');
});

t.test('the error id is in the log of every failure', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${deadPort}`] });
  await t.resolves(assertLogged(gateway, 'pr-1.localhost/', 'ERR_UPSTREAM_REFUSED'));
  await t.resolves(assertLogged(gateway, 'no--pr-1.localhost/', 'ERR_SERVICE_UNKNOWN'));
});

async function assertLogged(gateway: Portholed, url: string, code: string): Promise<void> {
  const answer = await visit(gateway, url);
  const id = answer.headers['porthole-error-id'];
  await gateway.line((line) => line.msg === 'request' && line['requestId'] === id && line['code'] === code);
}
