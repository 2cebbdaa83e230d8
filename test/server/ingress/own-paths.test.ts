import t from 'tap';
import type { Resolution } from '../../../server/routing/resolution.ts';
import { goodCookie } from './fake-doorkeeper.ts';
import { FakeForward } from './fake-forward.ts';
import { environmentView } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import type { Gateway } from './gateway.ts';
import { RawClient, get } from './raw-client.ts';
import type { ParsedAnswer } from './raw-client.ts';
import { eventually, rawUpstream } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';
const route = { env: 'pr-1', service: 'web', port: undefined };
const environment = environmentView();
const hidden = environmentView({ access: 'private' });
const offline: Resolution = { kind: 'offline', environment, route, state: 'offline', sinceMs: 0 };

const code = (answer: ParsedAnswer): string =>
  `${answer.status} ${answer.headers['porthole-error'] ?? ''}`.trim();

function wait(t: Teardown, gateway: Gateway, query = '', headers = ''): Promise<ParsedAnswer> {
  return get(t, gateway.port, host, { path: `/_porthole/wait${query}`, headers });
}

/** A client that has asked to wait, when the gateway knows of it. */
async function waiter(t: Teardown, gateway: Gateway, query = ''): Promise<RawClient> {
  const held = gateway.router.held();
  const client = new RawClient(t, gateway.port);
  client.send(`GET /_porthole/wait${query} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await held;
  return client;
}

t.test('ready at once, or what is wrong with the question', async (t) => {
  const gateway = await startGateway(t);
  gateway.router.serve('web--pr-1', new FakeForward(await rawUpstream(t, () => {})));
  const ready = await wait(t, gateway, '?state=ready&timeout=60');
  t.match(ready, { status: 200, headers: { 'content-type': /json/, 'cache-control': 'no-store' } });
  t.same(JSON.parse(ready.body), { env: 'pr-1', state: 'ready' });
  for (const query of ['?timeout=0', '?timeout=301', '?timeout=abc', '?state=gone']) {
    t.match(await wait(t, gateway, query), {
      status: 400,
      headers: { 'porthole-error': 'ERR_BAD_REQUEST', 'content-type': /json/ },
    });
  }
  const path = '/_porthole/wait';
  t.equal(code(await get(t, gateway.port, host, { path, method: 'DELETE' })), '405 ERR_METHOD_REFUSED');
  t.equal(code(await get(t, gateway.port, host, { path: '/_porthole/other' })), '404 ERR_NOT_FOUND');
  t.equal(code(await get(t, gateway.port, host, { path: '/_porthole/' })), '404 ERR_NOT_FOUND');
});

t.test('waits as long as it was asked to', async (t) => {
  const gateway = await startGateway(t);
  gateway.router.routes.set('web--pr-1', offline);
  const client = await waiter(t, gateway, '?timeout=7');
  const [hold] = gateway.router.holds;
  t.ok(hold?.untilReady && hold.ms > 6000 && hold.ms <= 7000);
  gateway.router.serve('web--pr-1', new FakeForward(await rawUpstream(t, () => {})));
  gateway.router.change('web--pr-1', gateway.router.resolve(host));
  await client.until('"ready"');
});

t.test('at the end it tells the truth, with the state', async (t) => {
  const gateway = await startGateway(t);
  const refusing = new FakeForward(1);
  refusing.failure = { kind: 'refused', detail: 'connect ECONNREFUSED 127.0.0.1:3000' };
  gateway.router.serve('web--pr-1', refusing);
  const served = gateway.router.resolve(host);
  const ends: [Resolution, string, string][] = [
    [offline, '503 ERR_ENV_OFFLINE', 'offline'],
    [{ ...offline, state: 'expired' }, '503 ERR_ENV_OFFLINE', 'expired'],
    [{ kind: 'reconnecting', environment, route }, '503 ERR_ENV_OFFLINE', 'reconnecting'],
    [{ kind: 'no-service', environment, route, expired: false }, '404 ERR_SERVICE_UNKNOWN', 'offline'],
    [{ ...served, state: 'degraded' } as Resolution, '502 ERR_UPSTREAM_REFUSED', 'degraded'],
  ];
  const answers = ends.map(async ([resolution]) => {
    const each = await startGateway(t);
    each.router.routes.set('web--pr-1', resolution);
    return wait(t, each, '?timeout=1');
  });
  for (const [index, answer] of (await Promise.all(answers)).entries()) {
    const [, expected, state] = ends[index]!;
    t.equal(code(answer), expected);
    t.match(JSON.parse(answer.body), { state, status: answer.status });
    t.ok(answer.headers['retry-after']);
  }
});

t.test('a router that has no room for more', async (t) => {
  const gateway = await startGateway(t);
  gateway.router.routes.set('web--pr-1', offline);
  const client = await waiter(t, gateway);
  gateway.router.holds[0]?.settle('full');
  t.match(await client.until('\r\n\r\n'), /^HTTP\/1.1 503 [^]*Retry-After: \d/);
});

t.test('so many wait for one environment, and those who leave make room', async (t) => {
  const gateway = await startGateway(t);
  gateway.router.routes.set('web--pr-1', offline);
  const request = `GET /_porthole/wait HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const clients = Array.from({ length: 256 }, () => new RawClient(t, gateway.port).send(request));
  await eventually(() => gateway.router.holds.length === 256);
  t.match(await wait(t, gateway), {
    status: 503,
    headers: { 'porthole-error': 'ERR_BUSY', 'retry-after': /\d/ },
  });
  clients[0]?.socket.destroy();
  await eventually(() => gateway.ingress.inFlight === 255);
  await waiter(t, gateway);
  t.equal(gateway.router.holds.length, 257);
});

