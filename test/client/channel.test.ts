import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import t from 'tap';
import {
  type ChannelCarrier,
  ForwardedChannel,
  maxPacketBytes,
  receiveWindowBytes,
} from '../../client/channel.ts';

/** A connection that only writes down what it is asked to send. */
class Wire implements ChannelCarrier {
  gone = false;
  congested = false;
  readonly sent: (['data', Buffer] | ['eof'] | ['close'] | ['window', number])[] = [];
  readonly parked: ForwardedChannel[] = [];
  readonly closed: ForwardedChannel[] = [];
  readonly protocol = {
    channelData: (_id: number, data: Buffer): void => void this.sent.push(['data', data]),
    channelEOF: (): void => void this.sent.push(['eof']),
    channelClose: (): void => void this.sent.push(['close']),
    channelWindowAdjust: (_id: number, bytes: number): void => void this.sent.push(['window', bytes]),
  };

  park(channel: ForwardedChannel): void {
    this.parked.push(channel);
  }

  closing(channel: ForwardedChannel): void {
    this.closed.push(channel);
  }

  get names(): string[] {
    return this.sent.map(([name]) => name);
  }

  get bytes(): number {
    return this.sent.reduce((sum, message) => sum + (message[0] === 'data' ? message[1].length : 0), 0);
  }
}

function open(sendWindow = receiveWindowBytes): { wire: Wire; channel: ForwardedChannel } {
  const wire = new Wire();
  const channel = new ForwardedChannel(wire, {
    localId: 1,
    remoteId: 7,
    sendWindow,
    remotePacketBytes: 1024 * 1024,
  });
  return { wire, channel };
}

/** What the write calls back with. */
function writeOf(channel: ForwardedChannel, text: string): Promise<Error | null | undefined> {
  return new Promise((resolve) => {
    channel.write(text, resolve);
  });
}

t.test('end() is EOF; CLOSE comes when both directions are done', async (t) => {
  const { wire, channel } = open();
  const closed = once(channel, 'close');
  channel.end('question');
  await once(channel, 'finish');
  t.same(wire.names, ['data', 'eof']);
  channel.receive(Buffer.from('answer'));
  channel.receiveEof();
  t.equal((await buffer(channel)).toString(), 'answer');
  await closed;
  t.same(wire.names, ['data', 'eof', 'close']);
});

t.test('destroy() is CLOSE without EOF: the peer can tell that it was cut', async (t) => {
  const { wire, channel } = open();
  channel.write('half of');
  channel.destroy();
  await once(channel, 'close');
  t.same(wire.names, ['data', 'close']);
});

t.test('CLOSE without EOF is a cut stream', async (t) => {
  const { wire, channel } = open();
  channel.receive(Buffer.from('half of'));
  const failed = once(channel, 'error');
  channel.receiveClose();
  const [error] = (await failed) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNRESET');
  t.same(wire.names, ['close']);
});

t.test('CLOSE after EOF is a whole stream', async (t) => {
  const { channel } = open();
  channel.receive(Buffer.from('all of it'));
  channel.receiveEof();
  channel.receiveClose();
  t.equal((await buffer(channel)).toString(), 'all of it');
});

t.test('a write that waits when the channel is closed calls back', async (t) => {
  const { channel } = open(4);
  const written = writeOf(channel, 'longer than the window');
  channel.receiveEof();
  channel.receiveClose();
  t.match(await written, { code: 'ECONNRESET' });
});

t.test('writes keep to the window and the packet size of the peer', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 30 }),
      (sizes, windows) => {
        const { wire, channel } = open(0);
        for (const size of sizes) channel.write(Buffer.alloc(size, 'x'));
        let granted = 0;
        for (const window of windows) {
          channel.receiveWindow(window);
          granted += window;
          if (wire.bytes > granted) return false;
        }
        const wanted = sizes.reduce((sum, size) => sum + size, 0);
        const whole = wire.sent.every(
          (message) => message[0] !== 'data' || message[1].length <= maxPacketBytes,
        );
        channel.destroy();
        return whole && wire.bytes === Math.min(granted, wanted);
      },
    ),
  );
});

t.test('a peer that sends past its window is caught before it is buffered', async (t) => {
  const { channel } = open();
  const packet = Buffer.alloc(maxPacketBytes);
  for (let sent = 0; sent < receiveWindowBytes; sent += packet.length) t.ok(channel.receive(packet));
  t.equal(channel.receive(Buffer.alloc(1)), false);
  t.ok(channel.readableLength <= receiveWindowBytes);
});

t.test('the window is granted anew as the reader reads, and not before', async (t) => {
  const { wire, channel } = open();
  const packet = Buffer.alloc(maxPacketBytes);
  for (let sent = 0; sent < receiveWindowBytes; sent += packet.length) channel.receive(packet);
  t.same(wire.names, [], 'nobody reads');
  channel.resume();
  await once(channel, 'data');
  while (channel.readableLength > 0) await once(channel, 'data');
  t.ok(channel.receive(packet), 'there is room again');
  const granted = wire.sent.reduce((sum, message) => sum + (message[0] === 'window' ? message[1] : 0), 0);
  t.ok(granted > receiveWindowBytes / 2 && granted <= receiveWindowBytes + packet.length);
});

t.test('a full SSH socket holds writers back', async (t) => {
  const { wire, channel } = open();
  wire.congested = true;
  channel.write('wait');
  t.same(wire.names, []);
  t.same(wire.parked, [channel]);
  wire.congested = false;
  channel.resumeWrites();
  t.same(wire.names, ['data']);
});

t.test('nothing is sent on a connection that is gone', async (t) => {
  const { wire, channel } = open();
  wire.gone = true;
  const written = writeOf(channel, 'too late');
  t.match(await written, { code: 'ECONNRESET' });
  channel.destroy();
  channel.receiveEof();
  channel.receiveClose();
  t.same(wire.sent, []);
});

t.test('what arrives late is dropped', async (t) => {
  const { wire, channel } = open();
  channel.receiveEof();
  t.ok(channel.receive(Buffer.from('after the end')));
  t.equal((await buffer(channel)).length, 0);
  channel.destroy();
  t.ok(channel.receive(Buffer.from('after the end')));
  channel.receiveWindow(5);
  t.notOk(wire.names.includes('window'));
});
