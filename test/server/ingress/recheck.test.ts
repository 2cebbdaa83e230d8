import { once } from 'node:events';
import { createServer } from 'node:http';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import type { AccessDecision, AccessRequest } from '../../../server/access/decision.ts';
import type { Exchange } from '../../../server/ingress/exchange.ts';
import { Recheck } from '../../../server/ingress/recheck.ts';
import { allow, FakeDoorkeeper, goodCookie, goodPass, turnAway } from './fake-doorkeeper.ts';
import { FakeForward } from './fake-forward.ts';
import { FakeRouter } from './fake-router.ts';
import { startGateway } from './gateway.ts';
import type { Gateway } from './gateway.ts';
import { http2Client } from './http2-client.ts';
import { RawClient } from './raw-client.ts';
import { eventually, listen } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const host = 'web--pr-1.preview.test';
const withdrawn = (request: AccessRequest): AccessDecision => turnAway(request);

interface Setting {
  readonly gateway: Gateway;
  readonly forward: FakeForward;
}

/** An app that keeps everything open: sockets, downloads, uploads. */
async function start(t: Teardown, access: 'private' | 'public' = 'private'): Promise<Setting> {
  const server = createServer((request, response) => {
    request.resume();
    response.write('begun');
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.send('hello'));
  t.teardown(() => {
    server.closeAllConnections();
    for (const socket of sockets.clients) socket.terminate();
  });
  const gateway = await startGateway(t);
  const forward = new FakeForward(await listen(t, server), { access });
  gateway.router.serve('web--pr-1', forward);
  return { gateway, forward };
}

async function openSocket(gateway: Gateway, headers: Record<string, string>): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${String(gateway.port)}/`, { headers: { host, ...headers } });
  socket.on('error', () => {});
  await once(socket, 'message');
  return socket;
}

const ended = ({ lines }: Gateway): unknown[] => lines.filter(({ msg }) => msg === 'access withdrawn');

t.test('what goes on ends when access is withdrawn; what of others goes on stays', async (t) => {
  const { gateway, forward } = await start(t);
  const kept = await openSocket(gateway, { 'porthole-share': goodPass });
  const socket = await openSocket(gateway, { cookie: `__Host-porthole_session=${goodPass}` });
  const download = new RawClient(t, gateway.port).send(
    `GET / HTTP/1.1\r\nHost: ${host}\r\n${goodCookie}\r\n`,
  );
  const upload = new RawClient(t, gateway.port).send(
    `POST / HTTP/1.1\r\nHost: ${host}\r\n${goodCookie}Content-Length: 100\r\n\r\nbegun`,
  );
  const session = http2Client(t, gateway.http2Port);
  const stream = session.request({ ':authority': host, cookie: `__Host-porthole_session=${goodPass}` });
  stream.on('error', () => {});
  await Promise.all([download.until('begun'), upload.until('begun'), once(stream, 'data')]);
  t.equal(gateway.ingress.inFlight, 5);
  gateway.doorkeeper.rule = (request) => (request.cookie === undefined ? undefined : withdrawn(request));
  gateway.doorkeeper.change();
  const reset = new Promise<void>((resolve) => void stream.once('close', resolve));
  await Promise.all([once(socket, 'close'), download.end(), upload.end(), reset]);
  t.not(stream.rstCode, 0, 'a download that was cut is not taken for complete');
  await eventually(() => gateway.ingress.inFlight === 1 && forward.channels.size === 1);
  t.equal(kept.readyState, WebSocket.OPEN);
  t.equal(ended(gateway).length, 4);
  t.match(ended(gateway), [{ env: 'pr-1', via: 'session', requestId: /./, remote: /127/ }]);
  kept.terminate();
});

t.test('by what is true now of what was asked for: it may have become private', async (t) => {
  const { gateway, forward } = await start(t, 'public');
  const socket = await openSocket(gateway, {});
  const closed = once(socket, 'close');
  gateway.ingress.recheck();
  await eventually(() => gateway.doorkeeper.asked.length >= 2);
  t.equal(socket.readyState, WebSocket.OPEN);
  gateway.router.serve('web--pr-1', new FakeForward(1, { access: 'private' }));
  gateway.ingress.recheck();
  await closed;
  await eventually(() => forward.channels.size === 0);
});

t.test('while nothing is there it goes on as before', async (t) => {
  const { gateway } = await start(t, 'public');
  const socket = await openSocket(gateway, {});
  gateway.router.routes.delete('web--pr-1');
  gateway.ingress.recheck();
  await eventually(() => gateway.doorkeeper.asked.length >= 2);
  t.equal(gateway.doorkeeper.asked.at(-1)?.place.access, 'public');
  t.equal(socket.readyState, WebSocket.OPEN);
  socket.terminate();
});

/** Only what the recheck asks of an exchange. */
class FakeExchange {
  readonly id = 'id-1';
  readonly remote = '203.0.113.9';
  readonly subject = { env: 'pr-1' };
  readonly head = { host, path: '/', method: 'GET', context: {}, accept: '', upgrade: undefined };
  readonly admitted = { place: { env: 'pr-1', access: 'private' }, via: 'password' };
  over = false;
  goesOn = true;

  end(): void {
    this.over = true;
  }
}

interface Rounds {
  readonly doorkeeper: FakeDoorkeeper;
  readonly exchange: FakeExchange;
  readonly lines: unknown[];
  /** One round of questions, to its end. */
  readonly round: () => Promise<void>;
}

function rounds(t: Teardown, exchanges: readonly FakeExchange[] = [new FakeExchange()]): Rounds {
  const doorkeeper = new FakeDoorkeeper();
  const lines: unknown[] = [];
  const log = {
    info: (...line: unknown[]) => void lines.push(line),
    error: (...line: unknown[]) => void lines.push(line),
  };
  const recheck = new Recheck({
    deps: { doorkeeper, router: new FakeRouter(), log: log as never },
    live: new Set(exchanges) as unknown as Set<Exchange>,
    everyMs: 1_000_000,
  });
  t.teardown(() => recheck.close());
  const round = async (): Promise<void> => {
    const before = doorkeeper.asked.length;
    recheck.request();
    await eventually(() => doorkeeper.asked.length > before || exchanges.every(({ over }) => over));
    await new Promise(setImmediate);
  };
  return { doorkeeper, exchange: exchanges[0]!, lines, round };
}

t.test('what must be checked again is, and goes on while it can', async (t) => {
  const { doorkeeper, exchange, round } = rounds(t);
  let proven = 0;
  doorkeeper.rule = () => {
    if (proven > 0) return allow();
    return { kind: 'prove', prove: async () => void (proven += 1) };
  };
  await round();
  await eventually(() => proven === 1);
  await round();
  t.equal(exchange.over, false);
});

t.test('what cannot be told for long is no longer allowed', async (t) => {
  const kinds: AccessDecision[] = [
    { kind: 'limited', retryAfterSeconds: 1 },
    { kind: 'prove', prove: () => Promise.resolve() },
    { kind: 'prove', prove: () => Promise.reject(new Error('broken')) },
  ];
  for (const decision of kinds) {
    const { doorkeeper, exchange, round } = rounds(t);
    doorkeeper.rule = () => decision;
    await round();
    t.equal(exchange.over, false, `${decision.kind}: once says nothing`);
    await round();
    await round();
    t.equal(exchange.over, true, decision.kind);
  }
});

t.test('and what is proven wrong is not either', async (t) => {
  const { doorkeeper, exchange, round } = rounds(t);
  doorkeeper.rule = () => ({
    kind: 'prove',
    prove: async () => {
      doorkeeper.rule = withdrawn;
    },
  });
  await round();
  await eventually(() => exchange.over);
});

t.test('a decision that fails is none', async (t) => {
  const { doorkeeper, exchange, lines, round } = rounds(t);
  doorkeeper.rule = () => {
    throw new Error('broken');
  };
  await round();
  t.equal(exchange.over, true);
  t.match(lines, [
    [{ err: Error }, /./],
    [{ requestId: 'id-1' }, 'access withdrawn'],
  ]);
});

t.test('what cannot be ended does not keep the others from it', async (t) => {
  const stubborn = new FakeExchange();
  stubborn.end = () => {
    throw new Error('broken');
  };
  const { doorkeeper, lines, round } = rounds(t, [stubborn, new FakeExchange()]);
  doorkeeper.rule = withdrawn;
  await round();
  await eventually(() => lines.length === 3);
  t.match(lines[1], [{ err: Error, requestId: 'id-1' }, /could not be ended/]);
});

t.test('thousands are asked about in turns, and changes that come together once', async (t) => {
  const exchanges = Array.from({ length: 1000 }, () => new FakeExchange());
  exchanges[1]!.over = true;
  exchanges[2]!.goesOn = false;
  const { doorkeeper, round } = rounds(t, exchanges);
  doorkeeper.rule = () => allow();
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (doorkeeper.asked.length < 998) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all([round(), round(), round()]);
  await eventually(() => doorkeeper.asked.length >= 998);
  t.ok(turns > 10, 'others had their turn');
  t.equal(doorkeeper.asked.length, 998, 'each once');
});

t.test('the clock asks too', async (t) => {
  const doorkeeper = new FakeDoorkeeper();
  const exchange = new FakeExchange();
  const log = { info: () => {} };
  const recheck = new Recheck({
    deps: { doorkeeper, router: new FakeRouter(), log: log as never },
    live: new Set([exchange]) as unknown as Set<Exchange>,
    everyMs: 5,
  });
  t.teardown(() => recheck.close());
  await eventually(() => exchange.over);
});
