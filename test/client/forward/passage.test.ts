import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import type { TcpipRequestInfo } from 'ssh2';
import { openGateSession, type GateSession } from '../../../client/forward/gate-session.ts';
import { Passage } from '../../../client/forward/passage.ts';
import { gatewayAccess } from '../../../client/commands/gateway-flags.ts';
import { FakeGateway, type FakeTunnel } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

interface World {
  readonly session: GateSession;
  readonly tunnel: FakeTunnel;
  readonly told: string[];
  readonly passage: Passage;
  /** A connection that goes by the passage. */
  readonly dial: () => Promise<Socket>;
}

async function setUp(t: Test, { waitMs = 0, isAway = false } = {}): Promise<World> {
  const gateway = await FakeGateway.start(t);
  const user = new FakeSurroundings(t);
  user.addKey();
  const flags = { server: `ssh://127.0.0.1:${String(gateway.port)}`, hostKey: [gateway.fingerprint] };
  const access = await gatewayAccess(flags, 'default', user);
  if (!access.ok) throw new Error(access.outcome.kind);
  const opened = await openGateSession(access.value, new AbortController().signal);
  if (opened.kind !== 'open') throw new Error(opened.reason);
  const { session } = opened;
  t.teardown(() => session.close());
  const [tunnel] = gateway.tunnels;
  if (tunnel === undefined) throw new Error('unreachable');
  const told: string[] = [];
  const passage = new Passage({
    ...{ host: 'db.pr-1', port: 5432, waitMs },
    onRefused: (reason) => void told.push(reason),
    onThrough: () => void told.push('through'),
  });
  if (!isAway) passage.use(session.connection);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined);
    void passage.carry(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const dial = async (): Promise<Socket> => {
    const socket = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    socket.on('error', () => undefined);
    t.teardown(() => void socket.destroy());
    await new Promise((resolve) => void socket.once('connect', resolve).once('close', resolve));
    return socket;
  };
  return { session, tunnel, told, passage, dial };
}

function closed(socket: Socket): Promise<unknown> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => void socket.resume().once('close', resolve));
}

/** Answers each channel with all that it was sent, when that has ended. */
function echo({ tunnel }: World): TcpipRequestInfo[] {
  const asked: TcpipRequestInfo[] = [];
  tunnel.connection.on('tcpip', (accept, _reject, info) => {
    asked.push(info);
    const channel = accept();
    void text(channel).then((all) => {
      channel.write(`got ${all}`);
      channel.exit(0);
      channel.end();
    });
  });
  return asked;
}

t.test('bytes go both ways, and the end of one is not the end of the other', async (t) => {
  const world = await setUp(t);
  const asked = echo(world);
  const socket = await world.dial();
  const { localPort: srcPort } = socket;
  socket.end('question');
  t.equal(await text(socket), 'got question');
  t.match(asked, [{ destIP: 'db.pr-1', destPort: 5432, srcIP: '127.0.0.1', srcPort }]);
  t.same(world.told, []);
});

t.test('a refusal is told once, and resets; so is that it is over', async (t) => {
  const world = await setUp(t);
  world.tunnel.connection.on('tcpip', (_accept, reject) => reject());
  await closed(await world.dial());
  await closed(await world.dial());
  t.equal(world.told.length, 1);
  world.tunnel.connection.removeAllListeners('tcpip');
  echo(world);
  const socket = await world.dial();
  socket.end('x');
  t.equal(await text(socket), 'got x');
  t.same(world.told.slice(1), ['through']);
});

t.test('a gateway that is away is waited for, but not for ever', async (t) => {
  const world = await setUp(t, { waitMs: 60_000, isAway: true });
  echo(world);
  const socket = await world.dial();
  socket.end('x');
  world.passage.use(undefined);
  const isHere = new Promise((resolve) => void setImmediate(resolve));
  await isHere;
  world.passage.use(world.session.connection);
  t.equal(await text(socket), 'got x');
  const impatient = await setUp(t, { waitMs: 5, isAway: true });
  await closed(await impatient.dial());
  t.same(impatient.told, ['the gateway is away']);
});

t.test('a connection that is lost is told, and the login is over', async (t) => {
  const world = await setUp(t);
  world.tunnel.socket.destroy();
  t.match(await world.session.closed, { kind: 'lost' });
  await closed(await world.dial());
  t.same(world.told, ['the connection to the gateway is lost']);
});

t.test('a gateway that asks for another connection', async (t) => {
  const world = await setUp(t);
  world.tunnel.drain(1234);
  t.equal(await world.session.draining, 1234);
});
