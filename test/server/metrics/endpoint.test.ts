import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import { silentLog } from '../../../core/log.ts';
import { MetricsEndpoint, type EndpointOptions } from '../../../server/metrics/endpoint.ts';

async function open(t: Test, some: Partial<EndpointOptions> = {}): Promise<MetricsEndpoint> {
  const endpoint = await MetricsEndpoint.open({
    listen: { host: '127.0.0.1', port: 0 },
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: async () => 'porthole_tunnels 1\n',
    ready: () => true,
    alive: () => true,
    headerTimeoutMs: 5000,
    log: silentLog(),
    ...some,
  });
  t.teardown(() => endpoint.destroy('test over'));
  return endpoint;
}

const urlOf = (endpoint: MetricsEndpoint, path: string): string =>
  `http://127.0.0.1:${endpoint.address.port}${path}`;

async function dial(t: Test, endpoint: MetricsEndpoint): Promise<Socket> {
  const socket = connect(endpoint.address.port, '127.0.0.1');
  socket.on('error', () => undefined);
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that the other side sends until it ends the connection. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

t.test('serves metrics and health', async (t) => {
  const endpoint = await open(t);
  const metrics = await fetch(urlOf(endpoint, '/metrics?x=1'));
  t.equal(metrics.status, 200);
  t.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  t.equal(metrics.headers.get('cache-control'), 'no-store');
  t.equal(await metrics.text(), 'porthole_tunnels 1\n');
  t.equal((await fetch(urlOf(endpoint, '/healthz'))).status, 200);
  t.equal((await fetch(urlOf(endpoint, '/readyz'))).status, 200);
});

t.test('readiness and health are asked each time', async (t) => {
  const state = { ready: true, alive: true };
  const endpoint = await open(t, { ready: () => state.ready, alive: () => state.alive });
  t.equal((await fetch(urlOf(endpoint, '/readyz'))).status, 200);
  state.ready = false;
  t.equal((await fetch(urlOf(endpoint, '/readyz'))).status, 503);
  t.equal((await fetch(urlOf(endpoint, '/healthz'))).status, 200);
  state.alive = false;
  t.equal((await fetch(urlOf(endpoint, '/healthz'))).status, 503);
});

t.test('nothing else is served', async (t) => {
  const endpoint = await open(t);
  for (const path of ['/', '/metrics/', '/metricsx', '/..%2fmetrics', '//metrics']) {
    t.equal((await fetch(urlOf(endpoint, path))).status, 404, path);
  }
});

t.test('only GET and HEAD', async (t) => {
  const endpoint = await open(t);
  const head = await fetch(urlOf(endpoint, '/metrics'), { method: 'HEAD' });
  t.equal(head.status, 200);
  t.equal(head.headers.get('content-length'), '19');
  t.equal(await head.text(), '');
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const response = await fetch(urlOf(endpoint, '/metrics'), { method });
    t.equal(response.status, 405, method);
    t.equal(response.headers.get('allow'), 'GET, HEAD');
  }
});

t.test('a body is not taken for the next request', async (t) => {
  const endpoint = await open(t);
  const response = await fetch(urlOf(endpoint, '/metrics'), {
    method: 'POST',
    body: 'GET /healthz HTTP/1.1\r\n\r\n',
  });
  t.equal(response.status, 405);
  t.equal(response.headers.get('connection'), 'close');
});

t.test('metrics that fail are a 500 without the reason', async (t) => {
  const endpoint = await open(t, { text: () => Promise.reject(new Error('hunter2')) });
  const response = await fetch(urlOf(endpoint, '/metrics'));
  t.equal(response.status, 500);
  t.notMatch(await response.text(), 'hunter2');
});

t.test('a head that does not come, or is too large, ends the connection', async (t) => {
  const endpoint = await open(t, { headerTimeoutMs: 40 });
  const slow = await dial(t, endpoint);
  slow.write('GET /metrics HT');
  t.match(await readAll(slow), /^HTTP\/1\.1 408 /);
  const large = await dial(t, endpoint);
  large.write(`GET /metrics HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`);
  t.match(await readAll(large), /^HTTP\/1\.1 431 /);
  const garbage = await dial(t, endpoint);
  garbage.write('\x16\x03\x01\x00\x00garbage\r\n\r\n');
  t.match(await readAll(garbage), /^HTTP\/1\.1 400 /);
});

t.test('a port in use is told as such', async (t) => {
  const { address } = await open(t);
  const error: unknown = await open(t, { listen: { host: '127.0.0.1', port: address.port } }).catch(
    (reason: unknown) => reason,
  );
  t.ok(error instanceof PortholeError);
  t.match(error, { code: 'ERR_PORT_IN_USE', cause: { code: 'EADDRINUSE' } });
});

t.test('an address that is not ours is told as a configuration error', async (t) => {
  await t.rejects(open(t, { listen: { host: '192.0.2.1', port: 0 } }), { code: 'ERR_CONFIG' });
});

t.test('close() lets running answers finish', async (t) => {
  let give: (text: string) => void = () => undefined;
  const text = new Promise<string>((resolve) => {
    give = resolve;
  });
  const asked = Promise.withResolvers<undefined>();
  const endpoint = await open(t, {
    text: () => {
      asked.resolve(undefined);
      return text;
    },
  });
  const idle = await dial(t, endpoint);
  const response = fetch(urlOf(endpoint, '/metrics'));
  await asked.promise;
  const closing = endpoint.close();
  idle.end();
  give('late\n');
  t.equal(await (await response).text(), 'late\n');
  await closing;
  t.equal(await endpoint.closed, 'closed');
  await t.rejects(fetch(urlOf(endpoint, '/metrics')));
});

t.test('close() does not wait for ever, and destroy() not at all', async (t) => {
  const never = (): Promise<string> => new Promise(() => {});
  const bounded = await open(t, { text: never, headerTimeoutMs: 40 });
  const first = await dial(t, bounded);
  first.write('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n');
  await bounded.close();
  const endpoint = await open(t, { text: never });
  const second = await dial(t, endpoint);
  second.write('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n');
  endpoint.destroy('told to');
  endpoint.destroy('again');
  t.equal(await endpoint.closed, 'told to');
  await endpoint.close();
});

t.test('a successor joins its address', async (t) => {
  const first = await open(t, { listen: { host: 'localhost', port: 0, sharing: 'first' } });
  t.same(first.taken, { host: 'localhost', port: first.address.port }, 'the name that was asked for');
  const listen = { host: '127.0.0.1', port: first.address.port };
  await t.rejects(open(t, { listen: { ...listen, sharing: 'first' } }), { code: 'ERR_PORT_IN_USE' });
  const second = await open(t, { listen: { ...first.taken, sharing: 'join' } });
  t.equal(second.address.port, first.address.port);
});
