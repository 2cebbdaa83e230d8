import t from 'tap';
import { FakeForward } from '../../support/fake-forward.ts';
import { claimTtlMs, holdMs, host, makeRegistry } from './make-registry.ts';

t.test('hosts: the apex, foreign ones, unknown environments, live ones in any spelling', (t) => {
  const { registry } = makeRegistry();
  const forward = new FakeForward();
  registry.add(forward);
  t.same(registry.resolve('preview.test:8443'), { kind: 'apex' });
  t.same(registry.resolve('example.com'), { kind: 'foreign' });
  t.same(registry.resolve('a.b.preview.test'), { kind: 'foreign' });
  t.same(registry.resolve('pr-2.preview.test'), { kind: 'unknown', env: 'pr-2' });
  t.match(registry.resolve('not_a_label.preview.test'), { kind: 'unknown' });
  for (const spelling of [host, 'WEB--PR-1.Preview.Test', `${host}:8443`, `${host}.`]) {
    t.match(registry.resolve(spelling), { kind: 'forward', forward }, spelling);
  }
  t.equal(registry.resolve('pr-1.preview.test').kind, 'no-service');
  t.end();
});

t.test('it answers the same after more hosts than it remembers', (t) => {
  const { registry } = makeRegistry();
  const forward = new FakeForward();
  registry.add(forward);
  for (let i = 0; i < 25_000; i += 1) registry.resolve(`s${i}--pr-1.preview.test`);
  t.match(registry.resolve(host), { kind: 'forward', forward });
  t.match(registry.resolve('s1--pr-1.preview.test'), { kind: 'no-service' });
  t.same(registry.resolve('x'.repeat(100_000)), { kind: 'foreign' });
  t.end();
});

t.test('a newer tunnel of the same owner wins at once, the older stands by and comes back', (t) => {
  const { registry, end, told } = makeRegistry();
  const [older, newer] = [new FakeForward(), new FakeForward()];
  t.same(registry.add(older), { kind: 'added', takenOver: [] });
  t.same(registry.add(newer), { kind: 'added', takenOver: [older] });
  t.match(registry.resolve(host), { kind: 'forward', forward: newer, standby: older });
  end(newer);
  t.match(registry.resolve(host), { kind: 'forward', forward: older });
  t.same(told, ['pr-1: new -> ready'], 'it was ready all the time');
  t.end();
});

t.test('one tunnel has a route once', (t) => {
  const { registry } = makeRegistry();
  registry.add(new FakeForward({ tunnelId: 'a' }));
  t.same(registry.add(new FakeForward({ tunnelId: 'a' })), { kind: 'duplicate' });
  t.match(registry.add(new FakeForward({ tunnelId: 'a', port: 8080 })), { kind: 'added' });
  t.end();
});

t.test('another owner is refused, online or not, until the claim is over', (t) => {
  const { registry, clock, end } = makeRegistry();
  const mine = new FakeForward({ owner: 'me' });
  const theirs = new FakeForward({ owner: 'them' });
  registry.add(mine);
  t.same(registry.add(theirs), { kind: 'taken' });
  t.equal(registry.mayClaim('pr-1', 'them'), false);
  clock.advance(10 * claimTtlMs);
  t.same(registry.add(theirs), { kind: 'taken' }, 'it is online');
  end(mine);
  clock.advance(claimTtlMs);
  t.same(registry.add(theirs), { kind: 'taken' });
  t.equal(registry.mayClaim('pr-1', 'me'), true);
  clock.wallMs += 365 * 86_400_000;
  t.equal(registry.mayClaim('pr-1', 'them'), false, 'a clock that jumps ends no claim');
  clock.advance(1);
  t.equal(registry.mayClaim('pr-1', 'them'), true);
  t.match(registry.add(theirs), { kind: 'added', takenOver: [] });
  t.equal(registry.mayClaim('pr-1', 'me'), false);
  t.equal(registry.mayClaim('pr-2', 'me'), true);
  t.end();
});

t.test("what the owner before offered is not the new one's", (t) => {
  const { registry, clock, end, remembered } = makeRegistry();
  const mine = new FakeForward({ owner: 'me', service: 'secret' });
  registry.add(mine);
  end(mine);
  clock.advance(claimTtlMs + 1);
  registry.add(new FakeForward({ owner: 'them' }));
  const resolution = registry.resolve('secret--pr-1.preview.test');
  t.match(resolution, { kind: 'no-service', environment: { owner: 'them' } });
  t.same(
    resolution.kind === 'no-service' && resolution.environment.services.map(({ route }) => route.service),
    ['web'],
  );
  t.match(remembered.get('pr-1'), { owner: 'them', services: [{ route: { service: 'web' } }] });
  t.equal(remembered.get('pr-1')?.services.length, 1);
  t.end();
});

t.test('each change of state is told once', (t) => {
  const { registry, clock, end, told } = makeRegistry();
  const [web, api] = [new FakeForward(), new FakeForward({ service: 'api' })];
  registry.add(web);
  registry.add(api);
  for (let i = 0; i < 3; i += 1) registry.opened(web, 'refused', 'no');
  for (let i = 0; i < 3; i += 1) registry.opened(api, 'timeout');
  registry.opened(web, 'accepted');
  end(web);
  end(api);
  clock.advance(holdMs);
  for (let i = 0; i < 3; i += 1) t.match(registry.resolve(host), { kind: 'offline' });
  registry.add(new FakeForward());
  t.same(
    told.map((line) => line.replace('pr-1: ', '')),
    [
      'new -> ready',
      'ready -> degraded',
      'degraded -> ready',
      'ready -> degraded',
      'degraded -> reconnecting',
      'reconnecting -> offline',
      'offline -> ready',
    ],
  );
  t.end();
});

