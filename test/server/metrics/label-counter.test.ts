import fc from 'fast-check';
import t from 'tap';
import { LabelCounter } from '../../../server/metrics/label-counter.ts';

t.test('counts by value, from 0 for those that are known', async (t) => {
  const counter = new LabelCounter(['ok', 'refused']);
  counter.add('ok');
  counter.add('ok', 5);
  counter.add('late');
  t.same(Object.fromEntries(counter.entries()), { ok: 6, refused: 0, late: 1 });
});

t.test('never holds more values than its limit, and loses no count', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.string()), (values) => {
      const counter = new LabelCounter(['known'], 3);
      for (const value of values) counter.add(value);
      const entries = [...counter.entries()];
      const total = entries.reduce((sum, [, count]) => sum + count, 0);
      return entries.length <= 4 && total === values.length;
    }),
  );
  const counter = new LabelCounter([], 2);
  for (const value of ['a', 'b', 'c', 'd', 'a']) counter.add(value);
  t.same(Object.fromEntries(counter.entries()), { a: 2, b: 1, other: 2 });
});
