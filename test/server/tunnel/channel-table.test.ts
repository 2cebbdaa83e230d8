import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Connection } from 'ssh2';
import t from 'tap';
import { ChannelTable } from '../../../server/tunnel/channel-table.ts';
import { receiveWindowBytes, type TunnelChannel } from '../../../server/tunnel/channel.ts';
import { ChannelOpenError, type ChannelFailure } from '../../../server/tunnel/forward.ts';
import type { MessageHandlers } from '../../../server/tunnel/ssh2-protocol.ts';

const origin = { address: '192.0.2.1', port: 40_000 };
const target = { kind: 'tcpip', bindAddr: 'localhost', bindPort: 80 } as const;

/** ssh2's end of a connection, as far as channels touch it, with what it was asked to send and what it was left to handle. */
class FakeConnection extends EventEmitter {
  readonly sent: unknown[][] = [];
  readonly leftToSsh2: string[] = [];
  readonly ids = new Set<number>();
  readonly socket = new FullSocket();
  readonly _protocol: Record<string, unknown> & { _handlers: MessageHandlers; _onPacket: () => void };
  readonly _chanMgr = {
    add: (): number => {
      const id = this.#nextId;
      this.#nextId += 1;
      this.ids.add(id);
      return id;
    },
    remove: (id: number): boolean => this.ids.delete(id),
  };
  #nextId = 0;

  constructor() {
    super();
    const send =
      (name: string) =>
      (...words: unknown[]): void =>
        void this.sent.push([name, ...words]);
    const leave = (name: string) => (): void => void this.leftToSsh2.push(name);
    this._protocol = {
      ...Object.fromEntries(
        ['channelData', 'channelEOF', 'channelClose', 'channelFailure', 'channelWindowAdjust'].map((name) => [
          name,
          send(name),
        ]),
      ),
      forwardedTcpip: send('forwardedTcpip'),
      openssh_forwardedStreamLocal: send('openssh_forwardedStreamLocal'),
      _kexinit: undefined,
      _onPacket: () => undefined,
      _handlers: Object.fromEntries(
        messages.map((name) => [name, leave(name)]),
      ) as unknown as MessageHandlers,
    };
  }

  get _sock(): Duplex {
    return this.socket;
  }

  get handlers(): MessageHandlers {
    return this._protocol._handlers;
  }

  /** The message arrives. */
  confirm(
    recipient: number,
    { sender = 100 + recipient, window = 1_000_000, packetSize = 32_768 } = {},
  ): void {
    this.handlers.CHANNEL_OPEN_CONFIRMATION(this._protocol as never, {
      recipient,
      sender,
      window,
      packetSize,
    });
  }
}

const messages = [
  'CHANNEL_OPEN_CONFIRMATION',
  'CHANNEL_OPEN_FAILURE',
  'CHANNEL_DATA',
  'CHANNEL_WINDOW_ADJUST',
  'CHANNEL_EOF',
  'CHANNEL_CLOSE',
  'CHANNEL_REQUEST',
];

/** A socket whose unsent bytes the test sets. */
class FullSocket extends Duplex {
  unsent = 0;