t.test('the end of a hold is told though nobody asks', async (t) => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { registry, end } = makeRegistry({
    holdMs: 30,
    clock: { monotonic: () => performance.now(), wall: () => Date.now() },
    onStateChange: ({ name, state }) => {
      if (state === 'offline') resolve(name);
    },
  });
  const forward = new FakeForward();
  registry.add(forward);
  end(forward);
  // Its own timer keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  t.equal(await promise, 'pr-1');
  clearInterval(alive);
});

t.test('views and counts', (t) => {
  const { registry, clock, end } = makeRegistry();
  const forwards = ['a', 'b', 'c', 'd'].map((env) => new FakeForward({ env }));
  for (const forward of forwards) registry.add(forward);
  const [a, b, c, d] = forwards as [FakeForward, FakeForward, FakeForward, FakeForward];
  end(a);
  clock.advance(holdMs);
  end(b, 'expired');
  end(c);
  registry.opened(d, 'refused', 'nothing listens there');
  t.equal(registry.view('unknown'), undefined);
  t.match(registry.view('a'), { name: 'a', state: 'offline', sinceMs: clock.wallMs - holdMs });
  t.match(registry.view('d'), {
    name: 'd',
    state: 'degraded',
    lastSeenAt: clock.wallMs,
    services: [{ state: 'degraded', detail: 'nothing listens there' }],
  });
  const states = [...registry.views()].map(({ name, state }) => `${name} ${state}`);
  t.same(states.sort(), ['a offline', 'b expired', 'c reconnecting', 'd degraded']);
  t.same(registry.stateCounts(), { ready: 0, degraded: 1, reconnecting: 1, offline: 1, expired: 1 });
  clock.advance(5000);
  t.equal(registry.view('d')?.lastSeenAt, clock.wallMs, 'the present');
  t.end();
});

t.test(
  'of those offline the longest gone is forgotten first, and none that is online or waited for',
  async (t) => {
    const { registry, end, memories, remembered } = makeRegistry({ maxRemembered: 3 });
    const online = new FakeForward({ env: 'online' });
    const long = new FakeForward({ env: 'long-online' });
    registry.add(online);
    registry.add(long);
    const gone = new FakeForward({ env: 'gone' });
    registry.add(gone);
    end(gone);
    end(long);
    registry.add(new FakeForward({ env: 'next' }));
    t.equal(registry.resolve('web--gone.preview.test').kind, 'unknown', 'it was gone before the other');
    t.equal(remembered.has('gone'), false);
    t.ok(memories.includes('gone forgotten'));
    t.equal(registry.resolve('web--long-online.preview.test').kind, 'reconnecting');
    const held = registry.hold('web--long-online.preview.test', { ms: 60_000 });
    registry.add(new FakeForward({ env: 'another' }));
    t.equal(registry.resolve('web--long-online.preview.test').kind, 'reconnecting', 'somebody waits for it');
    t.equal(registry.resolve('web--online.preview.test').kind, 'forward');
    registry.add(new FakeForward({ env: 'long-online' }));
    t.match(await held, { kind: 'forward' });
  },
);

t.test('many environments that come and go are a bounded number', (t) => {
  const { registry, end, remembered } = makeRegistry({ maxRemembered: 50 });
  for (let i = 0; i < 1000; i += 1) {
    const forward = new FakeForward({ env: `pr-${i}` });
    registry.add(forward);
    end(forward);
  }
  t.same(registry.stateCounts(), { ready: 0, degraded: 0, reconnecting: 50, offline: 0, expired: 0 });
  t.equal([...registry.views()].length, 50);
  t.equal(remembered.size, 50);
  t.equal(registry.resolve('web--pr-999.preview.test').kind, 'reconnecting');
  t.end();
});

t.test('a change of a live forward shows at once', (t) => {
  const { registry, remembered } = makeRegistry();
  const forward = new FakeForward();
  registry.add(forward);
  t.match(registry.resolve(host), { environment: { access: 'private' } });
  forward.access = 'public';
  registry.refresh(forward);
  t.match(registry.resolve(host), { environment: { access: 'public' } });
  t.match(remembered.get('pr-1'), { services: [{ access: 'public' }] });
  t.end();
});

t.test('what it never heard of changes nothing', (t) => {
  const { registry, told } = makeRegistry();
  const stranger = new FakeForward({ env: 'unknown' });
  registry.refresh(stranger);
  registry.remove(stranger, { kind: 'lost', reason: 'by the test' });
  registry.opened(stranger, 'refused');
  t.same([...registry.views()], []);
  t.same(told, []);
  t.end();
});

t.test(
  'what leads to an environment: of each service those that answer first, then the newest',
  async (t) => {
    const { registry } = makeRegistry();
    const [oldest, refuses, newest] = [new FakeForward(), new FakeForward(), new FakeForward()];
    const ssh = new FakeForward({ service: 'ssh' });
    for (const forward of [oldest, refuses, newest, ssh]) registry.add(forward);
    registry.opened(refuses, 'refused');
    t.same(registry.forwardsOf('pr-1'), [newest, oldest, refuses, ssh]);
    newest.draining = true;
    t.same(registry.forwardsOf('pr-1'), [oldest, newest, refuses, ssh]);
    oldest.end();
    t.same(registry.forwardsOf('pr-1'), [newest, refuses, ssh]);
    t.same(registry.forwardsOf('nothing'), []);
  },
);
