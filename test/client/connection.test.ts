import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { ServerChannel } from 'ssh2';
import t, { type Test } from 'tap';
import type { ChannelOpening } from '../../client/channel-openings.ts';
import { openFailure } from '../../core/channel-opening.ts';
import {
  type ConnectionTimings,
  defaultTimings,
  openConnection,
  type SshConnection,
} from '../../client/connection.ts';
import { Forwarder } from '../../client/forwarder.ts';
import { findIdentities } from '../../client/identity.ts';
import { fixedOffers } from '../../client/offer-source.ts';
import { parseOffers } from '../../client/target.ts';
import { FakeGateway, type FakeGatewayOptions, type FakeTunnel } from './fake-gateway.ts';
import { FakeSurroundings } from './fake-surroundings.ts';
import { localServer } from './local-servers.ts';

interface Setup {
  readonly gateway: FakeGateway;
  readonly connection: SshConnection;
  readonly tunnel: FakeTunnel;
  readonly socket: Socket;
}

interface SetupOptions extends FakeGatewayOptions {
  readonly timings?: Partial<ConnectionTimings>;
  readonly onOpening?: (opening: ChannelOpening) => void;
  readonly maxChannels?: number;
}

const web = { kind: 'streamlocal', socketPath: '/web' } as const;

