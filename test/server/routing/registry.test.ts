import fc from 'fast-check';
import t from 'tap';
import { Registry, type RegistryOptions } from '../../../server/routing/registry.ts';
import { FakeForward } from '../../support/fake-forward.ts';

class Clock {
  now = 1_000_000;
}

function make(overrides: Partial<RegistryOptions> = {}): { registry: Registry; clock: Clock } {
  const clock = new Clock();
  const registry = new Registry({
    domain: 'preview.test',
    holdMs: 10_000,
    claimTtlMs: 60_000,
    maxHeldPerEnv: 3,
    maxRemembered: 1000,
    now: () => clock.now,
    ...overrides,
  });
  return { registry, clock };
}

const host = 'web--pr-1.preview.test';

t.test('hosts: the apex, foreign ones, unknown environments, live ones in any spelling', (t) => {
  const { registry } = make();
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
  const { registry } = make();
  const forward = new FakeForward();
  registry.add(forward);
  for (let i = 0; i < 25_000; i += 1) registry.resolve(`s${i}--pr-1.preview.test`);
  t.match(registry.resolve(host), { kind: 'forward', forward });
  t.match(registry.resolve('s1--pr-1.preview.test'), { kind: 'no-service' });
  t.same(registry.resolve('x'.repeat(100_000)), { kind: 'foreign' });
  t.end();
});

t.test('a newer tunnel of the same owner wins at once, the older stands by and comes back', (t) => {
  const { registry } = make();
  const [older, newer] = [new FakeForward(), new FakeForward()];
  t.same(registry.add(older), { kind: 'added', takenOver: [] });
  t.same(registry.add(newer), { kind: 'added', takenOver: [older] });
  t.match(registry.resolve(host), { kind: 'forward', forward: newer, standby: older });
  registry.remove(newer);
  t.match(registry.resolve(host), { kind: 'forward', forward: older });
  t.end();
});

t.test('one tunnel has a route once', (t) => {
  const { registry } = make();
  registry.add(new FakeForward({ tunnelId: 'a' }));
  t.same(registry.add(new FakeForward({ tunnelId: 'a' })), { kind: 'duplicate' });
  t.match(registry.add(new FakeForward({ tunnelId: 'a', port: 8080 })), { kind: 'added' });
  t.end();
});

t.test('another owner is refused, online or not, until the claim is over', (t) => {
  const { registry, clock } = make();
  const mine = new FakeForward({ owner: 'me' });
  const theirs = new FakeForward({ owner: 'them' });
  registry.add(mine);
  t.same(registry.add(theirs), { kind: 'taken' });
  t.equal(registry.mayClaim('pr-1', 'them'), false);
  clock.now += 100_000;
  t.same(registry.add(theirs), { kind: 'taken' }, 'it is online');
  registry.remove(mine);
  clock.now += 60_000;
  t.same(registry.add(theirs), { kind: 'taken' });
  t.equal(registry.mayClaim('pr-1', 'me'), true);
  clock.now += 1;
  t.equal(registry.mayClaim('pr-1', 'them'), true);
  t.match(registry.add(theirs), { kind: 'added', takenOver: [] });
  t.equal(registry.mayClaim('pr-1', 'me'), false);
  t.equal(registry.mayClaim('pr-2', 'me'), true);
  t.end();
});

t.test("what the owner before offered is not the new one's", (t) => {
  const { registry, clock } = make();
  const mine = new FakeForward({ owner: 'me', service: 'secret' });
  registry.add(mine);
  registry.remove(mine);
  clock.now += 60_001;
  registry.add(new FakeForward({ owner: 'them' }));
  const resolution = registry.resolve('secret--pr-1.preview.test');
  t.match(resolution, { kind: 'no-service', environment: { owner: 'them' } });
  t.same(
    resolution.kind === 'no-service' && resolution.environment.services.map(({ route }) => route.service),
    ['web'],
  );
  t.end();
});

t.test('lost: reconnecting, then offline', (t) => {
  const { registry, clock } = make();
  const forward = new FakeForward();
  registry.add(forward);
  registry.remove(forward);
  t.match(registry.resolve(host), {
    kind: 'reconnecting',
    environment: { name: 'pr-1', lastSeenAt: clock.now },
  });
  clock.now += 10_000;
  t.match(registry.resolve(host), { kind: 'offline' });
  t.end();
});

t.test('a held request gets the tunnel that comes back', async (t) => {
  const { registry } = make();
  const [before, after] = [new FakeForward(), new FakeForward()];
  registry.add(before);
  registry.remove(before);
  const held = registry.hold(host, { ms: 60_000 });
  t.equal(registry.heldCount, 1);
  registry.add(new FakeForward({ service: 'api' }));
  t.equal(registry.heldCount, 1, 'another service is not what it waits for');
  registry.add(after);
  t.match(await held, { kind: 'forward', forward: after });
  t.equal(registry.heldCount, 0);
});

t.test('a held request is let go when its time is over, or its visitor leaves', async (t) => {
  const { registry } = make();
  const forward = new FakeForward();
  registry.add(forward);
  registry.remove(forward);
  t.match(await registry.hold(host, { ms: 1 }), { kind: 'reconnecting' });
  const left = new AbortController();
  const held = registry.hold(host, { ms: 60_000, signal: left.signal });
  left.abort();
  t.match(await held, { kind: 'reconnecting' });
  t.match(await registry.hold(host, { ms: 60_000, signal: AbortSignal.abort() }), { kind: 'reconnecting' });
  t.equal(registry.heldCount, 0);
});

