import { setImmediate as nextTurn, setTimeout as turnAfter } from 'node:timers/promises';
import t from 'tap';
import { deadline, Latch, maxTimerMs, once } from '../../core/lifecycle.ts';

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

t.test('a latch settles once', async (t) => {
  const latch = new Latch<string>();
  t.equal(latch.settled, false);
  t.equal(latch.settle('first'), true);
  t.equal(latch.settle('second'), false);
  t.equal(latch.settled, true);
  t.equal(await latch.promise, 'first');
});

t.test('once calls once', (t) => {
  const calls: number[] = [];
  const fn = once((value: number) => calls.push(value));
  fn(1);
  fn(2);
  t.same(calls, [1]);
  t.end();
});

t.test('a deadline passes on what comes in time, and leaves no timer', async (t) => {
  const before = activeTimers();
  t.equal(await deadline(Promise.resolve('in time'), 60_000, () => 'late'), 'in time');
  await t.rejects(
    deadline(Promise.reject(new Error('failed in time')), 60_000, () => 'late'),
    /failed in time/,
  );
  await nextTurn();
  t.equal(activeTimers(), before);
});

t.test('a deadline gives what onLate says, and swallows what comes later', async (t) => {
  const { promise, reject } = Promise.withResolvers<string>();
  t.equal(await deadline(promise, 1, () => 'late'), 'late');
  reject(new Error('nobody waits any more'));
  await nextTurn();
  const never = Promise.withResolvers<string>().promise;
  await t.rejects(
    deadline(never, 1, () => {
      throw new Error('too late');
    }),
    /too late/,
  );
});

t.test('a deadline longer than a Node timer keeps does not fire at once', async (t) => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const outcome = deadline(promise, maxTimerMs + 1, () => 'late');
  await turnAfter(3);
  resolve('in time');
  t.equal(await outcome, 'in time');
});