async function open(
  t: Test,
  options: SetupOptions,
): Promise<{ gateway: FakeGateway; socket: Socket; opened: Awaited<ReturnType<typeof openConnection>> }> {
  const gateway = await FakeGateway.start(t, options);
  const user = new FakeSurroundings(t);
  user.addKey();
  const identities = await findIdentities({
    file: undefined,
    agentSocket: undefined,
    home: user.home,
    ownKeyFile: join(user.home, 'own_key'),
    askPassphrase: undefined,
  });
  const socket = connectTcp(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  t.teardown(() => socket.destroy());
  const opened = await openConnection({
    socket,
    user: 'pr-1',
    identities: identities.ok ? identities.value : [],
    hostKey: { kind: 'pinned', fingerprints: [gateway.fingerprint] },
    maxChannels: options.maxChannels ?? 100,
    onOpening: options.onOpening ?? ((opening) => opening.refuse(openFailure.prohibited, 'no')),
    timings: { ...defaultTimings, ...options.timings },
  });
  return { gateway, socket, opened };
}

async function connected(t: Test, options: SetupOptions = {}): Promise<Setup> {
  const { gateway, socket, opened } = await open(t, options);
  if (opened.kind !== 'open') throw new Error(opened.reason);
  const [tunnel] = gateway.tunnels;
  if (tunnel === undefined) throw new Error('no login');
  t.teardown(() => opened.connection.destroy('the test is over'));
  return { gateway, socket, connection: opened.connection, tunnel };
}

/** A tunnel for `/web` to a service on this machine. */
async function serving(
  t: Test,
  onSocket: (socket: Socket) => void,
): Promise<Setup & { visit: () => Promise<ServerChannel> }> {
  const { port } = await localServer(t, onSocket);
  const offers = parseOffers([`web=${port}`]);
  const forwarder = new Forwarder({
    source: fixedOffers(offers.ok ? offers.value : []),
    connectTimeoutMs: 1000,
    reprobeMs: 10_000,
    onRefused: () => undefined,
    onListening: () => undefined,
  });
  const setup = await connected(t, { onOpening: (opening) => void forwarder.serve(opening) });
  t.equal(await setup.connection.forward(web), 'accepted');
  return { ...setup, visit: () => setup.tunnel.open('/web') };
}

t.test('both kinds of forward are asked for, and cancelled', async (t) => {
  const { connection, tunnel } = await connected(t);
  const tcpip = { kind: 'tcpip', bindAddr: 'web', bindPort: 8080 } as const;
  t.equal(await connection.forward(web), 'accepted');
  t.equal(await connection.forward(tcpip), 'accepted');
  t.same(tunnel.forwards, ['/web', 'web:8080']);
  t.equal(await connection.cancel(web), 'accepted');
  t.equal(await connection.cancel(tcpip), 'accepted');
  t.same(tunnel.cancelled, ['/web', 'web:8080']);
});

t.test('a refused forward is not a lost connection', async (t) => {
  const { connection } = await connected(t, { refusal: () => 'no' });
  t.equal(await connection.forward(web), 'refused');
  connection.destroy('test');
  t.equal(await connection.forward(web), 'lost');
  t.equal(await connection.cancel(web), 'lost');
  t.equal(await connection.run('hello'), undefined);
});

t.test('a gateway that never answers a forward or a command is given up', async (t) => {
  const { connection, gateway } = await connected(t, { mute: true, timings: { answerMs: 20 } });
  t.equal(await connection.run('hello'), undefined);
  t.match(await connection.closed, /did not answer in time/);
  t.equal(gateway.tunnels.length, 1);
});

t.test('a command that goes on gives its lines as they come', async (t) => {
  const long = 'x'.repeat(70_000);
  const answers = { watch: `one\r\ntwo\n${long}\nthree\nunfinished`, ['stop me']: 'never seen\n' };
  const { connection } = await connected(t, { answers });
  const lines: string[] = [];
  await new Promise<void>((resolve) => {
    connection.follow('watch', (line) => {
      lines.push(line);
      if (line === 'three') resolve();
    });
  });
  t.same(lines, ['one', 'two', 'three'], 'a line without an end would be kept for ever');
  connection.follow('stop me', (line) => lines.push(line))();
  await connection.run('hello');
  t.equal(lines.length, 3);
  t.ok((connection.roundTripMs ?? -1) >= 0);
  connection.destroy('test');
  connection.follow('watch', () => t.fail('it is gone'))();
});

t.test('a gateway that falls silent is lost, and its socket destroyed', async (t) => {
  const { connection, tunnel, socket } = await connected(t, {
    timings: { keepaliveMs: 10, keepaliveMisses: 3 },
  });
  tunnel.socket.pause();
  t.match(await connection.closed, /does not answer/);
  t.ok(socket.destroyed);
});

t.test('a login that takes too long is given up', async (t) => {
  const gateway = await localServer(t, (socket) => socket.write('SSH-2.0-silent\r\n'));
  const socket = connectTcp(gateway.port, '127.0.0.1');
  await once(socket, 'connect');
  const opened = await openConnection({
    socket,
    user: 'pr-1',
    identities: [],
    hostKey: { kind: 'proven-by-tls' },
    maxChannels: 1,
    onOpening: () => undefined,
    timings: { ...defaultTimings, handshakeMs: 20 },
  });
  t.match(opened, { kind: 'lost' });
  t.ok(socket.destroyed);
});

t.test('a server that speaks something else is lost, not refused', async (t) => {
  for (const greeting of ['HTTP/1.1 400 Bad Request\r\n\r\n', '\0\0\0\0', '']) {
    const server = await localServer(t, (socket) => socket.end(greeting));
    const socket = connectTcp(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const options = {
      user: 'x',
      identities: [],
      hostKey: { kind: 'proven-by-tls' },
      maxChannels: 1,
      onOpening: () => undefined,
    } as const;
    t.match(await openConnection({ socket, ...options, timings: defaultTimings }), { kind: 'lost' });
  }
});

t.test('a login with no key at all is a refusal', async (t) => {
  const { opened } = await open(t, { admitted: [] });
  t.match(opened, { kind: 'refused', code: 'authentication' });
});

t.test('close() says goodbye, and does not wait for ever', async (t) => {
  const { connection, tunnel, socket } = await connected(t, { timings: { endMs: 20 } });
  tunnel.socket.pause();
  await connection.close();
  t.ok(socket.destroyed);
  await connection.close();
});

t.test('channels', async (t) => {
  await t.test('a refusal carries its reason', async (t) => {
    const { connection, tunnel } = await connected(t, {
      onOpening: (opening) => opening.refuse(openFailure.connectFailed, 'connect ECONNREFUSED'),
    });
    await connection.forward(web);
    await t.rejects(tunnel.open('/web'), { reason: 2, message: /connect ECONNREFUSED$/ });
    await connection.drained;
  });
  await t.test('there is a limit', async (t) => {
    const openings: ChannelOpening[] = [];
    const { connection, tunnel } = await connected(t, {
      maxChannels: 1,
      onOpening: (opening) => void openings.push(opening),
    });
    await connection.forward(web);
    const first = tunnel.open('/web');
    await t.rejects(tunnel.open('/web'), /too many channels/);
    openings[0]?.accept();
    await first;
    t.equal(openings[0]?.accept(), undefined, 'answered once');
    openings[0]?.refuse(openFailure.prohibited, 'answered once');
  });
  await t.test('the answer to a connection that is gone goes nowhere', async (t) => {
    const openings: ChannelOpening[] = [];
    const arrived = Promise.withResolvers<undefined>();
    const { connection, tunnel } = await connected(t, {
      onOpening: (opening) => {
        openings.push(opening);
        arrived.resolve(undefined);
      },
    });
    await connection.forward(web);
    tunnel.open('/web').catch(() => undefined);
    await arrived.promise;
    connection.destroy('test');
    t.equal(openings[0]?.accept(), undefined);
    openings[0]?.refuse(openFailure.prohibited, 'nobody hears');
    await connection.drained;
  });
  await t.test('a name that was never offered is prohibited', async (t) => {
    const { tunnel, visit } = await serving(t, (socket) => socket.end());
    await t.rejects(tunnel.open('/other'), /nothing is offered here/);
    (await visit()).destroy();
  });
});

t.test('half-close is kept both ways', async (t) => {
  const { visit } = await serving(t, (socket) => {
    void buffer(socket).then((question) => socket.end(`answer to ${question.toString()}`));
  });
  const channel = await visit();
  channel.write('the question');
  channel.eof();
  t.equal((await buffer(channel)).toString(), 'answer to the question');
});

t.test('large transfers arrive whole, both ways at once, and leave nothing behind', async (t) => {
  const data = Buffer.from(Uint8Array.from({ length: 6 * 1024 * 1024 }, (_, index) => index * 31));
  const { visit, connection } = await serving(t, (socket) => socket.pipe(socket));
  const channel = await visit();
  const echoed = buffer(channel);
  channel.write(data, () => channel.eof());
  t.ok((await echoed).equals(data));
  channel.close();
  await connection.drained;
});

t.test('an upstream that breaks off is not a clean end', async (t) => {
  const { visit } = await serving(t, (socket) => {
    socket.once('data', () => socket.write('half of', () => socket.resetAndDestroy()));
  });
  const channel = await visit();
  channel.write('question');
  const states: string[] = [];
  channel.on('data', () => undefined);
  // ssh2 tells EOF and CLOSE apart only in its own record of the channel.
  const { incoming } = channel as unknown as { incoming: { state: string } };
  channel.once('end', () => states.push(incoming.state));
  await once(channel, 'close');
  t.same(states, ['closed'], 'CLOSE came without EOF');
});

t.test('a visitor who breaks off resets the upstream', async (t) => {
  const broken = Promise.withResolvers<NodeJS.ErrnoException>();
  const arrived = Promise.withResolvers<undefined>();
  const { visit } = await serving(t, (socket) => {
    socket.on('error', (error) => broken.resolve(error));
    socket.once('data', () => arrived.resolve(undefined));
  });
  const channel = await visit();
  channel.write('half of an upload');
  await arrived.promise;
  channel.close();
  t.match(await broken.promise, { code: 'ECONNRESET' });
});

t.test('a lost connection breaks off what runs', async (t) => {
  const broken = Promise.withResolvers<NodeJS.ErrnoException>();
  const { visit, tunnel, connection } = await serving(t, (socket) =>
    socket.on('error', (error) => broken.resolve(error)),
  );
  await visit();
  tunnel.socket.destroy();
  t.match(await broken.promise, { code: 'ECONNRESET' });
  t.type(await connection.closed, 'string');
});

t.test('a slow upstream holds the visitor back, within a bound', async (t) => {
  const sockets: Socket[] = [];
  const { visit, socket } = await serving(t, (upstream) => sockets.push(upstream.pause()));
  const channel = await visit();
  const flood = Buffer.alloc(64 * 1024 * 1024);
  channel.write(flood, () => channel.eof());
  while (socket.bytesRead < 1024 * 1024) await once(socket, 'data');
  const [upstream] = sockets;
  const received = buffer(upstream!.resume());
  t.equal((await received).length, flood.length, 'and all arrives when it reads on');
});

t.test('a gateway that sends past the window is cut off', async (t) => {
  const { visit, connection, tunnel } = await serving(t, (socket) => socket.pause());
  const channel = await visit();
  const { outgoing } = channel as unknown as { outgoing: { id: number } };
  const { _protocol: protocol } = tunnel.connection as unknown as {
    _protocol: { channelData: (id: number, data: Buffer) => void };
  };
  for (let sent = 0; sent < 24 * 1024 * 1024; sent += 32 * 1024)
    protocol.channelData(outgoing.id, Buffer.alloc(32 * 1024));
  t.match(await connection.closed, /more than its window/);
});
