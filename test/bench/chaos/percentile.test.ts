import fc from 'fast-check';
import t from 'tap';
import { percentile } from '../../../bench/chaos/percentile.ts';

t.test('nearest rank', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  t.equal(percentile(hundred, 99), 99);
  t.equal(percentile(hundred, 100), 100);
  t.equal(percentile(hundred, 0), 1);
  t.equal(percentile([5], 99), 5);
  t.throws(() => percentile([], 50), RangeError);
});

t.test('so many percent are at most that', async (t) => {
  const samples = fc.array(fc.integer(), { minLength: 1 });
  const property = fc.property(samples, fc.integer({ min: 1, max: 100 }), (values, percent) => {
    const bound = percentile(values, percent);
    const below = values.filter((value) => value <= bound).length;
    return values.includes(bound) && below * 100 >= percent * values.length;
  });
  fc.assert(property);
  t.pass();
});
