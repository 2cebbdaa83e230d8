import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { ChannelTable, type Opening } from '../../core/channel-table.ts';
import { receiveWindowBytes, type SshChannel } from '../../core/channel.ts';
import { FakeSsh2 } from '../support/fake-ssh2.ts';

const ignored: Opening = { failed: () => undefined };

function makeTable() {
  const ssh2 = new FakeSsh2();
  const violations: string[] = [];
  const faults: unknown[] = [];
  const table = new ChannelTable(ssh2.internals, {
    onViolation: (reason) => violations.push(reason),
    onFault: (error) => faults.push(error),
  });
  return { ssh2, table, violations, faults, handlers: ssh2.handlers, protocol: ssh2.protocol };
}

function begin({ table }: ReturnType<typeof makeTable>, sendWindow = 1_000_000): SshChannel {
  const localId = table.reserve(ignored);
  return table.begin({ localId, remoteId: 100 + localId, sendWindow, remotePacketBytes: 32_768 });
}

t.test('a channel carries bytes both ways until both sides closed', async (t) => {
  const made = makeTable();
  const { ssh2, handlers, protocol, table } = made;
  const channel = begin(made);
  channel.write('question');
  handlers.CHANNEL_DATA(protocol, 0, Buffer.from('answer'));
  t.equal(table.bufferedBytes, 6);
  t.equal(String(channel.read()), 'answer');
  t.equal(table.bufferedBytes, 0);
  channel.end();
  handlers.CHANNEL_EOF(protocol, 0);
  channel.resume();
  await new Promise<void>((resolve) => void channel.on('close', resolve));
  t.equal(table.size, 1, 'the peer has not closed yet');
  handlers.CHANNEL_CLOSE(protocol, 0);
  t.equal(table.size, 0);
  t.equal(ssh2.ids.size, 0);
  t.same(
    ssh2.sent.map(([name, id]) => [name, id]),
    [
      ['channelData', 100],
      ['channelEOF', 100],
      ['channelClose', 100],
    ],
  );
  t.same(ssh2.leftToSsh2, []);
});

t.test('messages for channels that are not ours are left to ssh2', async (t) => {
  const { handlers, protocol, ssh2, table } = makeTable();
  handlers.CHANNEL_DATA(protocol, 9, Buffer.from('x'));
  handlers.CHANNEL_WINDOW_ADJUST(protocol, 9, 1);
  handlers.CHANNEL_EOF(protocol, 9);
  handlers.CHANNEL_CLOSE(protocol, 9);
  handlers.CHANNEL_REQUEST(protocol, 9, 'env', false, null);
  t.same(ssh2.leftToSsh2, [
    'CHANNEL_DATA',
    'CHANNEL_WINDOW_ADJUST',
    'CHANNEL_EOF',
    'CHANNEL_CLOSE',
    'CHANNEL_REQUEST',
  ]);
  t.equal(table.size, 0);
});

t.test('messages for a channel that is not open yet, or no more, are dropped', async (t) => {
  const { handlers, protocol, ssh2, table, violations } = makeTable();
  const localId = table.reserve(ignored);
  const sendAll = (): void => {
    handlers.CHANNEL_DATA(protocol, 0, Buffer.from('early or late'));
    handlers.CHANNEL_EOF(protocol, 0);
    handlers.CHANNEL_WINDOW_ADJUST(protocol, 0, 5);
    handlers.CHANNEL_REQUEST(protocol, 0, 'env', true, null);
  };
  sendAll();
  const channel = table.begin({ localId, remoteId: 100, sendWindow: 10, remotePacketBytes: 32_768 });
  channel.destroy();
  sendAll();
  t.equal(table.size, 1, 'its id is not free until the peer has closed it');
  t.equal(table.bufferedBytes, 0);
  handlers.CHANNEL_CLOSE(protocol, 0);
  t.equal(table.size, 0);
  t.equal(ssh2.ids.size, 0);
  t.same(ssh2.sent, [['channelClose', 100]]);
  t.same(ssh2.leftToSsh2, []);
  t.same(violations, []);
});