t.test('who has a pass may wait for what was never seen', async (t) => {
  const gateway = await startGateway(t);
  t.equal(code(await wait(t, gateway, '?timeout=1')), '401 ERR_LOGIN_REQUIRED');
  t.equal(gateway.router.holds.length, 0, 'others may not');
  const held = gateway.router.held();
  const asked = wait(t, gateway, '', goodCookie);
  await held;
  const forward = new FakeForward(await rawUpstream(t, () => {}), { access: 'private' });
  gateway.router.serve('web--pr-1', forward);
  gateway.router.change('web--pr-1', gateway.router.resolve(host));
  t.equal(code(await asked), '200');
});

t.test(
  'where all is public by default, strangers wait too, alike for what is private and what is not there',
  async (t) => {
    const deps = { publicByDefault: true };
    const states: (Resolution | undefined)[] = [
      undefined,
      { ...offline, environment: hidden },
      { kind: 'no-service', environment: hidden, route, expired: false },
    ];
    const answers = states.map(async (resolution) => {
      const gateway = await startGateway(t, { deps });
      if (resolution !== undefined) gateway.router.routes.set('web--pr-1', resolution);
      const { headers, ...answer } = await wait(t, gateway, '?timeout=1');
      const { date: _date, 'porthole-error-id': id = '', ...rest } = headers;
      t.equal(gateway.router.holds.length, 0, 'in places of their own');
      return JSON.stringify({ ...answer, headers: rest, body: answer.body.replaceAll(id, 'ID') });
    });
    const told = new Set(await Promise.all(answers));
    t.equal(told.size, 1);
    t.match([...told][0], /ERR_ENV_UNKNOWN/);

    const gateway = await startGateway(t, { deps });
    const asked = wait(t, gateway);
    await eventually(() => gateway.ingress.inFlight === 1);
    gateway.router.serve('web--pr-1', new FakeForward(await rawUpstream(t, () => {})));
    t.equal(code(await asked), '200');
    t.match(JSON.parse((await asked).body), { env: 'pr-1' });
  },
);

t.test('and so do their pages, alike too', async (t) => {
  const page = async (publicByDefault: boolean, resolution?: Resolution): Promise<string> => {
    const gateway = await startGateway(t, { deps: { publicByDefault } });
    if (resolution !== undefined) gateway.router.routes.set('web--pr-1', resolution);
    const { body, headers } = await get(t, gateway.port, host, { headers: 'Accept: text/html\r\n' });
    return body.replaceAll(headers['porthole-error-id'] ?? '', 'ID');
  };
  const hiddenOne: Resolution = { ...offline, environment: hidden };
  t.match(await page(true), 'opens the preview when it is there');
  t.equal(await page(true, hiddenOne), await page(true));
  t.match(
    await page(true),
    /<a href="https:&#47;&#47;preview.test|<a href="https:\/\/preview.test\/_porthole\/login\?to=web--pr-1/,
  );
});

t.test('but not on a connection that was opened for another host', async (t) => {
  const gateway = await startGateway(t, {
    deps: { publicByDefault: true },
    info: { servername: 'other.preview.test' },
  });
  t.equal(code(await wait(t, gateway)), '421 ERR_MISDIRECTED');
});
