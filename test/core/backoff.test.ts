import fc from 'fast-check';
import t from 'tap';
import { Backoff } from '../../core/backoff.ts';

const highest = 1 - Number.EPSILON;

function delays(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.next());
}

t.test('the window doubles up to the maximum', (t) => {
  const backoff = new Backoff({ initialMs: 100, maxMs: 500, random: () => highest });
  t.same(delays(backoff, 5), [100, 200, 400, 500, 500]);
  t.end();
});

t.test('the floor is half of the first window, whatever the luck', (t) => {
  const backoff = new Backoff({ initialMs: 100, maxMs: 500, random: () => 0 });
  t.same(delays(backoff, 3), [50, 50, 50]);
  t.end();
});

t.test('reset starts over', (t) => {
  const backoff = new Backoff({ initialMs: 100, maxMs: 5000, factor: 3, random: () => highest });
  t.same(delays(backoff, 3), [100, 300, 900]);
  backoff.reset();
  t.same(delays(backoff, 2), [100, 300]);
  t.end();
});

t.test('every delay is a whole number between the floor and the maximum', (t) => {
  const settings = {
    initialMs: fc.integer({ min: 1, max: 10_000 }),
    maxMs: fc.integer({ min: 1, max: 100_000 }),
  };
  fc.assert(
    fc.property(fc.record(settings), fc.integer({ min: 1, max: 2000 }), ({ initialMs, maxMs }, count) => {
      const backoff = new Backoff({ initialMs, maxMs });
      const floorMs = Math.min(initialMs, maxMs) / 2;
      return delays(backoff, count).every(
        (ms) => Number.isInteger(ms) && ms >= Math.floor(floorMs) && ms <= maxMs,
      );
    }),
  );
  t.end();
});
