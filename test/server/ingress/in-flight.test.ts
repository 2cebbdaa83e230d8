import t from 'tap';
import { InFlight } from '../../../server/ingress/in-flight.ts';

t.test('each environment has its limit, and all together have one', async (t) => {
  const counts = new InFlight({ maxRequests: 2, maxRequestsTotal: 3 });
  t.equal(counts.enter('a'), true);
  t.equal(counts.enter('a'), true);
  t.equal(counts.enter('a'), false);
  t.equal(counts.enter('b'), true);
  t.equal(counts.enter('b'), false, 'the total');
  counts.leave('a');
  t.equal(counts.enter('b'), true);
});

t.test('nothing is kept of an environment without requests', async (t) => {
  const counts = new InFlight({ maxRequests: 2, maxRequestsTotal: 100 });
  for (const env of ['a', 'b', 'a']) counts.enter(env);
  t.equal(counts.environments, 2);
  for (const env of ['a', 'b', 'a']) counts.leave(env);
  t.equal(counts.environments, 0);
});
