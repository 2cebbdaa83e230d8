import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import t from 'tap';
import { maxPacketBytes, receiveWindowBytes, SshChannel, type ChannelCarrier } from '../../core/channel.ts';
import { withTimerByHand } from '../support/timer-by-hand.ts';

/** A connection that writes down what it is asked to send. */
class Recorder implements ChannelCarrier {
  readonly sent: string[] = [];
  readonly data: Buffer[] = [];
  readonly parked = new Set<SshChannel>();
  granted = 0;
  gone = false;
  congested = false;
  readonly protocol = {
    channelData: (_id: number, data: Buffer) => {
      this.data.push(Buffer.from(data));
      this.sent.push(`data ${data.length}`);
    },
    channelEOF: () => void this.sent.push('eof'),
    channelClose: () => void this.sent.push('close'),
    channelFailure: () => void this.sent.push('failure'),
    channelWindowAdjust: (_id: number, bytes: number) => {
      this.granted += bytes;
    },
  };

  park(channel: SshChannel): void {
    this.parked.add(channel);
  }

  closing(channel: SshChannel): void {
    this.parked.delete(channel);
  }
}

function open({ window = 1_000_000, packetBytes = 32_768 } = {}): {
  carrier: Recorder;
  channel: SshChannel;
} {
  const carrier = new Recorder();
  const channel = new SshChannel(carrier, {
    localId: 3,
    remoteId: 7,
    sendWindow: window,
    remotePacketBytes: packetBytes,
  });
  return { carrier, channel };
}

/** Unlike `once`, it does not mind an error before. */
function closeOf(channel: SshChannel): Promise<void> {
  return new Promise((resolve) => void channel.on('close', resolve));
}

/** Writes, and gives what the callback is called with; 'waits' while it is not. */
function write(channel: SshChannel, data: Buffer): { result: Error | 'done' | 'waits' } {
  const state: { result: Error | 'done' | 'waits' } = { result: 'waits' };
  channel.write(data, (error) => {
    state.result = error ?? 'done';
  });
  return state;
}

t.test('writes go out in packets that the peer takes', async (t) => {
  const { carrier, channel } = open({ packetBytes: 2000 });
  const written = write(channel, Buffer.from('x'.repeat(4500)));
  await nextTurn();
  t.equal(written.result, 'done');
  t.same(carrier.sent, ['data 2000', 'data 2000', 'data 500']);
});

t.test('no packet is larger than what we would take ourselves', async (t) => {
  const { carrier, channel } = open({ packetBytes: 2 ** 32 - 1 });
  channel.write(Buffer.alloc(40_000));
  t.same(carrier.sent, ['data 32768', 'data 7232']);
});

t.test('writes wait for the window of the peer, and no byte goes beyond it', async (t) => {
  const { carrier, channel } = open({ window: 10 });
  const written = write(channel, Buffer.from('0123456789abcdef'));
  await nextTurn();
  t.equal(written.result, 'waits');
  channel.receiveWindow(4);
  channel.receiveWindow(1);
  await nextTurn();
  t.equal(written.result, 'waits');
  channel.receiveWindow(100);
  await nextTurn();
  t.equal(written.result, 'done');
  t.equal(Buffer.concat(carrier.data).toString(), '0123456789abcdef');
  t.same(carrier.sent, ['data 10', 'data 4', 'data 1', 'data 1']);
});

t.test('writes keep to the window and the packet size of the peer, and all is sent that may be', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 30 }),
      (sizes, windows) => {
        const { carrier, channel } = open({ window: 0, packetBytes: 2 ** 20 });
        const sent = (): number => carrier.data.reduce((sum, data) => sum + data.length, 0);
        for (const size of sizes) channel.write(Buffer.alloc(size, 'x'));
        let granted = 0;
        for (const window of windows) {
          channel.receiveWindow(window);
          granted += window;
          if (sent() > granted) return false;
        }
        const wanted = sizes.reduce((sum, size) => sum + size, 0);
        channel.destroy();
        return (
          carrier.data.every((data) => data.length <= maxPacketBytes) && sent() === Math.min(granted, wanted)
        );
      },
    ),
  );
  t.end();
});

