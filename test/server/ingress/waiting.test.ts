import t from 'tap';
import { Prober } from '../../../server/ingress/prober.ts';
import { Waiting } from '../../../server/ingress/waiting.ts';
import type { WaitOptions } from '../../../server/ingress/waiting.ts';
import type { Resolution } from '../../../server/routing/resolution.ts';
import { FakeForward } from './fake-forward.ts';
import { FakeRouter, environmentView } from './fake-router.ts';
import { rawUpstream } from './sockets.ts';

const host = 'web--pr-1.preview.test';
const route = { env: 'pr-1', service: 'web', port: undefined };
const environment = environmentView();
const offline: Resolution = { kind: 'offline', environment, route, state: 'offline', sinceMs: 0 };

function waiting(router: FakeRouter, change: Partial<WaitOptions> = {}): Waiting {
  const options: WaitOptions = {
    host,
    ms: 60_000,
    signal: new AbortController().signal,
    origin: { address: '192.0.2.1', port: 1 },
    mayKnow: () => true,
    evenIfClosed: false,
    ...change,
  };
  return new Waiting(options, { router, prober: new Prober() });
}

t.test('ready is what has a live forward whose service accepts connections', async (t) => {
  const router = new FakeRouter();
  const forward = new FakeForward(await rawUpstream(t, () => {}));
  router.serve('web--pr-1', forward);
  t.same(await waiting(router).outcome(), { kind: 'ready', env: 'pr-1' });
  t.equal(forward.origins.length, 1);
});

t.test('or one whose stand-by does', async (t) => {
  const router = new FakeRouter();
  const refusing = new FakeForward(1);
  refusing.failure = { kind: 'refused', detail: '' };
  router.serve('web--pr-1', refusing, new FakeForward(await rawUpstream(t, () => {})));
  t.match(await waiting(router).outcome(), { kind: 'ready' });
});

t.test('waits through whatever is not, for one that is', async (t) => {
  const before: Resolution[] = [
    offline,
    { kind: 'unknown', env: 'pr-1' },
    { kind: 'reconnecting', environment, route },
    { kind: 'no-service', environment, route, expired: false },
  ];
  const forward = new FakeForward(await rawUpstream(t, () => {}));
  for (const resolution of before) {
    const router = new FakeRouter();
    router.routes.set('web--pr-1', resolution);
    const held = router.held();
    const outcome = waiting(router).outcome();
    await held;
    t.match(router.holds, [{ host, untilReady: true }]);
    router.serve('web--pr-1', forward);
    router.change('web--pr-1', router.resolve(host));
    t.match(await outcome, { kind: 'ready' }, resolution.kind);
  }
});

t.test('a service that refuses is asked again until it accepts', async (t) => {
  const router = new FakeRouter();
  const forward = new FakeForward(await rawUpstream(t, () => {}));
  forward.failure = { kind: 'refused', detail: '' };
  router.serve('web--pr-1', forward);
  const outcome = waiting(router).outcome();
  forward.failure = undefined;
  t.match(await outcome, { kind: 'ready' });
});

t.test('at the end it gives what is true then, and why', async (t) => {
  const router = new FakeRouter();
  const refusing = new FakeForward(1);
  refusing.failure = { kind: 'refused', detail: 'no' };
  router.serve('web--pr-1', refusing);
  t.match(await waiting(router, { ms: 20 }).outcome(), {
    kind: 'late',
    resolution: { kind: 'forward' },
    refusal: { failure: { kind: 'refused', detail: 'no' } },
  });
  const silent = new FakeForward(1);
  silent.gate = new Promise(() => {});
  router.serve('web--pr-1', silent);
  t.match(await waiting(router, { ms: 20 }).outcome(), {
    kind: 'late',
    refusal: { failure: { kind: 'timeout' } },
  });
  for (const resolution of [offline, { kind: 'no-service', environment, route, expired: false } as const]) {
    router.routes.set('web--pr-1', resolution);
    t.match(await waiting(router, { ms: 20 }).outcome(), { kind: 'late', resolution });
  }
});

t.test('what does not speak HTTP is never ready', async (t) => {
  const router = new FakeRouter();
  const forward = new FakeForward(1, { route: { ...route, service: 'ssh' } });
  router.serve('web--pr-1', forward);
  t.match(await waiting(router, { ms: 20 }).outcome(), { kind: 'late', refusal: undefined });
  t.equal(forward.origins.length, 0);
});

t.test('who may not know waits for nothing, or as for what is not there', async (t) => {
  const router = new FakeRouter();
  router.serve('web--pr-1', new FakeForward(1));
  t.same(await waiting(router, { mayKnow: () => false }).outcome(), { kind: 'closed' });
  const forward = new FakeForward(await rawUpstream(t, () => {}));
  router.serve('web--pr-1', forward);
  for (const resolution of [router.resolve(host), { kind: 'unknown', env: 'pr-1' } as const]) {
    router.routes.set('web--pr-1', resolution);
    const options = { ms: 20, mayKnow: () => false, evenIfClosed: true };
    t.same(await waiting(router, options).outcome(), { kind: 'closed' });
  }
  t.equal(forward.origins.length, 0, 'it is not even tried');
  t.equal(router.holds.length, 0);
  let open = false;
  const opened = waiting(router, { mayKnow: () => open, evenIfClosed: true }).outcome();
  open = true;
  router.serve('web--pr-1', forward);
  t.match(await opened, { kind: 'ready' });
});

t.test('a host that is none of its kind any more, and a full house', async (t) => {
  const router = new FakeRouter();
  t.same(await waiting(router, { host: 'elsewhere.test' }).outcome(), { kind: 'closed' });
  router.routes.set('web--pr-1', offline);
  const held = router.held();
  const outcome = waiting(router).outcome();
  await held;
  router.holds[0]?.settle('full');
  t.same(await outcome, { kind: 'full' });
});

t.test('ends when the visitor leaves', async (t) => {
  for (const resolution of [offline, undefined]) {
    const router = new FakeRouter();
    const refusing = new FakeForward(1);
    refusing.failure = { kind: 'refused', detail: '' };
    router.serve('web--pr-1', refusing);
    if (resolution !== undefined) router.routes.set('web--pr-1', resolution);
    const abort = new AbortController();
    const outcome = waiting(router, { signal: abort.signal }).outcome();
    abort.abort();
    t.match(await outcome, { kind: 'late' });
  }
});
