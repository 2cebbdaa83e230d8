import { createServer as createSecureServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { askHttp } from '../../client/http-ask.ts';
import { trustIn } from '../../client/transport.ts';
import { startApp } from '../support/web-app.ts';
import { makeAuthority } from './certificates.ts';
import { freePort, localServer } from './local-servers.ts';

const plain = { trust: undefined, timeoutMs: 10_000 };

t.test('a question and its answer', async (t) => {
  const { port } = await startApp(t, (request, response) => {
    const chunks: string[] = [];
    request.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
    request.on('end', () => {
      response.writeHead(207, { 'x-told': String(request.headers['x-ask']) });
      response.end(`${request.method ?? ''} ${request.url ?? ''} ${chunks.join('')}`);
    });
  });
  const url = new URL(`http://a.b.localhost:${port}/path?query`);
  const answer = await askHttp({ ...plain, url, method: 'POST', headers: { 'x-ask': '1' }, body: 'body' });
  t.match(answer, {
    kind: 'answered',
    status: 207,
    headers: { 'x-told': '1' },
    body: 'POST /path?query body',
  });
});

t.test('over TLS the certificate counts', async (t) => {
  const authority = makeAuthority();
  const { cert, key } = authority.issue({ dns: ['web.localhost'] });
  const server = createSecureServer({ cert, key }, (_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const url = new URL(`https://web.localhost:${port}/`);
  t.match(await askHttp({ ...plain, url, trust: trustIn(authority.ca) }), { status: 200, body: 'ok' });
  t.match(await askHttp({ ...plain, url }), { kind: 'failed', code: /SELF_SIGNED|UNABLE_TO_VERIFY/ });
  const other = new URL(`https://127.0.0.1:${port}/`);
  t.match(await askHttp({ ...plain, url: other, trust: trustIn(authority.ca) }), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

t.test('what goes wrong has a code', async (t) => {
  const url = new URL(`http://127.0.0.1:${await freePort(t)}/`);
  t.match(await askHttp({ ...plain, url }), { kind: 'failed', code: 'ECONNREFUSED' });
  const mute = await localServer(t, () => undefined);
  const muteUrl = new URL(`http://127.0.0.1:${mute.port}/`);
  t.match(await askHttp({ ...plain, url: muteUrl, timeoutMs: 20 }), { kind: 'failed', code: 'ETIMEDOUT' });
  const stop = new AbortController();
  const stopped = askHttp({ ...plain, url: muteUrl, signal: stop.signal });
  stop.abort();
  t.match(await stopped, { kind: 'failed', code: 'ABORT_ERR' });
  t.match(
    await askHttp({ ...plain, url: muteUrl, signal: stop.signal }),
    { code: 'ABORT_ERR' },
    'before it began',
  );
  const cut = await localServer(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'));
  });
  t.match(await askHttp({ ...plain, url: new URL(`http://127.0.0.1:${cut.port}/`) }), {
    kind: 'failed',
    reason: /broke off/,
  });
});

t.test('an answer without an end is cut', async (t) => {
  const { port } = await startApp(t, (_request, response) => {
    const more = (): void => {
      if (response.writable) response.write('x'.repeat(65_536), more);
    };
    more();
  });
  const answer = await askHttp({ ...plain, url: new URL(`http://127.0.0.1:${port}/`) });
  t.ok(answer.kind === 'answered' && answer.body.length <= 256 * 1024);
});