t.test('an open that the peer closes, or that is lost, has failed', async (t) => {
  const { handlers, protocol, table, ssh2 } = makeTable();
  const failures: string[] = [];
  const opening: Opening = { failed: (by) => failures.push(by) };
  table.reserve(opening);
  table.reserve(opening);
  table.abandon(table.reserve(opening));
  handlers.CHANNEL_CLOSE(protocol, 0);
  t.same(failures, ['close']);
  t.equal(ssh2.ids.has(0), false);
  table.abort('no sign of life');
  t.same(failures, ['close', 'loss'], 'nobody waits for the third');
});

t.test('drained is told when the last channel is closed on both sides', async (t) => {
  const made = makeTable();
  const { handlers, protocol, table } = made;
  let isDrained = false;
  const channel = begin(made);
  table.reserve(ignored);
  void table.drained.then(() => (isDrained = true));
  channel.destroy();
  handlers.CHANNEL_CLOSE(protocol, 0);
  await nextTurn();
  t.equal(isDrained, false);
  table.forget(1);
  await table.drained;
  t.equal(table.size, 0);
  await makeTable().table.drained;
});

t.test('what the peer closed still counts until it is read, also when the connection is lost', async (t) => {
  const made = makeTable();
  const { handlers, protocol, table, ssh2 } = made;
  let isDrained = false;
  const [whole, cut] = [begin(made), begin(made)];
  void table.drained.then(() => (isDrained = true));
  for (const id of [0, 1]) handlers.CHANNEL_DATA(protocol, id, Buffer.alloc(40_000));
  handlers.CHANNEL_EOF(protocol, 0);
  for (const id of [0, 1]) handlers.CHANNEL_CLOSE(protocol, id);
  t.equal(ssh2.ids.size, 0, 'their ids are free');
  t.equal(table.size, 2);
  t.equal(table.bufferedBytes, 80_000);
  table.abort('no sign of life');
  t.equal((await buffer(whole)).length, 40_000);
  t.equal(table.size, 1);
  t.equal(isDrained, false);
  cut.destroy();
  await table.drained;
  t.equal(table.bufferedBytes, 0);
});

t.test('data beyond the window is a violation', async (t) => {
  const made = makeTable();
  begin(made);
  for (let sent = 0; sent < receiveWindowBytes; sent += 32 * 1024) {
    made.handlers.CHANNEL_DATA(made.protocol, 0, Buffer.alloc(32 * 1024));
  }
  t.same(made.violations, []);
  made.handlers.CHANNEL_DATA(made.protocol, 0, Buffer.alloc(1));
  t.same(made.violations, ['the peer sent more than its window']);
  t.equal(made.table.bufferedBytes, receiveWindowBytes);
});

t.test('a consumer that throws loses its channel, and nobody else anything', async (t) => {
  const made = makeTable();
  const { handlers, protocol, faults, table } = made;
  const [bad, good] = [begin(made), begin(made)];
  bad.on('data', () => {
    throw new Error('a bug in the consumer');
  });
  await nextTurn();
  handlers.CHANNEL_DATA(protocol, 0, Buffer.from('x'));
  t.match(faults, [{ message: 'a bug in the consumer' }]);
  t.equal(bad.destroyed, true);
  handlers.CHANNEL_DATA(protocol, 1, Buffer.from('fine'));
  t.equal(String(good.read()), 'fine');
  t.equal(table.gone, false);
});

t.test('the same where a write calls back', async (t) => {
  const made = makeTable();
  const { handlers, protocol, faults, table } = made;
  const bad = begin(made, 0);
  bad.write('waits', () => {
    throw new Error('a bug in a callback');
  });
  handlers.CHANNEL_WINDOW_ADJUST(protocol, 0, 100);
  t.match(faults, [{ message: 'a bug in a callback' }]);
  t.equal(bad.destroyed, true);
  t.equal(table.gone, false);
});

