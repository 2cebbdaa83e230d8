import t from 'tap';
import { Prober } from '../../../server/ingress/prober.ts';
import { FakeForward } from './fake-forward.ts';
import { eventually, rawUpstream } from './sockets.ts';

const origin = { address: '192.0.2.1', port: 1 };

t.test('opens a channel to the service, and closes it again', async (t) => {
  const forward = new FakeForward(await rawUpstream(t, () => {}));
  t.same(await new Prober().probe(forward, origin), { kind: 'accepted' });
  t.same(forward.origins, [origin]);
  await eventually(() => forward.channels.size === 0);
});

t.test('says why there is none', async (t) => {
  const forward = new FakeForward(1);
  forward.failure = { kind: 'refused', detail: 'no' };
  t.same(await new Prober().probe(forward, origin), { kind: 'refused', detail: 'no' });
});

t.test('one at a time for each forward, however many ask, and soon after nobody else has to', async (t) => {
  const prober = new Prober();
  const [one, other] = [new FakeForward(1), new FakeForward(1)];
  const gate = Promise.withResolvers<undefined>();
  for (const forward of [one, other]) {
    forward.failure = { kind: 'limit' };
    forward.gate = gate.promise;
  }
  const asked = Promise.all([one, one, one, other].map((forward) => prober.probe(forward, origin)));
  gate.resolve(undefined);
  await asked;
  await prober.probe(one, origin);
  t.equal(one.origins.length, 1);
  t.equal(other.origins.length, 1);
});