  constructor() {
    super({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    Object.defineProperty(this, 'writableLength', { get: () => this.unsent });
  }
}

function makeTable({ maxChannels = 10, openTimeoutMs = 60_000 } = {}) {
  const connection = new FakeConnection();
  const violations: string[] = [];
  const faults: unknown[] = [];
  const table = new ChannelTable(connection as unknown as Connection, {
    maxChannels,
    openTimeoutMs,
    onViolation: (reason) => violations.push(reason),
    onFault: (error) => faults.push(error),
  });
  return {
    connection,
    table,
    violations,
    faults,
    handlers: connection.handlers,
    protocol: connection._protocol as never,
  };
}

async function openChannel(made: ReturnType<typeof makeTable>, id = 0): Promise<TunnelChannel> {
  const opening = made.table.open(target, origin);
  made.connection.confirm(id);
  return opening;
}

async function failureOf(opening: Promise<unknown>): Promise<ChannelFailure | undefined> {
  try {
    await opening;
    return undefined;
  } catch (error) {
    if (!(error instanceof ChannelOpenError)) throw error;
    return error.failure;
  }
}

t.test('the address, port or path is echoed as it was asked for', async (t) => {
  const { table, connection } = makeTable();
  void table.open({ kind: 'tcpip', bindAddr: 'web-1/api', bindPort: 8080 }, origin).catch(() => undefined);
  void table.open({ kind: 'streamlocal', socketPath: '/web?access=private' }, origin).catch(() => undefined);
  const [window, packet] = [receiveWindowBytes, 32 * 1024];
  t.same(connection.sent, [
    [
      'forwardedTcpip',
      0,
      window,
      packet,
      { boundAddr: 'web-1/api', boundPort: 8080, remoteAddr: '192.0.2.1', remotePort: 40_000 },
    ],
    ['openssh_forwardedStreamLocal', 1, window, packet, { socketPath: '/web?access=private' }],
  ]);
  table.abort('over');
});

t.test('a confirmed channel carries bytes both ways until both sides closed', async (t) => {
  const made = makeTable();
  const { connection, handlers, protocol, table } = made;
  const channel = await openChannel(made);
  channel.write('question');
  handlers.CHANNEL_DATA(protocol, 0, Buffer.from('answer'));
  t.equal(String(channel.read()), 'answer');
  t.equal(table.bufferedBytes, 0);
  channel.end();
  handlers.CHANNEL_EOF(protocol, 0);
  channel.resume();
  await new Promise<void>((resolve) => void channel.on('close', resolve));
  t.equal(table.size, 1, 'the peer has not closed yet');
  handlers.CHANNEL_CLOSE(protocol, 0);
  t.equal(table.size, 0);
  t.equal(connection.ids.size, 0);
  t.same(
    connection.sent.slice(1).map(([name, id]) => [name, id]),
    [
      ['channelData', 100],
      ['channelEOF', 100],
      ['channelClose', 100],
    ],
  );
  t.same(connection.leftToSsh2, []);
});

t.test('refusals tell their reasons apart, and what the client says is cut', async (t) => {
  const { table, handlers, protocol, connection } = makeTable();
  const refusals: [number, string][] = [
    [2, 'Connection refused'],
    [1, 'open failed'],
    [4, 'x'.repeat(10_000)],
  ];
  const failures = [];
  for (const [id, [reason, text]] of refusals.entries()) {
    const opening = table.open(target, origin);
    handlers.CHANNEL_OPEN_FAILURE(protocol, id, reason, text);
    failures.push(await failureOf(opening));
  }
  t.same(failures, [
    { kind: 'refused', detail: 'Connection refused' },
    { kind: 'prohibited', detail: 'open failed' },
    { kind: 'refused', detail: 'x'.repeat(256) },
  ]);
  t.equal(table.size, 0);
  t.equal(connection.ids.size, 0);
});

t.test('an open that is answered by CLOSE has failed too', async (t) => {
  const { table, handlers, protocol } = makeTable();
  const opening = table.open(target, origin);
  handlers.CHANNEL_CLOSE(protocol, 0);
  t.match(await failureOf(opening), { kind: 'refused' });
  t.equal(table.size, 0);
});

t.test('an open has a deadline, and a channel that arrives after it is closed and forgotten', async (t) => {
  const { table, handlers, protocol, connection } = makeTable({ openTimeoutMs: 1 });
  t.same(await failureOf(table.open(target, origin)), { kind: 'timeout' });
  t.equal(table.size, 1, 'its id is not free yet');
  connection.confirm(0);
  t.same(connection.sent.at(-1), ['channelClose', 100]);
  handlers.CHANNEL_DATA(protocol, 0, Buffer.from('dropped'));
  handlers.CHANNEL_EOF(protocol, 0);
  t.equal(table.bufferedBytes, 0);
  handlers.CHANNEL_CLOSE(protocol, 0);
  t.equal(table.size, 0);
  t.equal(connection.ids.size, 0);
});

t.test('a refusal that arrives after the deadline frees the id', async (t) => {
  const { table, handlers, protocol, connection } = makeTable({ openTimeoutMs: 1 });
  t.same(await failureOf(table.open(target, origin)), { kind: 'timeout' });
  handlers.CHANNEL_OPEN_FAILURE(protocol, 0, 2, '');
  t.equal(table.size, 0);
  t.equal(connection.ids.size, 0);
});

t.test('opens that are never answered count, so a mute client holds a bounded number', async (t) => {
  const { table } = makeTable({ maxChannels: 2, openTimeoutMs: 1 });
  t.same(await failureOf(table.open(target, origin)), { kind: 'timeout' });
  t.same(await failureOf(table.open(target, origin)), { kind: 'timeout' });
  t.same(await failureOf(table.open(target, origin)), { kind: 'limit' });
  t.equal(table.size, 2);
});

t.test('a client that takes tiny packets only gets none', async (t) => {
  const { table, connection } = makeTable();
  const opening = table.open(target, origin);
  connection.confirm(0, { packetSize: 1 });
  t.match(await failureOf(opening), { kind: 'refused' });
  t.same(connection.sent.at(-1), ['channelClose', 100]);
});

t.test('messages for channels that are not ours are left to ssh2', async (t) => {
  const { handlers, protocol, connection } = makeTable();
  connection.confirm(9);
  handlers.CHANNEL_OPEN_FAILURE(protocol, 9, 1, '');
  handlers.CHANNEL_DATA(protocol, 9, Buffer.from('x'));
  handlers.CHANNEL_WINDOW_ADJUST(protocol, 9, 1);
  handlers.CHANNEL_EOF(protocol, 9);
  handlers.CHANNEL_CLOSE(protocol, 9);
  handlers.CHANNEL_REQUEST(protocol, 9, 'env', false, null);
  t.same(connection.leftToSsh2, messages);
});

t.test('data beyond the window is a violation', async (t) => {
  const made = makeTable();
  await openChannel(made);
  for (let sent = 0; sent < receiveWindowBytes; sent += 32 * 1024) {
    made.handlers.CHANNEL_DATA(made.protocol, 0, Buffer.alloc(32 * 1024));
  }
  t.same(made.violations, []);
  made.handlers.CHANNEL_DATA(made.protocol, 0, Buffer.alloc(1));
  t.equal(made.violations.length, 1);
  t.equal(made.table.bufferedBytes, receiveWindowBytes);
});

t.test('a consumer that throws loses its channel, and nobody else anything', async (t) => {
  const made = makeTable();
  const { handlers, protocol, faults, table } = made;
  const bad = await openChannel(made, 0);
  const good = await openChannel(made, 1);
  bad.on('data', () => {
    throw new Error('a bug in the ingress');
  });
  await nextTurn();
  handlers.CHANNEL_DATA(protocol, 0, Buffer.from('x'));
  t.match(faults, [{ message: 'a bug in the ingress' }]);
  t.equal(bad.destroyed, true);
  handlers.CHANNEL_DATA(protocol, 1, Buffer.from('fine'));
  t.equal(String(good.read()), 'fine');
  t.equal(table.gone, false);
});

t.test('the same where a write calls back', async (t) => {
  const { table, connection, handlers, protocol, faults } = makeTable();
  const opening = table.open(target, origin);
  connection.confirm(0, { window: 0 });
  const bad = await opening;
  bad.write('waits', () => {
    throw new Error('a bug in a callback');
  });
  handlers.CHANNEL_WINDOW_ADJUST(protocol, 0, 100);
  t.match(faults, [{ message: 'a bug in a callback' }]);
  t.equal(bad.destroyed, true);
  t.equal(table.gone, false);
});

t.test('one that throws when all are lost does not spare the others', async (t) => {
  const made = makeTable();
  const opening = made.table.open(target, origin);
  made.connection.confirm(0, { window: 0 });
  const bad = await opening;
  const good = await openChannel(made, 1);
  bad.write('waits', () => {
    throw new Error('a bug in a callback');
  });
  await nextTurn();
  made.table.abort('the connection is lost');
  t.equal(good.destroyed, true);
  t.equal(made.table.size, 0);
});

t.test('writes wait while the SSH socket is full, and go on when it has drained', async (t) => {
  const made = makeTable();
  const { connection } = made;
  const channel = await openChannel(made);
  connection.socket.unsent = 2 * 1024 * 1024;
  channel.write('later');
  t.equal(connection.sent.length, 1, 'only the open');
  connection.socket.unsent = 0;
  connection.socket.emit('drain');
  t.same(connection.sent.at(-1), ['channelData', 100, Buffer.from('later')]);
});

t.test('one that still finds it full waits for its next turn, behind those who waited', async (t) => {
  const made = makeTable();
  const { connection } = made;
  const [first, second] = [await openChannel(made, 0), await openChannel(made, 1)];
  connection.socket.unsent = 2 * 1024 * 1024;
  first.write('1');
  second.write('2');
  connection.socket.emit('drain');
  t.equal(connection.sent.length, 2, 'only the opens');
  connection.socket.unsent = 0;
  connection.socket.emit('drain');
  t.same(
    connection.sent.slice(2).map(([, id]) => id),
    [100, 101],
  );
});

t.test('writes wait during a key exchange: ssh2 would queue them without a bound', async (t) => {
  const made = makeTable();
  const { connection } = made;
  const channel = await openChannel(made);
  connection._protocol['_kexinit'] = Buffer.alloc(1);
  t.equal(made.table.congested, true);
  channel.write('later');
  t.equal(connection.sent.length, 1);
  connection._protocol['_kexinit'] = undefined;
  connection.emit('rekey');
  t.same(connection.sent.at(-1), ['channelData', 100, Buffer.from('later')]);
});

t.test('a peer that asks and asks, and reads no answer, is cut', async (t) => {
  const { connection, violations, table } = makeTable();
  connection._protocol._onPacket();
  t.same(violations, []);
  connection.socket.unsent = 17 * 1024 * 1024;
  connection._protocol._onPacket();
  t.equal(violations.length, 1);
  t.equal(table.takePacketCount(), 2);
  t.equal(table.takePacketCount(), 0);
});

t.test('a channel request that wants an answer gets one', async (t) => {
  const made = makeTable();
  await openChannel(made);
  made.handlers.CHANNEL_REQUEST(made.protocol, 0, 'winadj@putty.projects.tartarus.org', true, null);
  t.same(made.connection.sent.at(-1), ['channelFailure', 100]);
  made.handlers.CHANNEL_REQUEST(made.protocol, 0, 'eow@openssh.com', false, null);
  t.equal(made.connection.sent.length, 2);
});

t.test('answers that were not asked for change nothing', async (t) => {
  const made = makeTable();
  const { handlers, protocol, connection, table } = made;
  const channel = await openChannel(made);
  connection.confirm(0, { sender: 666 });
  handlers.CHANNEL_OPEN_FAILURE(protocol, 0, 2, '');
  channel.write('x');
  t.same(connection.sent.at(-1), ['channelData', 100, Buffer.from('x')]);
  void table.open(target, origin).catch(() => undefined);
  handlers.CHANNEL_DATA(protocol, 1, Buffer.from('too early'));
  handlers.CHANNEL_EOF(protocol, 1);
  handlers.CHANNEL_WINDOW_ADJUST(protocol, 1, 5);
  t.equal(table.size, 2);
  table.abort('over');
});

t.test(
  'when the connection is lost every open fails and every channel is destroyed, without another packet',
  async (t) => {
    const made = makeTable();
    const { table, connection } = made;
    const channel = await openChannel(made);
    const errors: unknown[] = [];
    channel.on('error', (error) => errors.push(error));
    const opening = failureOf(table.open(target, origin));
    const sentBefore = connection.sent.length;
    table.abort('no sign of life');
    table.abort('again');
    t.same(await opening, { kind: 'gone' });
    t.same(await failureOf(table.open(target, origin)), { kind: 'gone' });
    await new Promise<void>((resolve) => void channel.on('close', resolve));
    t.match(errors, [{ code: 'ECONNRESET', tunnelGone: true, message: 'no sign of life' }]);
    t.equal(connection.sent.length, sentBefore);
    t.equal(table.size, 0);
    t.equal(table.bufferedBytes, 0);
  },
);
