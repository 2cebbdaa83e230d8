import { PassThrough } from 'node:stream';
import t from 'tap';
import { type ChannelOpening, ChannelTable, openFailure } from '../../client/channel-table.ts';
import type { ForwardedChannel } from '../../client/channel.ts';
import type { ChannelOpen, MessageHandlers, SshProtocol } from '../../client/ssh2-protocol.ts';

interface Rig {
  readonly table: ChannelTable;
  readonly handlers: MessageHandlers;
  readonly protocol: SshProtocol;
  readonly openings: ChannelOpening[];
  /** Messages sent, and those that ssh2 got to handle itself. */
  readonly sent: string[];
  readonly passedOn: string[];
  readonly violations: string[];
  readonly socket: PassThrough & { unsentBytes: number };
  sendFails: boolean;
}

/** An SSH socket whose fill the test sets. */
function fillableSocket(): Rig['socket'] {
  const socket = Object.assign(new PassThrough(), { unsentBytes: 0 });
  return Object.defineProperty(socket, 'writableLength', { get: () => socket.unsentBytes });
}

function rig(): Rig {
  const sent: string[] = [];
  const passedOn: string[] = [];
  const violations: string[] = [];
  const openings: ChannelOpening[] = [];
  const names = ['CHANNEL_OPEN', 'CHANNEL_DATA', 'CHANNEL_WINDOW_ADJUST', 'CHANNEL_EOF', 'CHANNEL_CLOSE'];
  const handlers = Object.fromEntries(
    names.map((name) => [name, () => void passedOn.push(name)]),
  ) as unknown as MessageHandlers;
  const protocol: SshProtocol = {
    channelOpenConfirm: (remote, local) => void sent.push(`confirm ${remote} ${local}`),
    channelOpenFail: (remote, reason, text) => void sent.push(`fail ${remote} ${reason} ${text}`),
    channelData: (remote, data) => {
      if (made.sendFails) throw new Error('the packet writer failed');
      sent.push(`data ${remote} ${data.toString()}`);
    },
    channelEOF: (remote) => void sent.push(`eof ${remote}`),
    channelClose: (remote) => void sent.push(`close ${remote}`),
    channelWindowAdjust: (remote, bytes) => void sent.push(`window ${remote} ${bytes}`),
    _handlers: handlers,
  };
  let nextId = 0;
  const ids = { add: () => nextId++, remove: () => undefined };
  const socket = fillableSocket();
  const table = new ChannelTable({ protocol, ids, ping: () => undefined }, socket, {
    maxChannels: 2,
    onOpening: (opening) => openings.push(opening),
    onViolation: (reason) => violations.push(reason),
  });
  const made: Rig = {
    table,
    handlers,
    protocol,
    openings,
    sent,
    passedOn,
    violations,
    socket,
    sendFails: false,
  };
  return made;
}

const streamlocal = {
  type: 'forwarded-streamlocal@openssh.com',
  sender: 70,
  window: 1000,
  packetSize: 1000,
  data: { socketPath: '/web' },
} as const satisfies ChannelOpen;

function accepted({ handlers, openings, protocol }: Rig, open: ChannelOpen = streamlocal): ForwardedChannel {
  handlers.CHANNEL_OPEN(protocol, open);
  const channel = openings.at(-1)?.accept();
  if (channel === undefined) throw new Error('not accepted');
  return channel;
}

t.test('forwards of both kinds are told by their key', async (t) => {
  const made = rig();
  made.handlers.CHANNEL_OPEN(made.protocol, streamlocal);
  made.handlers.CHANNEL_OPEN(made.protocol, {
    ...streamlocal,
    type: 'forwarded-tcpip',
    data: { destIP: 'web', destPort: 80 },
  });
  t.same(
    made.openings.map((opening) => opening.forward),
    ['/web', 'web:80'],
  );
  made.openings[0]?.accept();
  made.openings[1]?.refuse(openFailure.connectFailed, 'nobody there');
  t.same(made.sent, ['confirm 70 0', 'fail 70 2 nobody there']);
});

t.test("what is not ours is left to ssh2: other types, and ssh2's own channels", async (t) => {
  const made = rig();
  made.handlers.CHANNEL_OPEN(made.protocol, { ...streamlocal, type: 'x11' });
  made.handlers.CHANNEL_DATA(made.protocol, 99, Buffer.from('x'));
  made.handlers.CHANNEL_WINDOW_ADJUST(made.protocol, 99, 1);
  made.handlers.CHANNEL_EOF(made.protocol, 99);
  made.handlers.CHANNEL_CLOSE(made.protocol, 99);
  t.same(made.passedOn, [
    'CHANNEL_OPEN',
    'CHANNEL_DATA',
    'CHANNEL_WINDOW_ADJUST',
    'CHANNEL_EOF',
    'CHANNEL_CLOSE',
  ]);
  t.equal(made.table.size, 0);
});

t.test('data for a channel that is not open yet, or no more, is dropped', async (t) => {
  const made = rig();
  made.handlers.CHANNEL_OPEN(made.protocol, streamlocal);
  made.handlers.CHANNEL_DATA(made.protocol, 0, Buffer.from('early'));
  const channel = made.openings[0]?.accept();
  channel?.destroy();
  made.handlers.CHANNEL_DATA(made.protocol, 0, Buffer.from('late'));
  t.equal(made.table.size, 1, 'its number is not free until the peer has closed it');
  made.handlers.CHANNEL_CLOSE(made.protocol, 0);
  t.equal(made.table.size, 0);
  await made.table.drained;
  t.same(made.passedOn, []);
  t.same(made.violations, []);
});

t.test('a full SSH socket holds channels back until it has drained', async (t) => {
  const made = rig();
  const channel = accepted(made);
  made.socket.unsentBytes = 2 * 1024 * 1024;
  channel.write('wait');
  t.same(made.sent, ['confirm 70 0']);
  made.socket.unsentBytes = 0;
  made.socket.emit('drain');
  t.same(made.sent, ['confirm 70 0', 'data 70 wait']);
});

t.test('a failure in one channel ends that channel and no other', async (t) => {
  const made = rig();
  const [first, second] = [accepted(made), accepted(made)];
  made.socket.unsentBytes = 2 * 1024 * 1024;
  first.write('x');
  made.sendFails = true;
  made.socket.unsentBytes = 0;
  made.socket.emit('drain');
  t.ok(first.destroyed);
  t.notOk(second.destroyed);
});

t.test('a peer that sends past its window is reported', async (t) => {
  const made = rig();
  accepted(made);
  for (let index = 0; index <= 64; index++)
    made.handlers.CHANNEL_DATA(made.protocol, 0, Buffer.alloc(32 * 1024));
  t.same(made.violations, ['the gateway sent more than its window']);
});

t.test('when the connection is gone every channel is, without another packet', async (t) => {
  const made = rig();
  const channel = accepted(made);
  made.handlers.CHANNEL_OPEN(made.protocol, streamlocal);
  const sent = made.sent.length;
  made.table.abort('gone');
  made.table.abort('twice');
  t.ok(channel.destroyed);
  made.openings[1]?.accept();
  await made.table.drained;
  t.equal(made.sent.length, sent);
});
