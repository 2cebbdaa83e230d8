import t from 'tap';
import { monotonicOf, Ownership } from '../../../server/routing/ownership.ts';
import { remembered } from '../../support/remembered.ts';

const at = (wallMs: number) => ({ wallMs, monotonicMs: wallMs / 10, holdMs: 0 });

t.test('it changes hands when somebody else takes it or gets it', async (t) => {
  const ownership = new Ownership('ana');
  t.equal(ownership.changedHandsAt, undefined);
  ownership.passTo('ana', at(1000));
  t.equal(ownership.changedHandsAt, undefined, 'it was theirs');
  ownership.passTo('bob', at(2000));
  t.match(ownership, { owner: 'bob', changedHandsAt: 2000, givenAt: undefined });
  ownership.giveTo('eve', at(3000));
  t.match(ownership, { owner: 'eve', changedHandsAt: 3000, givenAt: 3000, givenMonotonicMs: 300 });
  ownership.use();
  t.match(ownership, { changedHandsAt: 3000, givenAt: undefined, givenMonotonicMs: undefined });
});

t.test('a name that was forgotten has changed hands when it comes back to another', async (t) => {
  const name = 'pr-1';
  const same = new Ownership('ana');
  same.follow({ name, owner: 'ana', changedHandsAt: 500 }, at(1000));
  t.equal(same.changedHandsAt, 500);
  const other = new Ownership('bob');
  other.follow({ name, owner: 'ana', changedHandsAt: 500 }, at(1000));
  t.equal(other.changedHandsAt, 1000);
});

t.test('it is as it was remembered', async (t) => {
  const ownership = new Ownership('ana');
  ownership.recall(remembered('pr-1', { owner: 'bob', givenAt: 900, changedHandsAt: 800 }), at(1000));
  t.match(ownership, { owner: 'bob', givenAt: 900, givenMonotonicMs: 0, changedHandsAt: 800 });
  ownership.recall(remembered('pr-1', { owner: 'bob' }), at(1000));
  t.match(ownership, { givenAt: undefined, changedHandsAt: undefined });
  t.equal(monotonicOf(2000, at(1000)), 100, 'what lies ahead was just now');
});
