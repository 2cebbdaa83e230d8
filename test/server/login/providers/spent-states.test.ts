import t from 'tap';
import { SpentStates } from '../../../../server/login/providers/spent-states.ts';

t.test('once, for as long as it could come back', async (t) => {
  const spent = new SpentStates({ ttlMs: 10, max: 100 });
  t.equal(spent.spend('a', 0), true);
  t.equal(spent.spend('a', 9), false);
  t.equal(spent.spend('b', 9), true);
  t.equal(spent.spend('a', 10), true);
});

t.test('of too many the oldest is forgotten', async (t) => {
  const spent = new SpentStates({ ttlMs: 10, max: 2 });
  for (const state of ['a', 'b', 'c']) t.equal(spent.spend(state, 0), true);
  t.equal(spent.spend('c', 0), false, 'the newest is remembered');
  t.equal(spent.spend('a', 0), true);
});
