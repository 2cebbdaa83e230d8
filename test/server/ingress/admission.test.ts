import { createServer } from 'node:http';
import t from 'tap';
import type { AccessDecision, AccessRequest } from '../../../server/access/decision.ts';
import { allow, FakeDoorkeeper, turnAway } from './fake-doorkeeper.ts';
import { FakeForward } from './fake-forward.ts';
import { environmentView } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { exchangeBytes, get, parseAnswer, RawClient } from './raw-client.ts';
import type { ParsedAnswer } from './raw-client.ts';
import { eventually, listen } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';
const authorization = `Authorization: Basic ${btoa('ann:secret')}\r\n`;

/** Lets in whoever shows something, once that was checked. */
class SlowDoorkeeper extends FakeDoorkeeper {
  readonly proofs: ((found: 'good' | 'nothing') => void)[] = [];
  proven = false;

  constructor() {
    super();
    this.rule = (request) => (request.place.access === 'public' ? undefined : this.#slow(request));
  }

  #slow(request: AccessRequest): AccessDecision {
    if (request.authorization === undefined) return turnAway(request);
    if (this.proven) return allow({ via: 'password', spends: 'authorization' });
    return { kind: 'prove', prove: () => this.#prove() };
  }

  #prove(): Promise<void> {
    return new Promise((resolve) => {
      this.proofs.push((found) => {
        this.proven = found === 'good';
        resolve();
      });
    });
  }
}

interface Setting {
  readonly gateway: Gateway;
  readonly doorkeeper: SlowDoorkeeper;
  readonly seen: string[];
  readonly port: number;
}

async function start(t: Teardown, options: GatewayOptions = {}): Promise<Setting> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.headers.authorization ?? '-'}`);
    request.resume().on('end', () => response.end('served'));
  });
  const doorkeeper = new SlowDoorkeeper();
  const gateway = await startGateway(t, { ...options, deps: { ...options.deps, doorkeeper } });
  const port = await listen(t, server);
  gateway.router.serve('web--pr-1', new FakeForward(port, { access: 'private' }));
  return { gateway, doorkeeper, seen, port };
}

const code = ({ status, headers }: ParsedAnswer): string =>
  `${String(status)} ${headers['porthole-error'] ?? ''}`.trim();

t.test('what takes its time is waited for, and spent', async (t) => {
  const { gateway, doorkeeper, seen } = await start(t);
  const bytes = `POST / HTTP/1.1\r\nHost: ${host}\r\n${authorization}Content-Length: 5\r\nConnection: close\r\n\r\nhello`;
  const answer = exchangeBytes(t, gateway.port, bytes);
  await eventually(() => doorkeeper.proofs.length === 1);
  t.equal(gateway.ingress.inFlight, 1);
  doorkeeper.proofs[0]?.('good');
  t.match(parseAnswer(await answer), { status: 200, body: 'served' });
  t.same(seen, ['POST -'], 'the app is not told the password');
  t.match(await gateway.over(1), [{ via: 'password', bytesIn: 5 }]);
});

t.test('once: what is not proven then is refused', async (t) => {
  const { gateway, doorkeeper, seen } = await start(t);
  const answer = get(t, gateway.port, host, { headers: authorization });
  await eventually(() => doorkeeper.proofs.length === 1);
  doorkeeper.proofs[0]?.('nothing');
  t.equal(code(await answer), '503 ERR_BUSY');
  t.equal(doorkeeper.proofs.length, 1);
  t.same(seen, []);
});

t.test('by what is true then: the env may have come, gone or passed to somebody else', async (t) => {
  const { gateway, doorkeeper } = await start(t);
  const answer = get(t, gateway.port, host, { headers: authorization });
  await eventually(() => doorkeeper.proofs.length === 1);
  gateway.router.routes.set('web--pr-1', {
    ...{ kind: 'offline', state: 'offline', sinceMs: 0 },
    route: { env: 'pr-1', service: 'web', port: undefined },
    environment: environmentView({ owner: 'bob', access: 'private' }),
  });
  doorkeeper.proofs[0]?.('good');
  t.equal(code(await answer), '503 ERR_ENV_OFFLINE');
  t.equal(doorkeeper.asked.at(-1)?.place.owner, 'bob');
});

t.test('who leaves is forgotten, and makes room', async (t) => {
  const { gateway, doorkeeper } = await start(t);
  const bytes = `GET / HTTP/1.1\r\nHost: ${host}\r\n${authorization}\r\n`;
  const clients = Array.from({ length: 128 }, () => new RawClient(t, gateway.port).send(bytes));
  await eventually(() => doorkeeper.proofs.length === 128);
  t.equal(code(await get(t, gateway.port, host, { headers: authorization })), '503 ERR_BUSY');
  for (const client of clients) client.socket.destroy();
  await eventually(() => gateway.ingress.inFlight === 0);
  const asked = doorkeeper.asked.length;
  for (const settle of doorkeeper.proofs) settle('nothing');
  const again = get(t, gateway.port, host, { headers: authorization });
  await eventually(() => doorkeeper.proofs.length === 129);
  doorkeeper.proofs[128]?.('good');
  t.equal(code(await again), '200');
  t.equal(doorkeeper.asked.length, asked + 2, 'nobody is asked for those who left');
});

t.test('upgrades wait in the same way, and get a whole answer', async (t) => {
  const { gateway, doorkeeper } = await start(t);
  const bytes = `GET / HTTP/1.1\r\nHost: ${host}\r\n${authorization}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const answer = exchangeBytes(t, gateway.port, bytes);
  await eventually(() => doorkeeper.proofs.length === 1);
  doorkeeper.rule = (request) => turnAway(request);
  doorkeeper.proofs[0]?.('nothing');
  t.match(parseAnswer(await answer), {
    status: 401,
    headers: { 'www-authenticate': /Basic/, 'content-type': /json/, connection: 'close' },
  });
});

