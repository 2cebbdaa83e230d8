import t from 'tap';
import { type ChannelOpening, takeOpenings } from '../../client/channel-openings.ts';
import { openFailure } from '../../core/channel-opening.ts';
import { ChannelTable } from '../../core/channel-table.ts';
import { maxPacketBytes, receiveWindowBytes } from '../../core/channel.ts';
import type { ChannelOpen } from '../../core/ssh2-protocol.ts';
import { FakeSsh2 } from '../support/fake-ssh2.ts';

function rig() {
  const gateway = new FakeSsh2();
  const table = new ChannelTable(gateway.internals, {
    onViolation: () => undefined,
    onFault: () => undefined,
  });
  const openings: ChannelOpening[] = [];
  takeOpenings(table, { maxChannels: 2, onOpening: (opening) => openings.push(opening) });
  return { gateway, table, openings, handlers: gateway.handlers, protocol: gateway.protocol };
}

const streamlocal = {
  type: 'forwarded-streamlocal@openssh.com',
  sender: 70,
  window: 1000,
  packetSize: 1000,
  data: { socketPath: '/web' },
} as const satisfies ChannelOpen;

t.test('forwards of both kinds are told by their key', async (t) => {
  const { gateway, handlers, protocol, openings } = rig();
  handlers.CHANNEL_OPEN(protocol, streamlocal);
  handlers.CHANNEL_OPEN(protocol, {
    ...streamlocal,
    type: 'forwarded-tcpip',
    data: { destIP: 'web', destPort: 80 },
  });
  t.same(
    openings.map((opening) => opening.forward),
    ['/web', 'web:80'],
  );
  openings[0]?.accept();
  openings[1]?.refuse(openFailure.connectFailed, 'nobody there');
  t.same(gateway.sent, [
    ['channelOpenConfirm', 70, 0, receiveWindowBytes, maxPacketBytes],
    ['channelOpenFail', 70, 2, 'nobody there'],
  ]);
});

t.test('an accepted channel keeps to what the gateway takes', async (t) => {
  const { gateway, handlers, protocol, openings } = rig();
  handlers.CHANNEL_OPEN(protocol, { ...streamlocal, window: 5, packetSize: 3 });
  openings[0]?.accept()?.write('0123456789');
  t.same(
    gateway.sent.slice(1).map(([, id, data]) => [id, String(data)]),
    [
      [70, '012'],
      [70, '34'],
    ],
  );
});

t.test('channels of other types are left to ssh2', async (t) => {
  const { gateway, handlers, protocol, table } = rig();
  handlers.CHANNEL_OPEN(protocol, { ...streamlocal, type: 'x11' });
  handlers.CHANNEL_OPEN(protocol, { ...streamlocal, type: 'auth-agent@openssh.com' });
  t.same(gateway.leftToSsh2, ['CHANNEL_OPEN', 'CHANNEL_OPEN']);
  t.equal(table.size, 0);
});

t.test('over its maximum it refuses, at once', async (t) => {
  const { gateway, handlers, protocol, openings } = rig();
  for (const sender of [70, 71, 72]) handlers.CHANNEL_OPEN(protocol, { ...streamlocal, sender });
  t.equal(openings.length, 2);
  t.same(gateway.sent, [['channelOpenFail', 72, openFailure.resourceShortage, 'too many channels']]);
});

t.test('an opening is answered once', async (t) => {
  const { gateway, handlers, protocol, openings, table } = rig();
  handlers.CHANNEL_OPEN(protocol, streamlocal);
  const [opening] = openings;
  opening?.refuse(openFailure.prohibited, 'no');
  opening?.refuse(openFailure.prohibited, 'no, again');
  t.equal(opening?.accept(), undefined);
  t.equal(gateway.sent.length, 1);
  t.equal(table.size, 0);
  t.equal(gateway.ids.size, 0);
});

t.test(
  'one that the gateway has given up, or that was lost with the connection, is answered no more',
  async (t) => {
    const { gateway, handlers, protocol, openings, table } = rig();
    handlers.CHANNEL_OPEN(protocol, streamlocal);
    handlers.CHANNEL_CLOSE(protocol, 0);
    t.equal(openings[0]?.accept(), undefined);
    handlers.CHANNEL_OPEN(protocol, streamlocal);
    table.abort('gone');
    t.equal(openings[1]?.accept(), undefined);
    openings[1]?.refuse(openFailure.prohibited, 'nobody hears');
    await table.drained;
    t.same(gateway.sent, []);
  },
);
