import t from 'tap';
import { PendingBySource } from '../../../server/access/pending-by-source.ts';

t.test('each source has its own room, and gives it back once', async (t) => {
  const pending = new PendingBySource(2);
  const [first, second] = [pending.begin('192.0.2.1'), pending.begin('192.0.2.1')];
  t.ok(pending.isFull('192.0.2.1'));
  t.notOk(pending.isFull('192.0.2.2'));
  first();
  first();
  t.notOk(pending.isFull('192.0.2.1'));
  second();
  t.equal(pending.size, 0);
});

t.test('an IPv6 network is one source', async (t) => {
  const pending = new PendingBySource(1);
  const end = pending.begin('2001:db8:1:2::1');
  t.ok(pending.isFull('2001:db8:1:2::ffff'));
  t.notOk(pending.isFull('2001:db8:1:3::1'));
  end();
  t.notOk(pending.isFull('2001:db8:1:2::1'));
});
