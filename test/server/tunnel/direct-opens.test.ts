import t from 'tap';
import { ChannelTable } from '../../../core/channel-table.ts';
import type { ChannelOpen } from '../../../core/ssh2-protocol.ts';
import { takeDirectOpens, type DirectOpen } from '../../../server/tunnel/direct-opens.ts';
import { FakeSsh2 } from '../../support/fake-ssh2.ts';

const direct = {
  type: 'direct-tcpip',
  sender: 70,
  window: 1 << 20,
  packetSize: 32_768,
  data: { destIP: 'pr-1', destPort: 22, srcIP: '127.0.0.1', srcPort: 65_535 },
} as const satisfies ChannelOpen;

function rig({ serves = true, maxChannels = 2 } = {}) {
  const client = new FakeSsh2();
  const table = new ChannelTable(client.internals, {
    onViolation: () => undefined,
    onFault: () => undefined,
  });
  const opens: DirectOpen[] = [];
  takeDirectOpens(table, { maxChannels, onOpen: serves ? (open) => opens.push(open) : undefined });
  const ask = (info: ChannelOpen): void => client.handlers.CHANNEL_OPEN(client.protocol, info);
  return { client, table, opens, ask };
}

t.test('what a client asks for, and where it says that it is', async (t) => {
  const { client, opens, ask } = rig();
  ask(direct);
  t.match(opens, [{ host: 'pr-1', port: 22, from: { address: '127.0.0.1', port: 65_535 } }]);
  t.same(client.sent, [], 'it waits for its answer');
});

t.test('sessions are left to ssh2', async (t) => {
  const { client, ask } = rig();
  ask({ type: 'session', sender: 70, window: 1, packetSize: 1 });
  t.same(client.leftToSsh2, ['CHANNEL_OPEN']);
});

t.test('all else is refused with a reason', async (t) => {
  const { client, opens, ask, table } = rig();
  ask({ ...direct, packetSize: 1 });
  ask({ ...direct, type: 'direct-streamlocal@openssh.com', data: { socketPath: '/run/docker.sock' } });
  for (const type of ['x11', 'auth-agent@openssh.com'] as const) ask({ ...direct, type });
  ask({ ...direct, type: 'forwarded-tcpip' });
  ask({ ...direct, type: 'tun@openssh.com' as never });
  t.match(
    client.sent,
    [1, 1, 1, 1, 1, 3].map((code) => ['channelOpenFail', 70, code, /^[\x20-\x7e]{10,}$/]),
  );
  t.same([opens.length, table.size], [0, 0]);
});

t.test('what is not answered yet counts among the channels', async (t) => {
  const { client, opens, ask } = rig();
  for (const sender of [70, 71, 72]) ask({ ...direct, sender });
  t.equal(opens.length, 2);
  t.match(client.sent, [['channelOpenFail', 72, 4, /ERR_LIMIT/]]);
});

t.test('where nobody serves, nobody is led through', async (t) => {
  const { client, ask } = rig({ serves: false });
  ask(direct);
  t.match(client.sent, [['channelOpenFail', 70, 1, /nobody/]]);
});