t.test('writes wait while the connection is congested', async (t) => {
  const { carrier, channel } = open();
  carrier.congested = true;
  const written = write(channel, Buffer.from('later'));
  await nextTurn();
  t.same(carrier.sent, []);
  t.ok(carrier.parked.has(channel), 'it asked to be woken');
  carrier.congested = false;
  channel.resumeWrites();
  await nextTurn();
  t.same(carrier.sent, ['data 5']);
  t.equal(written.result, 'done');
});

t.test(
  'end() is a half-close: the answer still arrives, and CLOSE comes when both sides are done',
  async (t) => {
    const { carrier, channel } = open();
    channel.end('question');
    await nextTurn();
    t.same(carrier.sent, ['data 8', 'eof']);
    channel.receive(Buffer.from('a late answer'));
    channel.receiveEof();
    const closed = closeOf(channel);
    t.equal((await buffer(channel)).toString(), 'a late answer');
    await closed;
    t.same(carrier.sent, ['data 8', 'eof', 'close']);
  },
);

t.test('the end of the peer is no end of ours', async (t) => {
  const { carrier, channel } = open();
  channel.receiveEof();
  channel.resume();
  await once(channel, 'end');
  t.equal(channel.destroyed, false);
  channel.end('still talking');
  await closeOf(channel);
  t.same(carrier.sent, ['data 13', 'eof', 'close']);
});

t.test('destroy() is CLOSE without EOF: the peer can tell that it was cut', async (t) => {
  const { carrier, channel } = open();
  channel.write('half of');
  channel.destroy();
  await closeOf(channel);
  t.same(carrier.sent, ['data 7', 'close']);
});

t.test('CLOSE after EOF is a whole stream', async (t) => {
  const { channel } = open();
  channel.receive(Buffer.from('all of it'));
  channel.receiveEof();
  channel.receiveClose();
  t.equal((await buffer(channel)).toString(), 'all of it');
});

t.test('data beyond the window is refused, and not kept', async (t) => {
  const { channel } = open();
  t.equal(channel.receive(Buffer.alloc(receiveWindowBytes)), true);
  t.equal(channel.receive(Buffer.alloc(1)), false);
  t.equal(channel.bufferedBytes, receiveWindowBytes);
});

t.test('what is granted never exceeds the window by what is unread', (t) => {
  const steps = fc.array(
    fc.record({ receive: fc.integer({ min: 0, max: 60_000 }), read: fc.integer({ min: 0, max: 200_000 }) }),
    { maxLength: 100 },
  );
  fc.assert(
    fc.property(steps, (steps) => {
      const { carrier, channel } = open();
      let received = 0;
      for (const step of steps) {
        const room = receiveWindowBytes + carrier.granted - received;
        const bytes = Math.min(step.receive, room);
        if (!channel.receive(Buffer.alloc(bytes))) return false;
        received += bytes;
        channel.read(Math.min(step.read, channel.readableLength));
        const outstanding = receiveWindowBytes + carrier.granted - received;
        if (outstanding + channel.bufferedBytes > receiveWindowBytes) return false;
      }
      channel.destroy();
      return true;
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('a reader gets every byte in order, however the packets come and whenever it pauses', async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 32_768 })), {
    minLength: 1,
    maxLength: 80,
  });
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), async (sizes, slowly) => {
      const { channel } = open();
      const sent: Buffer[] = [];
      for (const [index, size] of sizes.entries()) {
        const data = Buffer.alloc(size, index);
        if (!channel.receive(data)) break;
        sent.push(data);
      }
      channel.receiveEof();
      const got: Buffer[] = [];
      for await (const data of channel) {
        got.push(data as Buffer);
        if (slowly) await nextTurn();
      }
      return Buffer.concat(got).equals(Buffer.concat(sent));
    }),
    { numRuns: 50 },
  );
});