t.test('the same where the packet cannot be written', async (t) => {
  const made = makeTable();
  const { ssh2, faults } = made;
  const [first, second] = [begin(made), begin(made)];
  ssh2.socket.unsentBytes = 2 * 1024 * 1024;
  first.write('x');
  ssh2.sendFails = true;
  ssh2.socket.unsentBytes = 0;
  ssh2.socket.emit('drain');
  t.match(faults, [{ message: 'the packet writer failed' }]);
  t.equal(first.destroyed, true);
  t.equal(second.destroyed, false);
});

t.test('one that throws when all are lost does not spare the others', async (t) => {
  const made = makeTable();
  const bad = begin(made, 0);
  const good = begin(made);
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
  const { ssh2 } = made;
  const channel = begin(made);
  ssh2.socket.unsentBytes = 2 * 1024 * 1024;
  channel.write('later');
  t.same(ssh2.sent, []);
  ssh2.socket.unsentBytes = 0;
  ssh2.socket.emit('drain');
  t.same(ssh2.sent, [['channelData', 100, Buffer.from('later')]]);
});

t.test('one that still finds it full waits for its next turn, behind those who waited', async (t) => {
  const made = makeTable();
  const { ssh2 } = made;
  const [first, second] = [begin(made), begin(made)];
  ssh2.socket.unsentBytes = 2 * 1024 * 1024;
  first.write('1');
  second.write('2');
  ssh2.socket.emit('drain');
  t.same(ssh2.sent, []);
  ssh2.socket.unsentBytes = 0;
  ssh2.socket.emit('drain');
  t.same(
    ssh2.sent.map(([, id]) => id),
    [100, 101],
  );
});

t.test('writes wait during a key exchange: ssh2 would queue them without a bound', async (t) => {
  const made = makeTable();
  const { ssh2, table } = made;
  const channel = begin(made);
  ssh2.startExchange();
  t.equal(table.congested, true);
  channel.write('later');
  t.same(ssh2.sent, []);
  ssh2.newKeys();
  t.same(ssh2.sent, [['channelData', 100, Buffer.from('later')]]);
});

t.test('a peer that asks and asks, and reads no answer, is cut', async (t) => {
  const { ssh2, violations, table } = makeTable();
  ssh2.protocol._onPacket();
  t.same(violations, []);
  ssh2.socket.unsentBytes = 17 * 1024 * 1024;
  ssh2.protocol._onPacket();
  t.equal(violations.length, 1);
  t.equal(table.takePacketCount(), 2);
  t.equal(table.takePacketCount(), 0);
});

t.test('a channel request that wants an answer gets one', async (t) => {
  const made = makeTable();
  begin(made);
  made.handlers.CHANNEL_REQUEST(made.protocol, 0, 'winadj@putty.projects.tartarus.org', true, null);
  t.same(made.ssh2.sent, [['channelFailure', 100]]);
  made.handlers.CHANNEL_REQUEST(made.protocol, 0, 'eow@openssh.com', false, null);
  t.equal(made.ssh2.sent.length, 1);
});

t.test('when the connection is lost every channel is destroyed, without another packet', async (t) => {
  const made = makeTable();
  const { table, ssh2 } = made;
  const channel = begin(made);
  const errors: unknown[] = [];
  channel.on('error', (error) => errors.push(error));
  const closed = new Promise<void>((resolve) => void channel.on('close', resolve));
  table.abort('no sign of life');
  table.abort('again');
  await table.drained;
  await closed;
  t.match(errors, [{ code: 'ECONNRESET', message: 'no sign of life' }]);
  t.same(ssh2.sent, []);
  t.equal(table.size, 0);
  t.equal(table.bufferedBytes, 0);
});
