import t from 'tap';
import { DirectChannels, openProblem } from '../../client/direct-channel.ts';
import { ChannelTable } from '../../core/channel-table.ts';
import { receiveWindowBytes, SshChannel } from '../../core/channel.ts';
import { FakeSsh2 } from '../support/fake-ssh2.ts';

t.test('what is asked for, and for whom', async (t) => {
  const ssh2 = new FakeSsh2();
  const table = new ChannelTable(ssh2.internals, { onViolation: () => undefined, onFault: () => undefined });
  const channels = new DirectChannels(table);
  const opening = channels.open({ host: 'db.pr-1', port: 5432 });
  void channels.open({ host: 'x', port: 1, origin: { address: '::1', port: 7 } });
  t.match(ssh2.sent, [
    [
      ...['directTcpip', 0, receiveWindowBytes, 32 * 1024],
      { dstIP: 'db.pr-1', dstPort: 5432, srcIP: '127.0.0.1', srcPort: 65_535 },
    ],
    ['directTcpip', 1, receiveWindowBytes, 32 * 1024, { srcIP: '::1', srcPort: 7 }],
  ]);
  ssh2.handlers.CHANNEL_OPEN_CONFIRMATION(ssh2.protocol, {
    recipient: 0,
    sender: 9,
    window: 1,
    packetSize: 32_768,
  });
  t.ok((await opening) instanceof SshChannel);
  table.abort('over');
});

t.test('why there is none, in one line', (t) => {
  t.equal(openProblem({ kind: 'prohibited', detail: 'not you' }), 'not you');
  t.match(openProblem({ kind: 'refused', detail: '' }), /without a reason/);
  t.match(openProblem({ kind: 'timeout' }), /in time/);
  t.match(openProblem({ kind: 'gone' }), /lost/);
  t.end();
});
