import fc from 'fast-check';
import t from 'tap';
import { median } from '../../bench/statistics.ts';

t.test('takes the middle value', async (t) => {
  t.equal(median([3]), 3);
  t.equal(median([9, 1, 5]), 5, 'whatever their order');
  t.equal(median([10, 9, 100]), 10, 'as numbers, not as texts');
  t.equal(median([4, 1, 2, 3]), 2.5, 'the mean of the two in the middle');
  t.throws(() => median([]), RangeError);
});

t.test('as many values lie below it as above', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      return below <= values.length / 2 && above <= values.length / 2;
    }),
  );
});

t.test('leaves its input as it is', async (t) => {
  const values = [3, 1, 2];
  median(values);
  t.same(values, [3, 1, 2]);
});
