import t from 'tap';
import { RegistryPlaces } from '../../../server/access/places.ts';
import { Registry } from '../../../server/routing/registry.ts';
import { FakeForward } from '../../support/fake-forward.ts';

function setting() {
  const registry = new Registry({
    domain: 'preview.example.com',
    holdMs: 0,
    claimTtlMs: 1000,
    maxHeldPerEnv: 1,
    maxRemembered: 10,
  });
  const offer = (service: string | undefined, port: number | undefined, more = {}): FakeForward => {
    const forward = new FakeForward({ owner: 'ana', env: 'pr-42', service, port, ...more });
    registry.add(forward);
    return forward;
  };
  return { offer, registry, places: new RegistryPlaces(registry, { domain: 'preview.example.com' }) };
}

t.test('a label stands for a place, whether something is there or not', async (t) => {
  const { offer, places } = setting();
  t.same(places.placeOf('web--pr-42'), {
    env: 'pr-42',
    service: 'web',
    access: 'private',
    owner: undefined,
    from: undefined,
  });
  offer('web', undefined, { access: 'team' });
  t.match(places.placeOf('web--pr-42'), { service: 'web', access: 'team', owner: 'ana' });
});

t.test('what no route can have stands for none', async (t) => {
  const { places } = setting();
  for (const label of ['', 'a.b', 'a--b--c--d', 'xn--a', '-', 'a_b', 'evil.example'])
    t.equal(places.placeOf(label), undefined, label);
});

t.test('the hosts of an environment that serve HTTP now, its default first', async (t) => {
  const { offer, places, registry } = setting();
  t.same(places.labelsOf('pr-42'), []);
  const web = offer('web', undefined);
  offer('api', 8080);
  offer(undefined, undefined);
  offer('ssh', undefined, { options: { scheme: 'tcp' } });
  offer('db', undefined, { options: { scheme: 'tcp' } });
  t.same(places.labelsOf('pr-42'), ['pr-42', 'web--pr-42', 'api--8080--pr-42']);
  t.same(places.labelsOf('pr-43'), []);
  registry.remove(web, { kind: 'withdrawn', reason: '' });
  t.same(places.labelsOf('pr-42'), ['pr-42', 'api--8080--pr-42']);
});
