import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import ssh2, { type Connection } from 'ssh2';
import t, { type Test } from 'tap';
import { takeOpenings } from '../../client/channel-openings.ts';
import { ChannelTable } from '../../core/channel-table.ts';
import { internalsOf } from '../../core/ssh2-protocol.ts';
import { ChannelOpener } from '../../server/tunnel/channel-opener.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { until } from '../support/until.ts';

const origin = { address: '192.0.2.1', port: 40_000 };
const target = { kind: 'tcpip', bindAddr: 'localhost', bindPort: 80 } as const;

interface Side {
  readonly table: ChannelTable;
  readonly violations: string[];
  /** Exchanges of keys that were finished. */
  readonly exchanges: () => number;
  rekey(): void;
}

function sideOf(connection: ssh2.Client | Connection): Side {
  const internals = internalsOf(connection);
  const violations: string[] = [];
  let exchanges = 0;
  internals.onNewKeys(() => (exchanges += 1));
  const table = new ChannelTable(internals, {
    onViolation: (reason) => violations.push(reason),
    onFault: (error) => violations.push(String(error)),
  });
  const rekey = (): void => (internals.protocol as unknown as { rekey(): void }).rekey();
  return { table, violations, exchanges: () => exchanges, rekey };
}

/** An ssh2 server and an ssh2 client that have logged in, with nobody else's code between them. */
async function logIn(t: Test): Promise<{ gateway: Side; machine: Side; sockets: [Socket, Socket] }> {
  const server = new ssh2.Server({ hostKeys: [makeKey(t).privateKey] });
  const listener = createServer((socket) => server.injectSocket(socket.on('error', () => undefined)));
  t.teardown(() => listener.close());
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const connected = once(server, 'connection') as Promise<[Connection]>;
  const near = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  client.connect({ sock: near, username: 'pr-1' });
  const [far] = await accepted;
  t.teardown(() => void far.destroy());
  t.teardown(() => void near.destroy());
  const [connection] = await connected;
  connection.on('error', () => undefined);
  connection.on('authentication', (login) => login.accept());
  await once(client, 'ready');
  return { gateway: sideOf(connection), machine: sideOf(client), sockets: [far, near] };
}

/** One channel, from both ends. */
async function openPair(gateway: Side, machine: Side): Promise<[Duplex, Duplex]> {
  const taken = Promise.withResolvers<Duplex>();
  takeOpenings(machine.table, {
    maxChannels: 10,
    onOpening: (opening) => {
      const channel = opening.accept();
      if (channel !== undefined) taken.resolve(channel);
    },
  });
  const opener = new ChannelOpener(gateway.table, { maxChannels: 10, openTimeoutMs: 10_000 });
  const opened = await opener.open(target, origin);
  return [opened, await taken.promise];
}

t.test('both sides of a connection have the same inside', async (t) => {
  const { gateway, machine, sockets } = await logIn(t);
  const [opened, accepted] = await openPair(gateway, machine);
  opened.end('question');
  t.equal(String(await buffer(accepted)), 'question');
  accepted.end('answer');
  t.equal(String(await buffer(opened)), 'answer');
  await Promise.all([gateway.table.drained, machine.table.drained]);
  t.ok(machine.table.takePacketCount() > 0);
  sockets[0].destroy();
});

/** Unlike an iterator, it does not destroy what is read to its end while it still writes. */
async function everythingOf(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks);
}

t.test('no byte is lost, and none waits without a bound, while new keys are exchanged', async (t) => {
  const { gateway, machine } = await logIn(t);
  const [opened, accepted] = await openPair(gateway, machine);
  const payload = Buffer.alloc(8 * 1024 * 1024, 'ssh2 queues without a bound. ');
  const both = Promise.all([everythingOf(opened), everythingOf(accepted)]);
  opened.end(payload);
  accepted.end(payload);
  machine.rekey();
  t.equal(machine.table.congested, true);
  await until('new keys', () => machine.exchanges() === 1 && gateway.exchanges() === 1);
  gateway.rekey();
  t.equal(gateway.table.congested, true);
  await until('new keys again', () => machine.exchanges() === 2 && gateway.exchanges() === 2);
  for (const received of await both) t.ok(received.equals(payload));
  t.same([...gateway.violations, ...machine.violations], []);
});

t.test('an aborted stream is read up to where it broke off, by a slow reader too', async (t) => {
  const { gateway, machine } = await logIn(t);
  const [opened, accepted] = await openPair(gateway, machine);
  opened.write(Buffer.alloc(300_000, 'half of it'));
  opened.destroy();
  await until('the peer has closed', () => gateway.table.size === 0);
  t.equal(accepted.destroyed, false);
  let received = 0;
  await t.rejects(
    async () => {
      for await (const data of accepted) received += (data as Buffer).length;
    },
    { code: 'ECONNRESET' },
  );
  t.equal(received, 300_000);
  await machine.table.drained;
});

t.test('a lost connection destroys the channels of both sides', async (t) => {
  const { gateway, machine, sockets } = await logIn(t);
  const [opened, accepted] = await openPair(gateway, machine);
  const errors = Promise.all([once(opened, 'error'), once(accepted, 'error')]);
  sockets[0].destroy();
  gateway.table.abort('cut');
  machine.table.abort('cut');
  t.match(await errors, [[{ code: 'ECONNRESET' }], [{ code: 'ECONNRESET' }]]);
});
