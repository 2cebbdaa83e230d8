import fc from 'fast-check';
import t from 'tap';
import { FakeForward } from '../../support/fake-forward.ts';
import { claimTtlMs, holdMs, host, makeRegistry, type RegistrySetting } from './make-registry.ts';

/** A gateway that was started with what another one left. */
function restarted(before: RegistrySetting): RegistrySetting {
  const after = makeRegistry();
  after.clock.wallMs = before.clock.wallMs;
  after.registry.recall([...before.remembered.values()]);
  return after;
}

function went(setting: RegistrySetting, env = 'pr-1', owner = 'me'): FakeForward {
  const forward = new FakeForward({ env, owner });
  setting.registry.add(forward);
  setting.end(forward);
  return forward;
}

t.test('a claim lasts for claim-ttl after the name was last seen', (t) => {
  const setting = makeRegistry();
  const { registry, clock, end } = setting;
  const forward = new FakeForward({ owner: 'me' });
  registry.add(forward);
  clock.advance(2 * claimTtlMs);
  t.equal(registry.claimEndsAt('pr-1'), undefined, 'online: it does not end');
  t.equal(registry.mayClaim('pr-1', 'them'), false);
  end(forward);
  const endsAt = clock.wallMs + claimTtlMs;
  t.equal(registry.claimEndsAt('pr-1'), endsAt);
  clock.advance(claimTtlMs);
  t.equal(registry.claimEndsAt('pr-1'), endsAt);
  t.equal(registry.mayClaim('pr-1', 'them'), false, 'to the last moment');
  clock.advance(1);
  t.equal(registry.mayClaim('pr-1', 'them'), true);
  t.equal(registry.claimEndsAt('pr-9'), undefined);
  t.end();
});

t.test('it is measured by the clock that only goes forward', (t) => {
  const setting = makeRegistry();
  went(setting);
  const { registry, clock } = setting;
  clock.wallMs += 10 * claimTtlMs;
  t.equal(registry.mayClaim('pr-1', 'them'), false, 'the wall clock was set forward');
  t.equal(registry.claimEndsAt('pr-1'), clock.wallMs + claimTtlMs);
  clock.wallMs -= 20 * claimTtlMs;
  clock.monotonicMs += claimTtlMs + 1;
  t.equal(registry.mayClaim('pr-1', 'them'), true, 'the wall clock was set back');
  t.end();
});

t.test('released: as if it had never been, for visitors and for the next claimant', (t) => {
  const setting = makeRegistry();
  went(setting);
  const { registry, memories } = setting;
  t.equal(registry.release('pr-1', 'me'), true);
  t.match(registry.resolve(host), { kind: 'unknown' });
  t.equal(registry.view('pr-1'), undefined);
  t.equal(registry.mayClaim('pr-1', 'them'), true);
  t.equal(memories.at(-1), 'pr-1 forgotten');
  t.same(registry.stateCounts(), { ready: 0, degraded: 0, reconnecting: 0, offline: 0, expired: 0 });
  t.match(registry.add(new FakeForward({ owner: 'them' })), { kind: 'added', takenOver: [] });
  t.match(restarted(setting).registry.view('pr-1'), { owner: 'them' });
  t.end();
});

t.test('released while it is online: no request reaches it any more, and its end disturbs nobody', (t) => {
  const { registry, end, told } = makeRegistry();
  const old = new FakeForward({ owner: 'me', access: 'public' });
  registry.add(old);
  registry.release('pr-1', 'me');
  t.match(registry.resolve(host), { kind: 'unknown' });
  const theirs = new FakeForward({ owner: 'them' });
  t.match(registry.add(theirs), { kind: 'added', takenOver: [] });
  end(old);
  registry.refresh(old);
  registry.opened(old, 'refused');
  registry.silence(old, true);
  t.match(registry.resolve(host), { kind: 'forward', forward: theirs, state: 'ready' });
  t.equal(registry.stateCounts().ready, 1);
  t.same(told.slice(-1), ['pr-1: new -> ready']);
  t.end();
});

t.test('transferred: the new owner alone, from now on and for a whole claim-ttl', (t) => {
  const setting = makeRegistry();
  went(setting);
  const { registry, clock } = setting;
  const lastSeenAt = clock.wallMs;
  clock.advance(claimTtlMs - 1);
  t.equal(registry.transfer('pr-1', 'me', 'them'), true);
  t.equal(registry.mayClaim('pr-1', 'me'), false);
  t.equal(registry.mayClaim('pr-1', 'them'), true);
  t.equal(registry.claimEndsAt('pr-1'), clock.wallMs + claimTtlMs);
  t.match(registry.view('pr-1'), { owner: 'them', lastSeenAt, services: [], access: 'private' });
  t.same(registry.add(new FakeForward({ owner: 'me' })), { kind: 'taken' });
  clock.advance(claimTtlMs);
  t.equal(registry.mayClaim('pr-1', 'me'), false);
  clock.advance(1);
  t.equal(registry.mayClaim('pr-1', 'me'), true, 'nobody came');
  t.end();
});

