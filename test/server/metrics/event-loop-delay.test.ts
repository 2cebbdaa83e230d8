import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { EventLoopDelay } from '../../../server/metrics/event-loop-delay.ts';

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

t.test('sees that the loop was blocked, and forgets what it has told', async (t) => {
  const delay = new EventLoopDelay();
  t.teardown(() => delay.close());
  let worst = 0;
  while (worst < 0.05) {
    await setTimeout(25); // One beat of its timer before, and one after.
    block(80);
    await setTimeout(25);
    worst = delay.take().max;
  }
  t.ok(worst >= 0.05);
  const { mean, p99, max } = delay.take();
  t.same({ mean, p99, max }, { mean: 0, p99: 0, max: 0 });
});

t.test('may be closed twice', async (t) => {
  const delay = new EventLoopDelay();
  delay.close();
  t.doesNotThrow(() => delay.close());
});
