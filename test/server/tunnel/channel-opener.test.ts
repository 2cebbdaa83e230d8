import t from 'tap';
import { ChannelTable } from '../../../core/channel-table.ts';
import { receiveWindowBytes, type SshChannel } from '../../../core/channel.ts';
import { ChannelOpener } from '../../../server/tunnel/channel-opener.ts';
import { ChannelOpenError, type ChannelFailure } from '../../../server/tunnel/forward.ts';
import { FakeSsh2 } from '../../support/fake-ssh2.ts';

const origin = { address: '192.0.2.1', port: 40_000 };
const target = { kind: 'tcpip', bindAddr: 'localhost', bindPort: 80 } as const;

/** The far end of an ssh2 connection, which confirms opens. */
class Peer extends FakeSsh2 {
  confirm(
    recipient: number,
    { sender = 100 + recipient, window = 1_000_000, packetSize = 32_768 } = {},
  ): void {
    this.handlers.CHANNEL_OPEN_CONFIRMATION(this.protocol, { recipient, sender, window, packetSize });
  }
}

function makeOpener({ maxChannels = 10, openTimeoutMs = 60_000 } = {}) {
  const peer = new Peer();
  const table = new ChannelTable(peer.internals, { onViolation: () => undefined, onFault: () => undefined });
  const opener = new ChannelOpener(table, { maxChannels, openTimeoutMs });
  return { peer, table, opener, handlers: peer.handlers, protocol: peer.protocol };
}

async function openChannel(made: ReturnType<typeof makeOpener>, id = 0): Promise<SshChannel> {
  const opening = made.opener.open(target, origin);
  made.peer.confirm(id);
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
  const { table, opener, peer } = makeOpener();
  void opener.open({ kind: 'tcpip', bindAddr: 'web-1/api', bindPort: 8080 }, origin).catch(() => undefined);
  void opener.open({ kind: 'streamlocal', socketPath: '/web?access=private' }, origin).catch(() => undefined);
  const [window, packet] = [receiveWindowBytes, 32 * 1024];
  t.same(peer.sent, [
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

t.test('refusals tell their reasons apart, and what the client says is cut', async (t) => {
  const { table, opener, handlers, protocol, peer } = makeOpener();
  const refusals: [number, string][] = [
    [2, 'Connection refused'],
    [1, 'open failed'],
    [4, 'x'.repeat(10_000)],
  ];
  const failures = [];
  for (const [id, [reason, text]] of refusals.entries()) {
    const opening = opener.open(target, origin);
    handlers.CHANNEL_OPEN_FAILURE(protocol, id, reason, text);
    failures.push(await failureOf(opening));
  }
  t.same(failures, [
    { kind: 'refused', detail: 'Connection refused' },
    { kind: 'prohibited', detail: 'open failed' },
    { kind: 'refused', detail: 'x'.repeat(256) },
  ]);
  t.equal(table.size, 0);
  t.equal(peer.ids.size, 0);
});

t.test('an open that is answered by CLOSE has failed too', async (t) => {
  const { table, opener, handlers, protocol } = makeOpener();
  const opening = opener.open(target, origin);
  handlers.CHANNEL_CLOSE(protocol, 0);
  t.match(await failureOf(opening), { kind: 'refused' });
  t.equal(table.size, 0);
});

t.test('an open has a deadline, and a channel that arrives after it is closed and forgotten', async (t) => {
  const { table, opener, handlers, protocol, peer } = makeOpener({ openTimeoutMs: 1 });
  t.same(await failureOf(opener.open(target, origin)), { kind: 'timeout' });
  t.equal(table.size, 1, 'its id is not free yet');
  peer.confirm(0);
  t.same(peer.sent.at(-1), ['channelClose', 100]);
  handlers.CHANNEL_DATA(protocol, 0, Buffer.from('dropped'));
  handlers.CHANNEL_EOF(protocol, 0);
  t.equal(table.bufferedBytes, 0);
  handlers.CHANNEL_CLOSE(protocol, 0);
  t.equal(table.size, 0);
  t.equal(peer.ids.size, 0);
});

t.test('a refusal that arrives after the deadline frees the id', async (t) => {
  const { table, opener, handlers, protocol, peer } = makeOpener({ openTimeoutMs: 1 });
  t.same(await failureOf(opener.open(target, origin)), { kind: 'timeout' });
  handlers.CHANNEL_OPEN_FAILURE(protocol, 0, 2, '');
  t.equal(table.size, 0);
  t.equal(peer.ids.size, 0);
});

t.test('opens that are never answered count, so a mute client holds a bounded number', async (t) => {
  const { table, opener } = makeOpener({ maxChannels: 2, openTimeoutMs: 1 });
  t.same(await failureOf(opener.open(target, origin)), { kind: 'timeout' });
  t.same(await failureOf(opener.open(target, origin)), { kind: 'timeout' });
  t.same(await failureOf(opener.open(target, origin)), { kind: 'limit' });
  t.equal(table.size, 2);
});

t.test('a client that takes tiny packets only gets none', async (t) => {
  const { opener, peer } = makeOpener();
  const opening = opener.open(target, origin);
  peer.confirm(0, { packetSize: 1 });
  t.match(await failureOf(opening), { kind: 'refused' });
  t.same(peer.sent.at(-1), ['channelClose', 100]);
});

t.test('answers for channels that are not ours are left to ssh2', async (t) => {
  const { handlers, protocol, peer } = makeOpener();
  peer.confirm(9);
  handlers.CHANNEL_OPEN_FAILURE(protocol, 9, 1, '');
  t.same(peer.leftToSsh2, ['CHANNEL_OPEN_CONFIRMATION', 'CHANNEL_OPEN_FAILURE']);
});

t.test('answers that were not asked for change nothing', async (t) => {
  const made = makeOpener();
  const { handlers, protocol, peer, table, opener } = made;
  const channel = await openChannel(made);
  peer.confirm(0, { sender: 666 });
  handlers.CHANNEL_OPEN_FAILURE(protocol, 0, 2, '');
  channel.write('x');
  t.same(peer.sent.at(-1), ['channelData', 100, Buffer.from('x')]);
  void opener.open(target, origin).catch(() => undefined);
  handlers.CHANNEL_DATA(protocol, 1, Buffer.from('too early'));
  handlers.CHANNEL_EOF(protocol, 1);
  handlers.CHANNEL_WINDOW_ADJUST(protocol, 1, 5);
  t.equal(table.size, 2);
  table.abort('over');
});

t.test('when the connection is lost every open fails, without another packet', async (t) => {
  const { table, opener, peer } = makeOpener();
  const opening = failureOf(opener.open(target, origin));
  const sentBefore = peer.sent.length;
  table.abort('no sign of life');
  t.same(await opening, { kind: 'gone' });
  t.same(await failureOf(opener.open(target, origin)), { kind: 'gone' });
  t.equal(peer.sent.length, sentBefore);
  t.equal(table.size, 0);
});
