import t from 'tap';
import { WorkSlots } from '../../../server/access/work-slots.ts';

/** Work that ends when it is told. */
function piece(log: string[], name: string) {
  const end = Promise.withResolvers<string>();
  const work = async (): Promise<string> => {
    log.push(`${name} begins`);
    return await end.promise;
  };
  return { work, end };
}

t.test('as many as may run at once; the others wait in turn, and no more than may wait', async (t) => {
  const slots = new WorkSlots({ atOnce: 1, waiting: 2 });
  const log: string[] = [];
  const [first, second, third, fourth] = ['first', 'second', 'third', 'fourth'].map((name) =>
    piece(log, name),
  );
  if (!first || !second || !third || !fourth) return;
  const results = [first, second, third].map(({ work }) => slots.run(work));
  t.equal(slots.run(fourth.work), undefined);
  t.same(log, ['first begins']);
  first.end.resolve('one');
  t.equal(await results[0], 'one');
  second.end.reject(new Error('failed'));
  await t.rejects(
    Promise.resolve(results[1]).then(() => undefined),
    /failed/,
  );
  third.end.resolve('three');
  t.equal(await results[2], 'three');
  t.same(log, ['first begins', 'second begins', 'third begins']);
  fourth.end.resolve('four');
  t.equal(await slots.run(fourth.work), 'four', 'and there is room again');
});
