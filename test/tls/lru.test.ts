import t from 'tap';
import { Lru } from '../../tls/lru.ts';

t.test('forgets what was not used for longest', async (t) => {
  const lru = new Lru<number>(2);
  lru.set('a', 1);
  lru.set('b', 2);
  t.equal(lru.get('a'), 1);
  lru.set('c', 3);
  t.equal(lru.get('b'), undefined);
  t.same([lru.get('a'), lru.get('c')], [1, 3]);
  lru.set('a', 4);
  lru.set('d', 5);
  t.same([lru.get('a'), lru.get('c'), lru.get('d')], [4, undefined, 5]);
  lru.clear();
  t.equal(lru.get('a'), undefined);
});