t.test('what was spent stays here when it turns out not to have been needed', async (t) => {
  const { gateway, doorkeeper, seen, port } = await start(t);
  doorkeeper.proven = true;
  const refusing = new FakeForward(port, { access: 'private' });
  refusing.failure = { kind: 'refused', detail: '' };
  gateway.router.serve('web--pr-1', refusing, new FakeForward(port, { access: 'public' }));
  t.equal(code(await get(t, gateway.port, host, { headers: authorization })), '200');
  t.same(seen, ['GET -'], 'the retry went to a forward that is public');
});

t.test("what is not for the gateway is the app's own", async (t) => {
  const { gateway, seen } = await start(t);
  gateway.doorkeeper.rule = () => allow();
  const doorkeeper = new FakeDoorkeeper();
  doorkeeper.rule = () => allow({ via: 'session' });
  const other = await startGateway(t, { deps: { doorkeeper } });
  other.router.routes.set('web--pr-1', gateway.router.resolve(host));
  t.equal(code(await get(t, other.port, host, { headers: authorization })), '200');
  t.same(seen, [`GET Basic ${btoa('ann:secret')}`]);
});

t.test('those who may enter may be sent elsewhere first', async (t) => {
  const { gateway, doorkeeper, seen } = await start(t);
  const detour = { location: 'https://preview.test/_porthole/login?to=web--pr-1', setCookies: ['a=1'] };
  doorkeeper.rule = () => allow({ detour });
  t.match(await get(t, gateway.port, host, { headers: 'Accept: text/html\r\n' }), {
    status: 303,
    headers: { location: detour.location, 'set-cookie': 'a=1', 'cache-control': 'no-store' },
  });
  t.same(seen, []);
});

t.test('the doorkeeper is told an address that can be believed', async (t) => {
  const { gateway, doorkeeper } = await start(t);
  const forwarded = 'X-Forwarded-For: 203.0.113.9\r\n';
  await get(t, gateway.port, host, { headers: forwarded });
  t.match(doorkeeper.asked.at(-1)?.address, /127\.0\.0\.1$/);
  const trusting = await start(t, { trusted: ['127.0.0.1', '::ffff:127.0.0.1'] });
  await get(t, trusting.gateway.port, host, { headers: forwarded });
  t.equal(trusting.doorkeeper.asked.at(-1)?.address, '203.0.113.9');
});
