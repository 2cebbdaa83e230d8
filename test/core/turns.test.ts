import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { Turns } from '../../core/turns.ts';

t.test('what comes alone is done at once', (t) => {
  const turns = new Turns(1);
  let done = false;
  turns.run(() => (done = true));
  t.ok(done);
  t.end();
});

t.test('so many pieces in each turn, in their order, and whatever comes meanwhile after them', async (t) => {
  const turns = new Turns(3);
  const done: number[] = [];
  const piece = (n: number) => (): void => void done.push(n);
  for (let n = 0; n < 10; n += 1) turns.run(piece(n));
  t.same(done, [0, 1, 2]);
  await nextTurn();
  t.ok(done.length <= 6, `${String(done.length)} by the next turn`);
  turns.run(piece(10));
  while (done.length < 11) await nextTurn();
  t.same(done, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  turns.run(piece(11));
  await nextTurn();
  t.equal(done.at(-1), 11, 'and goes on');
});

t.test('a piece may ask for another', async (t) => {
  const turns = new Turns(2);
  let count = 0;
  const again = (): void => {
    count += 1;
    if (count < 9) turns.run(again);
  };
  turns.run(again);
  t.equal(count, 2);
  while (count < 9) await nextTurn();
  t.equal(count, 9);
});
