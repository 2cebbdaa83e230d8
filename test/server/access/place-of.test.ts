import t from 'tap';
import { nowhere, placeOf } from '../../../server/access/place-of.ts';
import type { EnvResolution } from '../../../server/access/place-of.ts';
import type { EnvironmentView, ServiceView } from '../../../server/routing/resolution.ts';
import { FakeForward } from '../../support/fake-forward.ts';

const environment: EnvironmentView = {
  name: 'pr-42',
  owner: 'ana',
  state: 'ready',
  sinceMs: 0,
  lastSeenAt: 0,
  services: [],
  access: 'team',
};
const route = { env: 'pr-42', service: 'web', port: 8080 };

t.test('of a forward it is what the forward says', async (t) => {
  const forward = new FakeForward({ ...route, access: 'private', options: { from: '192.0.2.0/24' } });
  const resolution: EnvResolution = {
    kind: 'forward',
    environment,
    forward,
    state: 'ready',
    standby: undefined,
  };
  t.same(placeOf(resolution), {
    env: 'pr-42',
    service: 'web',
    access: 'private',
    owner: 'ana',
    from: '192.0.2.0/24',
  });
});

t.test('of what is not live it is what is known of the environment', async (t) => {
  const gone: EnvResolution[] = [
    { kind: 'no-service', environment, route },
    { kind: 'reconnecting', environment, route },
    { kind: 'offline', environment, route, state: 'offline', sinceMs: 0 },
  ];
  for (const resolution of gone) {
    t.same(placeOf(resolution), {
      env: 'pr-42',
      service: 'web',
      access: 'team',
      owner: 'ana',
      from: undefined,
    });
  }
});

t.test('what is not live may be visited from where it could be when it was', async (t) => {
  const service = (name: string, from?: string): ServiceView => ({
    route: { env: 'pr-42', service: name, port: undefined },
    access: 'public',
    ...(from !== undefined && { from }),
    state: 'offline',
    sinceMs: 0,
    detail: undefined,
  });
  const fromOf = (asked: string, services: ServiceView[]): string | undefined =>
    placeOf({
      kind: 'offline',
      environment: { ...environment, services },
      route: { env: 'pr-42', service: asked, port: undefined },
      state: 'offline',
      sinceMs: 0,
    }).from;
  const [near, far, open] = [service('near', '10.0.0.0/8'), service('far', '192.0.2.1'), service('open')];
  t.equal(fromOf('near', [near, far, open]), '10.0.0.0/8');
  t.equal(fromOf('open', [near, far, open]), undefined);
  t.equal(fromOf('other', [near, far, near]), '10.0.0.0/8,192.0.2.1', 'a service that there is not');
  t.equal(fromOf('other', [near, open]), undefined);
  t.equal(fromOf('other', []), undefined);
});

t.test("what is not there is closed, and nobody's", async (t) => {
  const expected = { env: 'pr-1', service: undefined, access: 'private', owner: undefined, from: undefined };
  t.same(placeOf({ kind: 'unknown', env: 'pr-1' }), expected);
  t.same(placeOf({ kind: 'unknown', env: 'pr-1' }, 'web--8080--pr-1'), { ...expected, service: 'web' });
  t.same(nowhere('a_b', 'a_b'), { ...expected, env: 'a_b' });
});
