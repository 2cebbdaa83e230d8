import t from 'tap';
import { ChannelTable } from '../../core/channel-table.ts';
import { SshChannel } from '../../core/channel.ts';
import { SentOpens } from '../../core/sent-opens.ts';
import { FakeSsh2 } from '../support/fake-ssh2.ts';

function setUp(openTimeoutMs = 60_000) {
  const ssh2 = new FakeSsh2();
  const table = new ChannelTable(ssh2.internals, { onViolation: () => undefined, onFault: () => undefined });
  return {
    ssh2,
    table,
    opens: new SentOpens(table, openTimeoutMs),
    ...{ handlers: ssh2.handlers, protocol: ssh2.protocol },
  };
}

t.test('a channel, once the peer has confirmed it', async (t) => {
  const { opens, handlers, protocol } = setUp();
  const ids: number[] = [];
  const opening = opens.open((id) => void ids.push(id));
  handlers.CHANNEL_OPEN_CONFIRMATION(protocol, { recipient: 0, sender: 7, window: 10, packetSize: 32_768 });
  t.ok((await opening) instanceof SshChannel);
  t.same(ids, [0]);
});

t.test('why there is none', async (t) => {
  const { opens, handlers, protocol, table } = setUp();
  const opening = opens.open(() => undefined);
  handlers.CHANNEL_OPEN_FAILURE(protocol, 0, 1, 'pr-1 is offline (ERR_TARGET_OFFLINE)');
  t.same(await opening, { kind: 'prohibited', detail: 'pr-1 is offline (ERR_TARGET_OFFLINE)' });
  const lost = opens.open(() => undefined);
  table.abort('over');
  t.same(await lost, { kind: 'gone' });
  t.same(await opens.open(() => t.fail('nothing is sent')), { kind: 'gone' });
  t.same(await setUp(1).opens.open(() => undefined), { kind: 'timeout' });
});
