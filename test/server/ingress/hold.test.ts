import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import t from 'tap';
import type { Resolution } from '../../../server/routing/resolution.ts';
import type { Forward } from '../../../server/tunnel/forward.ts';
import { FakeForward } from './fake-forward.ts';
import { environmentView } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import type { Gateway } from './gateway.ts';
import { http2Client, http2Get } from './http2-client.ts';
import { RawClient, exchangeBytes, get, parseAnswer } from './raw-client.ts';
import type { ParsedAnswer } from './raw-client.ts';
import { eventually, listen, rawUpstream } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';
const route = { env: 'pr-1', service: 'web', port: undefined };
const environment = environmentView();
const hidden = environmentView({ access: 'private' });
const reconnecting: Resolution = { kind: 'reconnecting', environment, route };
const offline: Resolution = { kind: 'offline', environment, route, state: 'offline', sinceMs: 0 };
const post = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc`;

const code = (answer: ParsedAnswer): string =>
  `${answer.status} ${answer.headers['porthole-error'] ?? ''}`.trim();

const echo: RequestListener = (request, response) => {
  request.setEncoding('utf8').on('data', () => {});
  request.on('end', () => response.end('served'));
};

function servedBy(forward: Forward): Resolution {
  return { kind: 'forward', environment, forward, state: 'ready', standby: undefined };
}

/** The route goes, and then the tunnel. */
function lose(gateway: Gateway, forward: FakeForward): void {
  gateway.router.routes.set('web--pr-1', reconnecting);
  forward.lose();
}

async function startHeld(t: Teardown, limits = {}): Promise<Gateway & { upstream: number }> {
  const gateway = await startGateway(t, { limits });
  gateway.router.routes.set('web--pr-1', reconnecting);
  return { ...gateway, upstream: await listen(t, createServer(echo)) };
}

/** The gateway's next held request, settled with this. */
async function settle(gateway: Gateway, result: Resolution | 'full'): Promise<void> {
  if (result !== 'full') gateway.router.routes.set('web--pr-1', result);
  gateway.router.holds.at(-1)?.settle(result);
}

t.test('a request waits for a tunnel that is about to be back', async (t) => {
  const gateway = await startHeld(t, { holdMs: 1234 });
  const held = gateway.router.held();
  const asked = exchangeBytes(t, gateway.port, post);
  await held;
  t.match(gateway.router.holds[0], { host, ms: 1234, untilReady: false });
  t.equal(gateway.ingress.inFlight, 1);
  t.ok(gateway.ingress.heldBytes > 0);
  await settle(gateway, servedBy(new FakeForward(gateway.upstream)));
  t.match(parseAnswer(await asked), { status: 200, body: 'served' });
  t.equal(gateway.ingress.heldBytes, 0);
  const [entry] = await gateway.over(1);
  t.ok((entry?.heldMs ?? -1) >= 0, 'the log tells why it took so long');
  t.equal((await get(t, gateway.port, host)).status, 200);
  t.equal((await gateway.over(2))[1]?.heldMs, undefined);
});

t.test('and not for ever', async (t) => {
  const gateway = await startHeld(t);
  const ends: [Resolution | 'full', string][] = [
    ['full', '503 ERR_BUSY'],
    [reconnecting, '503 ERR_ENV_OFFLINE'],
    [offline, '503 ERR_ENV_OFFLINE'],
    [{ kind: 'unknown', env: 'pr-1' }, '401 ERR_LOGIN_REQUIRED'],
    [{ ...offline, environment: hidden }, '401 ERR_LOGIN_REQUIRED'],
    [{ ...reconnecting, environment: hidden }, '401 ERR_LOGIN_REQUIRED'],
  ];
  for (const [result, expected] of ends) {
    gateway.router.routes.set('web--pr-1', reconnecting);
    const held = gateway.router.held();
    const asked = get(t, gateway.port, host);
    await held;
    gateway.router.holds.at(-1)?.settle(result);
    t.equal(code(await asked), expected);
  }
  t.equal(gateway.router.holds.length, ends.length, 'each waited once');
});

t.test('who leaves while waiting is waited for no longer', async (t) => {
  const gateway = await startHeld(t);
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  for (const [path, headers] of [
    ['/', ''],
    ['/', upgrade],
    ['/_porthole/wait', ''],
  ] as const) {
    const held = gateway.router.held();
    const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`;
    const client = new RawClient(t, gateway.port).send(request);
    await held;
    client.socket.destroy();
    await eventually(() => gateway.router.holds.at(-1)?.signal?.aborted === true);
    await eventually(() => gateway.ingress.inFlight === 0);
    t.equal(gateway.ingress.heldBytes, 0);
  }
  const left = { status: 0, aborted: true };
  t.match(await gateway.over(3), [left, left, left]);
});

t.test('also who leaves over HTTP/2, one request or all of them', async (t) => {
  const gateway = await startHeld(t);
  const session = connectHttp2(`http://127.0.0.1:${gateway.http2Port}`);
  session.on('error', () => {});
  t.teardown(() => session.destroy());
  const streams = Array.from({ length: 3 }, () => session.request({ ':authority': host, ':path': '/' }));
  for (const stream of streams) stream.on('error', () => {});
  await eventually(() => gateway.router.holds.length === 3);
  streams[0]?.close();
  await eventually(() => gateway.ingress.inFlight === 2);
  session.destroy();
  await eventually(() => gateway.ingress.inFlight === 0);
  t.ok(gateway.router.holds.every(({ signal }) => signal?.aborted));
  t.equal(gateway.ingress.heldBytes, 0);
});

