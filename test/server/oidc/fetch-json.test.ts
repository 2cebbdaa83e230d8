import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { fetchJson, maxAgeOf } from '../../../server/oidc/fetch-json.ts';

const bounds = { timeoutMs: 5000, maxBytes: 1000 };

async function serve(
  t: { teardown(action: () => unknown): void },
  listener: RequestListener,
): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

t.test('a document, and for how long it may be kept', async (t) => {
  const url = await serve(t, (_request, response) => {
    response.setHeader('cache-control', 'public, max-age=60').end('{"a":1}');
  });
  t.same(await fetchJson(`${url}/x`, bounds), { value: { a: 1 }, maxAgeMs: 60_000 });
});

t.test('a redirection stays with its origin', async (t) => {
  const other = await serve(t, (_request, response) => response.end('{"evil":true}'));
  const url = await serve(t, ({ url: path }, response) => {
    const to = { '/a': '/b', '/away': `${other}/b`, '/loop': '/loop', '/bad': 'http://' }[path ?? ''];
    if (to === undefined) response.end('{"a":1}');
    else response.writeHead(302, { location: to }).end();
  });
  t.match(await fetchJson(`${url}/a`, bounds), { value: { a: 1 } });
  await t.rejects(fetchJson(`${url}/away`, bounds), { message: /redirects to another host/ });
  await t.rejects(fetchJson(`${url}/bad`, bounds), { message: /redirects to another host/ });
  await t.rejects(fetchJson(`${url}/loop`, bounds), { message: /redirects too often/ });
});

t.test('what is no answer', async (t) => {
  const url = await serve(t, ({ url: path }, response) => {
    if (path === '/500') response.writeHead(500).end('{}');
    else if (path === '/long') response.end(`"${'x'.repeat(2000)}"`);
    else if (path === '/html') response.end('<html>');
    else if (path === '/half') response.writeHead(200, { 'content-length': '100' }).write('{');
  });
  await t.rejects(fetchJson(`${url}/500`, bounds), { message: /answered 500/ });
  await t.rejects(fetchJson(`${url}/long`, bounds), { message: /more than 1000 bytes/ });
  await t.rejects(fetchJson(`${url}/html`, bounds), { message: /JSON/ });
  await t.rejects(fetchJson(`${url}/half`, { ...bounds, timeoutMs: 50 }), { name: 'TimeoutError' });
  await t.rejects(fetchJson('http://192.0.2.1/', bounds), { message: /not https/ });
  await t.rejects(fetchJson('http://127.0.0.1:1/', bounds));
});

t.test('Cache-Control', async (t) => {
  t.equal(maxAgeOf(''), undefined);
  t.equal(maxAgeOf('private'), undefined);
  t.equal(maxAgeOf('Max-Age="5"'), 5000);
  t.equal(maxAgeOf('max-age=5, no-store'), 0);
  t.equal(maxAgeOf('no-cache'), 0);
  t.equal(maxAgeOf('max-age=-5'), undefined);
  t.equal(maxAgeOf('s-maxage=5'), undefined);
});