t.test('transferred while it is online: what the owner until then offers is not reached', (t) => {
  const setting = makeRegistry();
  const { registry, clock, end, told } = setting;
  const old = new FakeForward({ owner: 'me', access: 'public' });
  registry.add(old);
  clock.advance(5000);
  registry.transfer('pr-1', 'me', 'them');
  t.match(registry.resolve(host), {
    kind: 'offline',
    environment: { owner: 'them', lastSeenAt: clock.wallMs },
  });
  t.equal(told.at(-1), 'pr-1: ready -> offline');
  t.match(setting.remembered.get('pr-1'), {
    owner: 'them',
    online: false,
    givenAt: clock.wallMs,
    services: [],
  });
  const theirs = new FakeForward({ owner: 'them' });
  registry.add(theirs);
  t.equal(setting.remembered.get('pr-1')?.givenAt, undefined, 'it was seen');
  end(old);
  t.match(registry.resolve(host), { kind: 'forward', forward: theirs });
  end(theirs);
  clock.advance(holdMs);
  t.match(registry.resolve(host), { kind: 'offline', environment: { owner: 'them' } });
  t.end();
});

t.test('a transfer survives a restart, with what is left of the claim', (t) => {
  const before = makeRegistry();
  went(before);
  before.clock.advance(claimTtlMs - 1);
  before.registry.transfer('pr-1', 'me', 'them');
  before.clock.advance(claimTtlMs - 1000);
  const { registry, clock } = restarted(before);
  t.equal(registry.mayClaim('pr-1', 'me'), false);
  t.equal(registry.claimEndsAt('pr-1'), clock.wallMs + 1000);
  clock.advance(1001);
  t.equal(registry.mayClaim('pr-1', 'me'), true);
  t.end();
});

t.test('of two memories of one name the later one counts, also when it was only given away', (t) => {
  const before = makeRegistry();
  went(before);
  const early = [...before.remembered.values()];
  before.clock.advance(1000);
  before.registry.transfer('pr-1', 'me', 'them');
  const late = [...before.remembered.values()];
  for (const order of [
    [early, late],
    [late, early],
  ]) {
    const { registry, clock } = makeRegistry();
    clock.wallMs = before.clock.wallMs;
    for (const remembered of order) registry.recall(remembered);
    t.match(registry.view('pr-1'), { owner: 'them' });
  }
  t.end();
});

t.test('what changed hands meanwhile is not taken from its new owner, and stays written', (t) => {
  const setting = makeRegistry();
  went(setting, 'pr-1', 'them');
  const { registry, memories } = setting;
  t.equal(registry.release('pr-1', 'me'), false);
  t.equal(registry.transfer('pr-1', 'me', 'others'), false);
  t.equal(registry.release('pr-9', 'me'), false);
  t.match(registry.view('pr-1'), { owner: 'them' });
  t.same(memories.slice(-2), ['pr-1 reconnecting', 'pr-1 reconnecting']);
  t.end();
});

t.test(
  'those who wait for the name are told: a held request at once, a wait for readiness when it is ready',
  async (t) => {
    const setting = makeRegistry();
    went(setting);
    const { registry } = setting;
    const held = registry.hold(host, { ms: 60_000 });
    const waits = registry.hold(host, { ms: 60_000, untilReady: true });
    registry.transfer('pr-1', 'me', 'them');
    t.match(await held, { kind: 'offline', environment: { owner: 'them' } });
    const theirs = new FakeForward({ owner: 'them' });
    registry.add(theirs);
    t.match(await waits, { kind: 'forward', forward: theirs });
    setting.end(theirs);
    const again = registry.hold(host, { ms: 60_000 });
    registry.release('pr-1', 'them');
    t.match(await again, { kind: 'unknown' });
  },
);

type Step = { kind: 'dial' | 'release' | 'transfer'; by: string; to: string } | { kind: 'wait'; ms: number };

t.test(
  'whatever is done, at most one principal may use a name, and memory tells who after a restart',
  (t) => {
    const who = fc.constantFrom('a', 'b', 'c');
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({
        kind: fc.constantFrom('dial' as const, 'release' as const, 'transfer' as const),
        by: who,
        to: who,
      }),
      fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.constantFrom(1, 1000, claimTtlMs, claimTtlMs + 1),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const setting = makeRegistry();
        const { registry, clock } = setting;
        // What ought to be true.
        let owner: string | undefined;
        let ownedMs = 0;
        for (const each of steps) {
          if (each.kind === 'wait') {
            clock.advance(each.ms);
            continue;
          }
          const isOver = clock.monotonicMs - ownedMs > claimTtlMs;
          if (each.kind === 'dial') {
            const forward = new FakeForward({ owner: each.by });
            const added = registry.add(forward).kind === 'added';
            t.equal(added, owner === undefined || owner === each.by || isOver);
            if (!added) continue;
            setting.end(forward);
            owner = each.by;
          } else {
            const done =
              each.kind === 'release'
                ? registry.release('pr-1', each.by)
                : registry.transfer('pr-1', each.by, each.to);
            t.equal(done, owner === each.by);
            if (!done) continue;
            owner = each.kind === 'release' ? undefined : each.to;
          }
          ownedMs = clock.monotonicMs;
        }
        for (const { registry: each } of [setting, restarted(setting)]) {
          const free = owner === undefined || clock.monotonicMs - ownedMs > claimTtlMs;
          for (const name of ['a', 'b', 'c']) t.equal(each.mayClaim('pr-1', name), free || owner === name);
        }
      }),
      { numRuns: 200 },
    );
    t.end();
  },
);
