import t from 'tap';
import { JumpList } from '../../../server/gate/jump-list.ts';

t.test('places are taken and given back, each principal for themselves', async (t) => {
  const list = new JumpList();
  const first = list.takePlace('ana', 2);
  const second = list.takePlace('ana', 2);
  t.equal(list.takePlace('ana', 2), undefined);
  t.ok(list.takePlace('ben', 2));
  first?.();
  t.ok(list.takePlace('ana', 2));
  second?.();
  t.equal(list.size, 0);
  t.same([...list.all()], []);
});