t.test('requests over HTTP/2 and upgrades wait like others', async (t) => {
  const gateway = await startHeld(t);
  const held = gateway.router.held();
  const asked = http2Get(http2Client(t, gateway.http2Port), { ':authority': host, ':method': 'POST' }, 'abc');
  await held;
  await settle(gateway, servedBy(new FakeForward(gateway.upstream)));
  t.match(await asked, { headers: { ':status': 200 }, body: 'served' });

  gateway.router.routes.set('web--pr-1', reconnecting);
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n';
  const raw = await rawUpstream(t, (socket) => socket.once('data', () => socket.write(switching)));
  const heldAgain = gateway.router.held();
  const request = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n`;
  const client = new RawClient(t, gateway.port).send(request);
  await heldAgain;
  await settle(gateway, servedBy(new FakeForward(raw)));
  await client.until('101 Switching Protocols');
});

t.test('what the waiting keep in memory is bounded', async (t) => {
  const gateway = await startHeld(t, { maxHeldBytesPerEnv: 200_000 });
  const upload = `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const held = gateway.router.held();
  new RawClient(t, gateway.port).send(upload);
  await held;
  const second = await new RawClient(t, gateway.port).send(upload).until('\r\n\r\n');
  t.match(second, /^HTTP\/1.1 503 [^]*Porthole-Error: ERR_BUSY[^]*Retry-After: \d/);
  const heldToo = gateway.router.held();
  void get(t, gateway.port, host).catch(() => {});
  await heldToo;
  t.equal(gateway.router.holds.length, 2, 'there is room for a small one');
});

t.test('a tunnel that is lost again before a request was sent: it waits again, whatever it is', async (t) => {
  const gateway = await startHeld(t);
  const held = gateway.router.held();
  const asked = exchangeBytes(t, gateway.port, post);
  await held;
  for (let i = 0; i < 2; i += 1) {
    const flapping = new FakeForward(1);
    const opening = Promise.withResolvers<undefined>();
    flapping.gate = opening.promise;
    const heldAgain = gateway.router.held();
    await settle(gateway, servedBy(flapping));
    await eventually(() => flapping.origins.length === 1);
    t.equal(flapping.load.requests, 1);
    lose(gateway, flapping);
    opening.resolve(undefined);
    await heldAgain;
    t.equal(flapping.load.requests, 0);
  }
  await settle(gateway, servedBy(new FakeForward(gateway.upstream)));
  t.match(parseAnswer(await asked), { status: 200, body: 'served' });
});

t.test('but not time and again', async (t) => {
  const gateway = await startHeld(t);
  const held = gateway.router.held();
  const asked = get(t, gateway.port, host);
  await held;
  for (let i = 0; i < 3; i += 1) {
    const flapping = new FakeForward(1);
    flapping.live = false;
    gateway.router.routes.set('web--pr-1', reconnecting);
    const next = i < 2 ? gateway.router.held() : asked;
    gateway.router.holds.at(-1)?.settle(servedBy(flapping));
    await next;
  }
  t.equal(code(await asked), '503 ERR_ENV_OFFLINE');
  t.equal(gateway.router.holds.length, 3);
});

t.test(
  'a GET that was sent once more on the next tunnel, and lost there too: the truth is told',
  async (t) => {
    const gateway = await startGateway(t);
    const port = await rawUpstream(t, (socket) => socket.once('data', () => lose(gateway, current)));
    let current = new FakeForward(port);
    gateway.router.serve('web--pr-1', current);
    const held = gateway.router.held();
    const asked = get(t, gateway.port, host);
    await held;
    current = new FakeForward(port);
    await settle(gateway, servedBy(current));
    t.equal(code(await asked), '502 ERR_UPSTREAM_LOST');
    t.equal(gateway.counted.retried, 1);
    t.equal(gateway.router.holds.length, 1);
  },
);

t.test('a queue that is full tells a request that was sent that it was', async (t) => {
  const gateway = await startGateway(t);
  const port = await rawUpstream(t, (socket) => socket.once('data', () => lose(gateway, forward)));
  const forward = new FakeForward(port);
  gateway.router.serve('web--pr-1', forward);
  const held = gateway.router.held();
  const asked = get(t, gateway.port, host);
  await held;
  await settle(gateway, 'full');
  t.equal(code(await asked), '502 ERR_UPSTREAM_LOST');
});

t.test('what was sent into a tunnel that had been silent for long has waited already', async (t) => {
  const gateway = await startHeld(t, { holdMs: 10_000 });
  const waits: [silentMs: number, heldMs: number][] = [
    [0, 10_000],
    [4000, 6000],
    [16_000, 2000],
  ];
  for (const [silentMs, heldMs] of waits) {
    const silent = await rawUpstream(t, () => {});
    const forward = new FakeForward(silent);
    gateway.router.routes.set('web--pr-1', servedBy(forward));
    const asked = get(t, gateway.port, host);
    await eventually(() => forward.load.requests === 1 && forward.channels.size === 1);
    const held = gateway.router.held();
    forward.silentMs = silentMs;
    lose(gateway, forward);
    await held;
    t.equal(gateway.router.holds.at(-1)?.ms, heldMs);
    await settle(gateway, servedBy(new FakeForward(gateway.upstream)));
    t.equal((await asked).status, 200);
  }
});
