import t from 'tap';
import { systemClock } from '../../../server/routing/clock.ts';
import { FakeForward } from '../../support/fake-forward.ts';
import { holdMs, host, makeRegistry } from './make-registry.ts';

t.test('a held request gets the tunnel that comes back', async (t) => {
  const { registry, end } = makeRegistry();
  const [before, after] = [new FakeForward(), new FakeForward()];
  registry.add(before);
  end(before);
  const held = registry.hold(host, { ms: 60_000 });
  t.equal(registry.heldCount, 1);
  registry.add(new FakeForward({ service: 'api' }));
  t.equal(registry.heldCount, 1, 'another service is not what it waits for');
  registry.add(after);
  t.match(await held, { kind: 'forward', forward: after });
  t.equal(registry.heldCount, 0);
});

t.test('a held request is let go when its time is over, or its visitor leaves', async (t) => {
  const { registry, end } = makeRegistry();
  const forward = new FakeForward();
  registry.add(forward);
  end(forward);
  t.match(await registry.hold(host, { ms: 1 }), { kind: 'reconnecting' });
  const left = new AbortController();
  const held = registry.hold(host, { ms: 60_000, signal: left.signal });
  left.abort();
  t.match(await held, { kind: 'reconnecting' });
  t.match(await registry.hold(host, { ms: 60_000, signal: AbortSignal.abort() }), { kind: 'reconnecting' });
  t.equal(registry.heldCount, 0);
});

t.test('a hold lasts no longer than the route is held', async (t) => {
  const { registry, clock, end } = makeRegistry();
  const forward = new FakeForward();
  registry.add(forward);
  end(forward);
  clock.advance(holdMs - 1);
  t.match(await registry.hold(host, { ms: 60_000 }), { kind: 'reconnecting' });
  clock.advance(1);
  t.match(await registry.hold(host, { ms: 60_000 }), { kind: 'offline' });
});

t.test('a clock that jumps lets nobody go, and holds nobody longer', async (t) => {
  const { registry, clock, end } = makeRegistry();
  const forward = new FakeForward();
  registry.add(forward);
  end(forward);
  const held = registry.hold(host, { ms: 60_000 });
  clock.wallMs += 365 * 86_400_000;
  t.match(registry.resolve(host), { kind: 'reconnecting' });
  clock.wallMs = 0;
  t.match(registry.resolve(host), { kind: 'reconnecting' });
  t.equal(registry.heldCount, 1);
  clock.advance(holdMs);
  t.match(registry.resolve(host), { kind: 'offline' });
  t.match(await held, { kind: 'offline' });
});

t.test('whoever waits until it is ready waits through offline, other services, and refusals', async (t) => {
  const { registry, clock, end } = makeRegistry();
  const forward = new FakeForward();
  registry.add(forward);
  end(forward);
  clock.advance(2 * holdMs);
  t.match(await registry.hold(host, { ms: 1, untilReady: true }), { kind: 'offline' });
  const waits = registry.hold(host, { ms: 60_000, untilReady: true });
  registry.add(new FakeForward({ service: 'api' }));
  t.equal(registry.heldCount, 1);
  const back = new FakeForward();
  registry.add(back);
  t.match(await waits, { kind: 'forward' });
  registry.opened(back, 'refused', 'not yet');
  t.match(await registry.hold(host, { ms: 1, untilReady: true }), { kind: 'forward', state: 'degraded' });
  t.match(
    await registry.hold(host, { ms: 60_000 }),
    { kind: 'forward', state: 'degraded' },
    'a request is not held',
  );
  const waitsAgain = registry.hold(host, { ms: 60_000, untilReady: true });
  registry.opened(back, 'accepted');
  t.match(await waitsAgain, { kind: 'forward', state: 'ready' });
});