t.test("read again, a window's worth is granted anew", async (t) => {
  const { carrier, channel } = open();
  for (let i = 0; i < 60; i += 1) channel.receive(Buffer.alloc(32 * 1024));
  t.equal(carrier.granted, 0, 'nothing is granted to a stalled reader');
  channel.resume();
  while (channel.bufferedBytes > 0) await nextTurn();
  t.ok(carrier.granted > receiveWindowBytes * 0.9, `${carrier.granted} bytes were granted`);
});

t.test('a stalled reader of tiny packets costs memory by the byte, not by the packet', async (t) => {
  const { channel } = open();
  const packet = Buffer.alloc(1);
  for (let i = 0; i < 1_000_000; i += 1) channel.receive(packet);
  t.equal(channel.bufferedBytes, 1_000_000);
  t.ok(channel.readableLength <= 16 * 1024, 'the rest is in blocks');
  channel.receiveEof();
  t.equal((await buffer(channel)).length, 1_000_000);
});

t.test('what waits does not hold on to the buffers that it came in', async (t) => {
  const { channel } = open();
  const shared = Buffer.alloc(10_000, '0123456789');
  channel.receive(shared.subarray(0, 10));
  channel.receive(shared.subarray(10, 20));
  channel.read(10);
  const second = channel.read(10) as Buffer;
  t.equal(String(second), '0123456789');
  t.not(second.buffer, shared.buffer);
});

t.test('unread data is freed when the channel is aborted, and the peer is told', async (t) => {
  const { carrier, channel } = open();
  channel.receive(Buffer.alloc(500_000));
  channel.receive(Buffer.alloc(500_000));
  channel.destroy();
  await closeOf(channel);
  t.same(carrier.sent, ['close']);
  t.equal(channel.bufferedBytes - channel.readableLength, 0);
  channel.receive(Buffer.alloc(100));
  channel.receiveEof();
  channel.receiveClose();
  t.same(carrier.sent, ['close'], 'what still comes changes nothing');
});

t.test('a pending write calls back when the channel is destroyed', async (t) => {
  const { channel } = open({ window: 0 });
  channel.on('error', () => undefined);
  const written = write(channel, Buffer.from('never'));
  channel.destroy();
  await closeOf(channel);
  t.match(written.result, { code: 'ECONNRESET' });
});

t.test('a pending write calls back when the peer closes', async (t) => {
  const { channel } = open({ window: 0 });
  channel.on('error', () => undefined);
  const written = write(channel, Buffer.from('never'));
  channel.receiveEof();
  channel.receiveClose();
  await nextTurn();
  t.not(written.result, 'waits');
  const aborted = open({ window: 0 });
  aborted.channel.on('error', () => undefined);
  const late = write(aborted.channel, Buffer.from('never'));
  aborted.channel.receiveClose();
  await nextTurn();
  t.not(late.result, 'waits');
});

t.test('an early answer is read whole, though the peer closed while we were still writing', async (t) => {
  const { carrier, channel } = open({ window: 10 });
  channel.write(Buffer.alloc(100_000));
  channel.write(Buffer.alloc(100_000));
  channel.receive(Buffer.from('413 too much'));
  channel.receiveEof();
  channel.receiveClose();
  channel.write(Buffer.alloc(100_000));
  const closed = closeOf(channel);
  t.equal((await buffer(channel)).toString(), '413 too much');
  await closed;
  t.same(carrier.sent, ['data 10', 'close']);
});

t.test('a close without an end is a reset, after what came before it was read', async (t) => {
  const { channel } = open();
  const parts: string[] = [];
  channel.receive(Buffer.from('half an '));
  channel.receive(Buffer.alloc(50_000, 'a'));
  channel.receive(Buffer.from('answer'));
  channel.receiveClose();
  await t.rejects(
    async () => {
      for await (const part of channel) parts.push(String(part));
    },
    { code: 'ECONNRESET' },
  );
  t.equal(parts.join(''), `half an ${'a'.repeat(50_000)}answer`);
});

