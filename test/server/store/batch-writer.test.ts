import t, { type Test } from 'tap';
import { BatchWriter, type BatchWriterOptions } from '../../../server/store/batch-writer.ts';
import { until } from '../../support/until.ts';

type Batch = readonly (readonly [string, number])[];

/** A writer whose batches a test looks at, and can make fail. */
function make(t: Test, overrides: Partial<BatchWriterOptions<number>> = {}) {
  const seen = { batches: [] as Batch[], failures: [] as unknown[], recoveries: 0, broken: false };
  const writer = new BatchWriter<number>({
    write: (batch) => {
      if (seen.broken) return Promise.reject(new Error('the disk is full'));
      seen.batches.push(batch);
      return Promise.resolve();
    },
    intervalMs: 1,
    maxBatch: 3,
    maxPending: 10,
    onFailing: (error) => seen.failures.push(error),
    onWorking: () => (seen.recoveries += 1),
    ...overrides,
  });
  t.teardown(() => writer.stop());
  return { writer, seen };
}

const never = { intervalMs: 3_600_000 };

t.test('the newest value of each key is written a little later, in one batch', async (t) => {
  const { writer, seen } = make(t);
  writer.put('a', 1);
  writer.put('b', 2);
  writer.put('a', 3);
  t.same(seen.batches, [], 'not in the turn in which it was put');
  await until('a batch', () => seen.batches.length > 0);
  t.same(seen.batches, [
    [
      ['b', 2],
      ['a', 3],
    ],
  ]);
  writer.put('a', 4);
  await until('another', () => seen.batches.length > 1);
  t.same(seen.batches[1], [['a', 4]]);
  t.equal(writer.pending, 0);
});

t.test('batches are bounded, and others have their turn in between', async (t) => {
  const { writer, seen } = make(t, never);
  for (let i = 0; i < 8; i += 1) writer.put(`key-${i}`, i);
  const turns: number[] = [];
  const turn = setInterval(() => turns.push(seen.batches.length), 0);
  const immediate = (): NodeJS.Immediate =>
    setImmediate(() => {
      turns.push(seen.batches.length);
      if (writer.pending > 0) immediate();
    });
  immediate();
  await writer.flush();
  clearInterval(turn);
  t.same(
    seen.batches.map((batch) => batch.length),
    [3, 3, 2],
  );
  t.ok(turns.includes(1) && turns.includes(2), 'something else ran after the first and the second batch');
});

t.test('what cannot be written is told once, kept, and written later', async (t) => {
  const { writer, seen } = make(t);
  seen.broken = true;
  writer.put('a', 1);
  writer.put('b', 1);
  await until('a failure', () => seen.failures.length > 0);
  writer.put('a', 2);
  await writer.flush();
  await writer.flush();
  t.match(seen.failures, [{ message: 'the disk is full' }]);
  t.equal(seen.failures.length, 1);
  t.equal(writer.pending, 2);
  seen.broken = false;
  await until('the retry', () => seen.batches.length > 0);
  t.same(
    new Map(seen.batches.flat()),
    new Map([
      ['a', 2],
      ['b', 1],
    ]),
    'a newer value is not undone',
  );
  t.equal(seen.recoveries, 1);
  seen.broken = true;
  writer.put('c', 1);
  await until('a failure', () => seen.failures.length > 1);
  t.equal(seen.recoveries, 1, 'another failure is told again');
});

t.test('what waits is bounded: the oldest is given up', async (t) => {
  const { writer, seen } = make(t, { ...never, maxBatch: 100 });
  seen.broken = true;
  for (let i = 0; i < 8; i += 1) writer.put(`key-${i}`, i);
  await writer.flush();
  for (let i = 8; i < 25; i += 1) writer.put(`key-${i}`, i);
  t.equal(writer.pending, 10);
  seen.broken = false;
  await writer.flush();
  t.same(
    seen.batches.flat().map(([, value]) => value),
    [15, 16, 17, 18, 19, 20, 21, 22, 23, 24],
  );
});

t.test('a flush that meets another writes what came meanwhile', async (t) => {
  const gate = Promise.withResolvers<undefined>();
  const written: string[] = [];
  const { writer } = make(t, {
    ...never,
    write: async (batch) => {
      await gate.promise;
      written.push(...batch.map(([key]) => key));
    },
  });
  writer.put('a', 1);
  const first = writer.flush();
  writer.put('b', 1);
  const second = writer.flush();
  gate.resolve(undefined);
  await Promise.all([first, second]);
  t.same(written, ['a', 'b']);
});

t.test(
  'stopping writes what was put, takes nothing more, and ends though nothing can be written',
  async (t) => {
    const { writer, seen } = make(t, never);
    writer.put('a', 1);
    const stopped = writer.stop();
    writer.put('b', 1);
    await stopped;
    t.same(seen.batches, [[['a', 1]]]);
    writer.put('c', 1);
    t.equal(writer.pending, 0);
    const broken = make(t, never);
    broken.seen.broken = true;
    broken.writer.put('a', 1);
    await broken.writer.stop();
    t.equal(broken.seen.failures.length, 1);
    t.equal(broken.writer.pending, 0);
  },
);
