import t from 'tap';
import { goneEnv, notHttp, unknownService } from '../../../server/ingress/env-failures.ts';
import { FakeForward } from './fake-forward.ts';
import { environmentView, serviceView } from './fake-router.ts';

const web = { env: 'pr-1', service: 'web', port: undefined };
const environment = environmentView({
  services: [
    serviceView({ route: web, access: 'public' }),
    serviceView({ route: { env: 'pr-1', service: 'api', port: 8080 }, access: 'private' }),
    serviceView({ route: { env: 'pr-1', service: 'ssh', port: undefined }, access: 'private' }),
    serviceView({
      route: { env: 'pr-1', service: 'old', port: undefined },
      access: 'public',
      state: 'offline',
    }),
  ],
});
const sight = {
  seesAll: true,
  domain: 'preview.test',
  publicAddress: { protocol: 'https', port: 8443 },
} as const;
const nope = { env: 'pr-1', service: 'nope', port: undefined };
const webLink = { name: 'web--pr-1', url: 'https://web--pr-1.preview.test:8443/' };

t.test('an unknown service lists what there is, to those allowed to see', async (t) => {
  const resolution = { environment, route: nope, expired: false };
  const all = unknownService(resolution, sight);
  t.same(all.services, [
    webLink,
    { name: 'api--8080--pr-1', url: 'https://api--8080--pr-1.preview.test:8443/' },
  ]);
  const seen = unknownService(resolution, { ...sight, seesAll: false });
  t.same(seen.services, [webLink]);
  t.equal(seen.code, 'ERR_SERVICE_UNKNOWN');
  t.match(seen.reason, 'service nope');
  t.equal(seen.waitsUntil, 'the service is there');
  const route = { ...nope, service: undefined, port: 81 };
  const none = unknownService({ environment: environmentView(), route, expired: false }, sight);
  t.match(none.reason, 'default service on port 81');
  t.match(unknownService({ ...resolution, expired: true }, sight), {
    state: 'expired',
    reason: 'has expired',
  });
});

t.test('what does not speak HTTP is not waited for', async (t) => {
  const forward = new FakeForward(1, { route: { ...web, service: 'ssh' } });
  const failure = notHttp(
    { kind: 'forward', environment, forward, state: 'ready', standby: undefined },
    sight,
  );
  t.match(failure, { code: 'ERR_SERVICE_UNKNOWN', reason: 'service ssh', waitsUntil: undefined });
});

t.test('an environment that is gone says in which way, since when, and when to ask again', async (t) => {
  const sinceMs = Date.parse('2026-01-02T14:02:11.000Z');
  const now = sinceMs + 180_000;
  const gone = { environment: environmentView({ sinceMs, lastSeenAt: sinceMs }), route: web };
  const offline = goneEnv({ ...gone, kind: 'offline', state: 'offline', sinceMs }, now);
  t.match(offline, { code: 'ERR_ENV_OFFLINE', state: 'offline', sinceMs, lastSeenAt: sinceMs });
  t.match(offline.reason, 'offline since 14:02 UTC');
  const expired = goneEnv({ ...gone, kind: 'offline', state: 'expired', sinceMs }, now);
  t.match(expired, { code: 'ERR_ENV_OFFLINE', state: 'expired', reason: /time was over/ });
  const reconnecting = goneEnv({ ...gone, kind: 'reconnecting' }, now);
  t.match(reconnecting, { code: 'ERR_ENV_OFFLINE', state: 'reconnecting', reason: /reconnecting/ });
  for (const failure of [offline, expired, reconnecting]) {
    t.equal(failure.waitsUntil, 'it is back');
    t.ok(failure.retryAfterSeconds);
  }
});
