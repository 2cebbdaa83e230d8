import fc from 'fast-check';
import { Socket } from 'node:net';
import t from 'tap';
import { PendingSockets } from '../../tls/pending.ts';

t.test('drops the oldest of the source, then the oldest of all', async (t) => {
  const evicted: Socket[] = [];
  const pending = new PendingSockets({ maxPending: 3, maxPendingPerSource: 2 }, (socket) =>
    evicted.push(socket),
  );
  const [a1, a2, a3, b1, c1] = Array.from({ length: 5 }, () => new Socket()) as [
    Socket,
    Socket,
    Socket,
    Socket,
    Socket,
  ];
  pending.add(a1, '192.0.2.1');
  pending.add(b1, '192.0.2.2');
  pending.add(a2, '192.0.2.1');
  pending.add(a3, '192.0.2.1');
  t.same(evicted, [a1]);
  pending.add(c1, '192.0.2.3');
  t.same(evicted, [a1, b1]);
  t.same([...pending], [a2, a3, c1]);
  t.ok(pending.delete(a2));
  t.notOk(pending.delete(a2));
  pending.add(c1, '192.0.2.1');
  t.equal(pending.size, 2, 'moved, not counted twice');
});

t.test('without an address only the limit for all counts', async (t) => {
  const pending = new PendingSockets({ maxPending: 10, maxPendingPerSource: 1 }, () => t.fail('evicted'));
  for (let count = 0; count < 10; count++) pending.add(new Socket(), undefined);
  t.equal(pending.size, 10);
});

t.test('an IPv6 host is one source, with all its addresses', async (t) => {
  let evicted = 0;
  const pending = new PendingSockets({ maxPending: 10, maxPendingPerSource: 1 }, () => evicted++);
  pending.add(new Socket(), '2001:db8::1');
  pending.add(new Socket(), '2001:db8::ffff:2');
  t.equal(evicted, 1);
});

t.test('holds both bounds, whatever comes and goes', async () => {
  const sources = ['192.0.2.1', '192.0.2.2', '2001:db8::1', undefined];
  const step = fc.record({
    source: fc.constantFrom(...sources),
    remove: fc.boolean(),
    index: fc.nat({ max: 30 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 1, max: 6 }), (steps, maxPending) => {
      const live = new Map<Socket, string | undefined>();
      const pending = new PendingSockets({ maxPending, maxPendingPerSource: 2 }, (socket) =>
        live.delete(socket),
      );
      for (const { source, remove, index } of steps) {
        const known = [...live.keys()][index];
        if (remove && known !== undefined) {
          pending.delete(known);
          live.delete(known);
        } else {
          const socket = known ?? new Socket();
          pending.add(socket, source);
          live.set(socket, source);
        }
        if (pending.size !== live.size || pending.size > maxPending) return false;
        const counts = Map.groupBy(live.values(), (address) => address);
        counts.delete(undefined);
        if ([...counts.values()].some(({ length }) => length > 2)) return false;
      }
      return true;
    }),
  );
});
