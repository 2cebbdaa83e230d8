import t from 'tap';
import { openFailure, ReceivedOpen } from '../../core/channel-opening.ts';
import { ChannelTable } from '../../core/channel-table.ts';
import { maxPacketBytes, receiveWindowBytes } from '../../core/channel.ts';
import { FakeSsh2 } from '../support/fake-ssh2.ts';

function received() {
  const peer = new FakeSsh2();
  const table = new ChannelTable(peer.internals, { onViolation: () => undefined, onFault: () => undefined });
  const open = new ReceivedOpen(table, { type: 'session', sender: 70, window: 5, packetSize: 2000 });
  return { peer, table, open };
}

t.test('an open that is accepted is a channel, and is answered once', async (t) => {
  const { peer, table, open } = received();
  t.equal(table.size, 1, 'it has its place before it is answered');
  open.accept()?.write('0123456789');
  t.equal(open.accept(), undefined);
  open.refuse(openFailure.prohibited, 'no');
  t.same(peer.sent, [
    ['channelOpenConfirm', 70, 0, receiveWindowBytes, maxPacketBytes],
    ['channelData', 70, Buffer.from('01234')],
  ]);
});

t.test('an open that is refused leaves its place', async (t) => {
  const { peer, table, open } = received();
  open.refuse(openFailure.resourceShortage, 'too many');
  t.equal(open.accept(), undefined);
  t.same(peer.sent, [['channelOpenFail', 70, 4, 'too many']]);
  t.equal(table.size, 0);
  t.notOk(open.abandoned.aborted);
});

t.test('one whose connection is lost is abandoned', async (t) => {
  const { peer, table, open } = received();
  let told = 0;
  open.abandoned.addEventListener('abort', () => (told += 1));
  table.abort('the client disconnected');
  t.equal(told, 1);
  t.equal(open.accept(), undefined);
  open.refuse(openFailure.prohibited, 'no');
  t.same(peer.sent, []);
});
