import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import t from 'tap';
import { joinChannels, type Break } from '../../../server/gate/joined-channels.ts';
import type { Channel } from '../../../server/tunnel/forward.ts';
import { until } from '../../support/until.ts';

/** Somebody and a machine, each with their own end of a channel, and what was told of the two ends that are joined. */
function joined(options: { highWaterMark?: number } = {}) {
  const [person, near] = duplexPair(options);
  const [machine, far] = duplexPair(options);
  for (const stream of [person, near, machine, far]) stream.on('error', () => undefined);
  const bytes = { near: 0, far: 0 };
  const breaks: Break[] = [];
  const state = { over: false };
  const over = joinChannels(near as unknown as Channel, far as unknown as Channel, {
    onBytes: (from, count) => (bytes[from] += count),
    onBreak: (broken) => breaks.push(broken),
  }).then(() => (state.over = true));
  return { person, near, machine, far, bytes, breaks, over, state };
}

async function textOf(stream: Duplex): Promise<string> {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(stream, 'end');
  return text;
}

t.test('the end of one side leaves the other one speaking', async (t) => {
  const { person, machine, bytes, breaks, over } = joined();
  const [heard, answered] = [textOf(machine), textOf(person)];
  person.end('a question');
  t.equal(await heard, 'a question');
  machine.end('the answer');
  t.equal(await answered, 'the answer');
  await over;
  t.same(bytes, { near: 10, far: 10 });
  t.same(breaks, []);
});

t.test('what is broken off on one side is broken off on the other, and told before', async (t) => {
  for (const side of ['near', 'far'] as const) {
    const all = joined();
    const other = side === 'near' ? all.far : all.near;
    const error = new Error('reset');
    all[side].destroy(error);
    await all.over;
    t.same(all.breaks, [{ side, error }]);
    t.ok(other.destroyed);
    t.notOk(other.writableEnded, 'that is no end');
  }
});

t.test('one that is taken away without a word takes the other with it', async (t) => {
  const { near, far, breaks, over } = joined();
  near.destroy();
  await over;
  t.ok(far.destroyed);
  t.same(breaks, []);
});

t.test('what was said before a side closed arrives, however slowly it is read', async (t) => {
  const { person, near, machine, far, over, state } = joined({ highWaterMark: 4 });
  machine.end('a long farewell, which takes a while');
  await until('all of it was read there', () => far.readableEnded);
  far.destroy();
  await until('it is gone', () => far.closed);
  t.ok(!state.over && near.writableLength > 0);
  t.equal(await textOf(person), 'a long farewell, which takes a while');
  await over;
});

t.test('one that is gone already', async (t) => {
  const [, near] = duplexPair();
  const [, far] = duplexPair();
  near.destroy();
  await once(near, 'close');
  await joinChannels(near as unknown as Channel, far as unknown as Channel, {
    onBytes: () => undefined,
    onBreak: () => undefined,
  });
  t.ok(far.destroyed);
});

t.test('whoever does not read is not sent more, and gets all of it when they do', async (t) => {
  const { person, machine, bytes } = joined({ highWaterMark: 1024 });
  const all = 100;
  const chunk = Buffer.alloc(1024, 'x');
  let written = 0;
  const writeMore = (): void => {
    while (written < all && person.write(chunk)) written += 1;
  };
  person.on('drain', () => {
    written += 1;
    writeMore();
  });
  writeMore();
  await until('it is stuck', () => person.writableNeedDrain && bytes.near > 0);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  t.ok(bytes.near < all * 512, `${String(bytes.near)} bytes have gone through`);
  let heard = 0;
  machine.on('data', (data: Buffer) => (heard += data.length));
  await until('all of it is there', () => heard === all * 1024);
});
