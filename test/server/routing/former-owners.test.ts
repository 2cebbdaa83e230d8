import t from 'tap';
import { FormerOwners } from '../../../server/routing/former-owners.ts';

const former = (name: string, owner = 'ana') => ({ name, owner, changedHandsAt: undefined });

t.test('whose a name was last is told once', async (t) => {
  const owners = new FormerOwners(10);
  owners.note(former('pr-1'));
  owners.note(former('pr-1', 'bob'));
  t.same(owners.take('pr-1'), former('pr-1', 'bob'));
  t.equal(owners.take('pr-1'), undefined);
  t.equal(owners.take('pr-2'), undefined);
});

t.test('the longest forgotten go first', async (t) => {
  const owners = new FormerOwners(2);
  owners.note(former('pr-1'));
  owners.note(former('pr-2'));
  owners.note(former('pr-1'));
  owners.note(former('pr-3'));
  t.equal(owners.take('pr-2'), undefined);
  t.ok(owners.take('pr-1'));
  t.ok(owners.take('pr-3'));
});