t.test('an environment that was never seen can be waited for', async (t) => {
  const { registry } = makeRegistry({ maxUnseenWaits: 2 });
  const waits = registry.hold(host, { ms: 60_000, untilReady: true });
  t.equal(registry.heldCount, 1);
  t.same(await registry.hold('pr-9.preview.test', { ms: 1, untilReady: true }), {
    kind: 'unknown',
    env: 'pr-9',
  });
  const other = registry.hold('pr-8.preview.test', { ms: 60_000, untilReady: true });
  t.equal(await registry.hold('pr-7.preview.test', { ms: 60_000, untilReady: true }), 'full');
  t.same(await registry.hold('pr-7.preview.test', { ms: 60_000 }), { kind: 'unknown', env: 'pr-7' });
  registry.add(new FakeForward({ service: 'api' }));
  t.equal(registry.heldCount, 2, 'another service of it');
  registry.add(new FakeForward());
  t.match(await waits, { kind: 'forward' });
  registry.add(new FakeForward({ env: 'pr-8', service: undefined }));
  t.match(await other, { kind: 'forward' });
  t.equal(registry.heldCount, 0);
});

t.test('one too many is told so at once; one that need not wait is none too many', async (t) => {
  const { registry, end } = makeRegistry();
  const forward = new FakeForward();
  registry.add(forward);
  registry.add(new FakeForward({ service: 'api' }));
  end(forward);
  const held = [1, 2, 3].map(() => registry.hold(host, { ms: 60_000 }));
  t.equal(registry.heldCount, 3);
  t.equal(await registry.hold(host, { ms: 60_000 }), 'full');
  t.match(await registry.hold('api--pr-1.preview.test', { ms: 60_000 }), { kind: 'forward' });
  t.match(await registry.hold('db--pr-1.preview.test', { ms: 60_000 }), { kind: 'no-service' });
  registry.add(new FakeForward());
  t.match(await Promise.all(held), [{ kind: 'forward' }, { kind: 'forward' }, { kind: 'forward' }]);
  t.equal(registry.heldCount, 0);
});

t.test('those who wait until it is ready take no place from the requests that are held', async (t) => {
  const { registry, end } = makeRegistry();
  const forward = new FakeForward();
  registry.add(forward);
  end(forward);
  const waits = [1, 2, 3].map(() => registry.hold(host, { ms: 60_000, untilReady: true }));
  t.equal(await registry.hold(host, { ms: 60_000, untilReady: true }), 'full');
  const held = registry.hold(host, { ms: 60_000 });
  t.equal(registry.heldCount, 4);
  registry.add(new FakeForward());
  for (const result of await Promise.all([...waits, held])) t.match(result, { kind: 'forward' });
});

t.test('all environments together hold a bounded number', async (t) => {
  const { registry, end } = makeRegistry({ maxHeldTotal: 4 });
  const forwards = ['a', 'b', 'c'].map((env) => new FakeForward({ env }));
  for (const forward of forwards) {
    registry.add(forward);
    end(forward);
  }
  const held = ['a', 'a', 'b', 'b'].map((env) => registry.hold(`web--${env}.preview.test`, { ms: 60_000 }));
  t.equal(await registry.hold('web--c.preview.test', { ms: 60_000 }), 'full');
  registry.add(new FakeForward({ env: 'a' }));
  const another = registry.hold('web--c.preview.test', { ms: 60_000 });
  t.equal(registry.heldCount, 3);
  registry.add(new FakeForward({ env: 'b' }));
  registry.add(new FakeForward({ env: 'c' }));
  const kinds = (await Promise.all([...held, another])).map((result) => result !== 'full' && result.kind);
  t.same(kinds, Array(5).fill('forward'));
});

t.test('hosts that nobody could wait for are answered at once', async (t) => {
  const { registry } = makeRegistry();
  const options = { ms: 60_000, untilReady: true };
  t.match(await registry.hold('preview.test', options), { kind: 'apex' });
  t.match(await registry.hold('example.com', options), { kind: 'foreign' });
  t.match(await registry.hold('not_a_label.preview.test', options), { kind: 'unknown' });
});

t.test('whoever has waited to the end is told what is true after it, however early a timer is', async (t) => {
  const { registry, end } = makeRegistry({ clock: systemClock, holdMs: 3 });
  for (let round = 0; round < 30; round += 1) {
    const forward = new FakeForward();
    registry.add(forward);
    end(forward);
    t.match(await registry.hold(host, { ms: 3 }), { kind: 'offline' });
  }
});