t.test('a hold lasts no longer than the route is held', async (t) => {
  const { registry, clock } = make();
  const forward = new FakeForward();
  registry.add(forward);
  registry.remove(forward);
  clock.now += 9_999;
  t.match(await registry.hold(host, { ms: 60_000 }), { kind: 'reconnecting' });
  clock.now += 1;
  t.match(await registry.hold(host, { ms: 60_000 }), { kind: 'offline' });
});

t.test('whoever waits until it is ready waits through offline and other services', async (t) => {
  const { registry, clock } = make();
  const forward = new FakeForward();
  registry.add(forward);
  registry.remove(forward);
  clock.now += 20_000;
  t.match(await registry.hold(host, { ms: 1, untilReady: true }), { kind: 'offline' });
  const waits = registry.hold(host, { ms: 60_000, untilReady: true });
  registry.add(new FakeForward({ service: 'api' }));
  t.equal(registry.heldCount, 1);
  registry.add(forward);
  t.match(await waits, { kind: 'forward' });
});

t.test('one too many is told so at once; one that need not wait is none too many', async (t) => {
  const { registry } = make();
  const forward = new FakeForward();
  registry.add(forward);
  registry.add(new FakeForward({ service: 'api' }));
  registry.remove(forward);
  const held = [1, 2, 3].map(() => registry.hold(host, { ms: 60_000 }));
  t.equal(registry.heldCount, 3);
  t.equal(await registry.hold(host, { ms: 60_000 }), 'full');
  t.match(await registry.hold('api--pr-1.preview.test', { ms: 60_000 }), { kind: 'forward' });
  t.match(await registry.hold('db--pr-1.preview.test', { ms: 60_000 }), { kind: 'no-service' });
  registry.add(forward);
  t.match(await Promise.all(held), [{ kind: 'forward' }, { kind: 'forward' }, { kind: 'forward' }]);
  t.equal(registry.heldCount, 0);
});

t.test('hosts that nobody could wait for are answered at once', async (t) => {
  const { registry } = make();
  t.match(await registry.hold('preview.test', { ms: 60_000 }), { kind: 'apex' });
  t.match(await registry.hold('example.com', { ms: 60_000 }), { kind: 'foreign' });
  t.match(await registry.hold('pr-9.preview.test', { ms: 60_000, untilReady: true }), { kind: 'unknown' });
});

t.test(
  'of those offline the longest gone is forgotten first, and none that is online or waited for',
  async (t) => {
    const { registry } = make({ maxRemembered: 3 });
    const online = new FakeForward({ env: 'online' });
    const long = new FakeForward({ env: 'long-online' });
    registry.add(online);
    registry.add(long);
    const gone = new FakeForward({ env: 'gone' });
    registry.add(gone);
    registry.remove(gone);
    registry.remove(long);
    registry.add(new FakeForward({ env: 'next' }));
    t.equal(registry.resolve('web--gone.preview.test').kind, 'unknown', 'it was gone before the other');
    t.equal(registry.resolve('web--long-online.preview.test').kind, 'reconnecting');
    const held = registry.hold('web--long-online.preview.test', { ms: 60_000 });
    registry.add(new FakeForward({ env: 'another' }));
    t.equal(registry.resolve('web--long-online.preview.test').kind, 'reconnecting', 'somebody waits for it');
    t.equal(registry.resolve('web--online.preview.test').kind, 'forward');
    registry.add(long);
    t.match(await held, { kind: 'forward' });
  },
);

t.test('many environments that come and go are a bounded number', (t) => {
  const { registry } = make({ maxRemembered: 50 });
  for (let i = 0; i < 1000; i += 1) {
    const forward = new FakeForward({ env: `pr-${i}` });
    registry.add(forward);
    registry.remove(forward);
  }
  t.equal(registry.environments.size, 50);
  t.equal(registry.onlineCount, 0);
  t.equal(registry.resolve('web--pr-999.preview.test').kind, 'reconnecting');
  t.end();
});

t.test('a change of a live forward shows at once', (t) => {
  const { registry } = make();
  const forward = new FakeForward();
  registry.add(forward);
  t.match(registry.resolve(host), { environment: { access: 'private' } });
  forward.access = 'public';
  registry.refresh(forward);
  t.match(registry.resolve(host), { environment: { access: 'public' } });
  registry.refresh(new FakeForward({ env: 'unknown' }));
  registry.remove(new FakeForward({ env: 'unknown' }));
  t.end();
});

t.test(
  'whatever comes and goes, a host resolves to the newest live forward of its owner, and to nothing else',
  (t) => {
    const actions = fc.array(
      fc.record({
        kind: fc.constantFrom('add', 'remove'),
        env: fc.constantFrom('a', 'b'),
        service: fc.constantFrom('web', 'api'),
        owner: fc.constantFrom('me', 'them'),
        which: fc.nat(5),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(actions, (actions) => {
        const { registry } = make();
        const live = new Map<string, FakeForward[]>();
        const owners = new Map<string, string>();
        for (const { kind, env, service, owner, which } of actions) {
          const key = `${service}--${env}`;
          const there = live.get(key) ?? [];
          if (kind === 'add') {
            const forward = new FakeForward({ env, service, owner });
            const mayAdd = (owners.get(env) ?? owner) === owner;
            if ((registry.add(forward).kind === 'added') !== mayAdd) return false;
            if (mayAdd) {
              owners.set(env, owner);
              live.set(key, [forward, ...there]);
            }
          } else {
            const [gone] = there.splice(which % Math.max(1, there.length), 1);
            if (gone !== undefined) registry.remove(gone);
            live.set(key, there);
          }
          for (const [label, forwards] of live) {
            const resolution = registry.resolve(`${label}.preview.test`);
            const found = resolution.kind === 'forward' ? resolution.forward : undefined;
            if (found !== forwards[0]) return false;
          }
        }
        return true;
      }),
      { numRuns: 300 },
    );
    t.end();
  },
);