t.test('the same for a reader that listens, and one that had stopped', async (t) => {
  const { channel } = open();
  const seen: string[] = [];
  channel.on('data', (data: Buffer) => seen.push(`${data.length}`));
  channel.on('end', () => seen.push('end'));
  channel.pause();
  channel.receive(Buffer.from('half'));
  channel.receiveClose();
  await nextTurn();
  t.same(seen, []);
  channel.resume();
  const [error] = (await once(channel, 'error')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNRESET');
  t.same(seen, ['4']);
  const nothing = open().channel;
  nothing.on('error', (problem: NodeJS.ErrnoException) => seen.push(problem.code ?? ''));
  nothing.receiveClose();
  await closeOf(nothing);
  t.same(seen, ['4', 'ECONNRESET'], 'nothing unread: at once');
});

t.test('nothing is sent once the connection is gone', async (t) => {
  const { carrier, channel } = open();
  channel.on('error', () => undefined);
  carrier.gone = true;
  const closed = closeOf(channel);
  const written = write(channel, Buffer.from('too late'));
  channel.receive(Buffer.alloc(1000));
  await closed;
  t.match(written.result, { code: 'ECONNRESET' });
  channel.destroy(new Error('gone'));
  channel.receiveEof();
  channel.receiveClose();
  t.same(carrier.sent, []);
  t.equal(carrier.granted, 0);
});

t.test('a request that wants an answer is refused, unless the channel is closed', async (t) => {
  const { carrier, channel } = open();
  channel.refuseRequest();
  channel.destroy();
  channel.refuseRequest();
  t.same(carrier.sent, ['failure', 'close']);
});

t.test('repeated and late messages change nothing', async (t) => {
  const { carrier, channel } = open();
  channel.receiveEof();
  channel.receiveEof();
  t.equal(channel.receive(Buffer.from('after the end')), true);
  channel.resume();
  await once(channel, 'end');
  channel.receiveClose();
  await closeOf(channel);
  channel.receiveClose();
  channel.receiveWindow(10);
  t.same(carrier.sent, ['close']);
});

t.test('the rest of an aborted stream is kept while somebody reads it, and not for ever', async (t) => {
  const { channel } = open();
  const failed = once(channel, 'error');
  channel.receive(Buffer.alloc(200_000));
  const timer = withTimerByHand(() => channel.receiveClose());
  t.equal(channel.read(10_000) instanceof Buffer, true);
  t.equal(timer.refreshed, 1, 'the reader goes on');
  t.equal(channel.destroyed, false);
  timer.fire();
  t.match(await failed, [{ code: 'ECONNRESET' }]);
  t.equal(channel.bufferedBytes - channel.readableLength, 0, 'it is freed');
});

t.test('the whole of an ended stream waits for its reader', async (t) => {
  const { channel } = open();
  channel.receive(Buffer.alloc(200_000));
  channel.receiveEof();
  const timer = withTimerByHand(() => channel.receiveClose());
  timer.fire();
  t.equal((await buffer(channel)).length, 200_000);
});

t.test('every byte either way puts the timeout off', async (t) => {
  const { channel } = open({ window: 3 });
  const timer = withTimerByHand(() => channel.setTimeout(60_000));
  channel.receive(Buffer.from('x'));
  t.equal(timer.refreshed, 1, 'a packet came');
  channel.write(Buffer.from('0123456789'));
  t.equal(timer.refreshed, 2, 'a part was sent');
  channel.receiveWindow(0);
  t.equal(timer.refreshed, 2, 'no progress');
  channel.receiveWindow(4);
  t.equal(timer.refreshed, 3, 'another part of the same write was sent');
});
