import t from 'tap';
import { offlineEnv, unknownService } from '../../../server/ingress/env-failures.ts';
import { environmentView } from './fake-router.ts';

const web = { env: 'pr-1', service: 'web', port: undefined };
const environment = environmentView({
  services: [
    { route: web, access: 'public' },
    { route: { env: 'pr-1', service: 'api', port: 8080 }, access: 'private' },
    { route: { env: 'pr-1', service: 'ssh', port: undefined }, access: 'private' },
  ],
});
const options = { domain: 'preview.test', publicAddress: { protocol: 'https' as const, port: 8443 } };

t.test('an unknown service lists what there is, to those allowed to see', async (t) => {
  const route = { env: 'pr-1', service: 'nope', port: undefined };
  t.same(unknownService(environment, route, { ...options, seesAll: true }).services, [
    { name: 'web--pr-1', url: 'https://web--pr-1.preview.test:8443/' },
    { name: 'api--8080--pr-1', url: 'https://api--8080--pr-1.preview.test:8443/' },
  ]);
  const seen = unknownService(environment, route, { ...options, seesAll: false });
  t.same(seen.services, [{ name: 'web--pr-1', url: 'https://web--pr-1.preview.test:8443/' }]);
  t.equal(seen.code, 'ERR_SERVICE_UNKNOWN');
  t.match(seen.reason, 'service nope');
  const none = unknownService(
    environmentView(),
    { ...route, service: undefined, port: 81 },
    { ...options, seesAll: true },
  );
  t.match(none.reason, 'default service on port 81');
});

t.test('an offline environment says since when, and when to ask again', async (t) => {
  const failure = offlineEnv(environment);
  t.equal(failure.code, 'ERR_ENV_OFFLINE');
  t.equal(failure.waits, true);
  t.ok(failure.retryAfterSeconds);
  t.match(failure.facts, [{ field: 'lastSeen', value: '2023-11-14T22:13:20.000Z' }]);
});
