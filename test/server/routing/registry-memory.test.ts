import t from 'tap';
import type { RememberedEnvironment } from '../../../server/routing/memory.ts';
import type { ServiceState } from '../../../server/routing/state.ts';
import { FakeForward } from '../../support/fake-forward.ts';
import { claimTtlMs, holdMs, host, makeRegistry, type RegistrySetting } from './make-registry.ts';

/** As another process would have left it. */
function remembered(
  name: string,
  state: ServiceState,
  {
    owner = 'owner',
    lastSeenAt = 0,
    sinceMs = lastSeenAt,
  }: { owner?: string; lastSeenAt?: number; sinceMs?: number },
): RememberedEnvironment {
  const route = { env: name, service: 'web', port: undefined };
  const online = state === 'ready' || state === 'degraded';
  return {
    name,
    owner,
    lastSeenAt,
    state,
    sinceMs,
    online,
    services: [{ route, access: 'public', state, sinceMs }],
  };
}

/** A gateway that was started with what another one left. */
function restarted(before: RegistrySetting): RegistrySetting {
  const after = makeRegistry();
  after.clock.wallMs = before.clock.wallMs;
  after.registry.recall([...before.remembered.values()]);
  return after;
}

t.test('what was online is reconnecting for the time of a hold, then offline since it was last seen', (t) => {
  const { registry, clock, told, memories } = makeRegistry();
  const lastSeenAt = clock.wallMs - 3_600_000;
  registry.recall([remembered('pr-1', 'ready', { lastSeenAt, sinceMs: lastSeenAt - 5000 })]);
  clock.advance(holdMs - 1);
  t.match(registry.resolve(host), {
    kind: 'reconnecting',
    environment: { state: 'reconnecting', sinceMs: lastSeenAt, lastSeenAt, access: 'public' },
  });
  clock.advance(1);
  t.match(registry.resolve(host), {
    kind: 'offline',
    state: 'offline',
    sinceMs: lastSeenAt,
    environment: {
      state: 'offline',
      lastSeenAt,
      services: [{ route: { service: 'web' }, sinceMs: lastSeenAt }],
    },
  });
  t.same(told, ['pr-1: reconnecting -> offline']);
  t.same(memories, ['pr-1 offline'], 'what was recalled is known there already');
  t.end();
});

t.test('what was offline or expired is so since then', (t) => {
  const { registry, clock } = makeRegistry();
  const lastSeenAt = clock.wallMs - 20_000;
  registry.recall([
    remembered('pr-1', 'offline', { lastSeenAt }),
    remembered('pr-2', 'expired', { lastSeenAt, sinceMs: lastSeenAt - 1 }),
    remembered('pr-3', 'reconnecting', { lastSeenAt }),
  ]);
  t.match(registry.resolve(host), { kind: 'offline', state: 'offline', sinceMs: lastSeenAt });
  t.match(registry.resolve('web--pr-2.preview.test'), {
    kind: 'offline',
    state: 'expired',
    sinceMs: lastSeenAt - 1,
  });
  t.match(registry.view('pr-2'), { state: 'expired', sinceMs: lastSeenAt - 1, lastSeenAt });
  t.match(registry.resolve('web--pr-3.preview.test'), { kind: 'reconnecting' }, 'it had some hold left');
  t.same(registry.stateCounts(), { ready: 0, degraded: 0, reconnecting: 1, offline: 1, expired: 1 });
  t.end();
});

t.test('requests are held for what is expected back', async (t) => {
  const { registry, clock } = makeRegistry();
  registry.recall([remembered('pr-1', 'degraded', { lastSeenAt: clock.wallMs })]);
  const held = registry.hold(host, { ms: 60_000 });
  const back = new FakeForward();
  registry.add(back);
  t.match(await held, { kind: 'forward', forward: back, state: 'ready' });
});

t.test('claims outlive the process, as long as they would have lasted', (t) => {
  const { registry, clock } = makeRegistry();
  registry.recall([
    remembered('fresh', 'ready', { owner: 'me', lastSeenAt: clock.wallMs - claimTtlMs + 1 }),
    remembered('stale', 'offline', { owner: 'me', lastSeenAt: clock.wallMs - claimTtlMs - 1 }),
    remembered('future', 'offline', { owner: 'me', lastSeenAt: clock.wallMs + 365 * 86_400_000 }),
  ]);
  t.equal(registry.mayClaim('fresh', 'them'), false);
  t.equal(registry.mayClaim('fresh', 'me'), true);
  t.equal(registry.mayClaim('stale', 'them'), true);
  t.equal(registry.mayClaim('future', 'them'), false, 'the clock was set back');
  t.same(registry.add(new FakeForward({ env: 'fresh', owner: 'them' })), { kind: 'taken' });
  clock.advance(2);
  t.equal(registry.mayClaim('fresh', 'them'), true);
  t.equal(registry.mayClaim('future', 'them'), false);
  clock.advance(claimTtlMs);
  t.equal(registry.mayClaim('future', 'them'), true, 'and no claim is for ever');
  t.end();
});

t.test('what is live, or was seen since then, stays as it is', (t) => {
  const { registry, clock, end } = makeRegistry();
  const [live, gone] = [new FakeForward({ env: 'live' }), new FakeForward({ env: 'gone' })];
  registry.add(live);
  registry.add(gone);
  end(gone);
  clock.advance(holdMs);
  registry.recall([
    remembered('live', 'offline', { owner: 'them', lastSeenAt: clock.wallMs + 1000 }),
    remembered('gone', 'ready', { owner: 'them', lastSeenAt: clock.wallMs - holdMs }),
  ]);
  t.match(registry.resolve('web--live.preview.test'), { kind: 'forward', environment: { owner: 'owner' } });
  t.match(registry.resolve('web--gone.preview.test'), { kind: 'offline', environment: { owner: 'owner' } });
  t.end();
});

t.test('what another process held on to until it ended is expected back', (t) => {
  const { registry, clock, told } = makeRegistry();
  registry.recall([remembered('pr-1', 'ready', { lastSeenAt: clock.wallMs })]);
  clock.advance(2 * holdMs);
  t.match(registry.resolve(host), { kind: 'offline' });
  registry.recall([remembered('pr-1', 'ready', { lastSeenAt: clock.wallMs - 1 })]);
  t.match(registry.resolve(host), { kind: 'reconnecting' });
  t.equal(told.at(-1), 'pr-1: offline -> reconnecting');
  t.end();
});

t.test('a name that passed on to somebody else in another process is theirs', (t) => {
  const { registry, clock } = makeRegistry();
  registry.recall([
    remembered('pr-1', 'offline', { owner: 'me', lastSeenAt: clock.wallMs - 2 * claimTtlMs }),
  ]);
  registry.recall([remembered('pr-1', 'ready', { owner: 'them', lastSeenAt: clock.wallMs - 1 })]);
  t.equal(registry.mayClaim('pr-1', 'me'), false);
  t.equal(registry.mayClaim('pr-1', 'them'), true);
  t.match(registry.view('pr-1'), { owner: 'them', state: 'reconnecting' });
  t.end();
});

t.test('of more than are remembered the longest gone are left out, and forgotten', (t) => {
  const { registry, clock, memories } = makeRegistry({ maxRemembered: 3 });
  const all = [1, 2, 3, 4, 5].map((i) =>
    remembered(`pr-${i}`, 'offline', { lastSeenAt: clock.wallMs - (i % 3) * 1000 - i }),
  );
  registry.recall(all);
  t.same([...registry.views()].map(({ name }) => name).sort(), ['pr-1', 'pr-3', 'pr-4']);
  t.same(memories.sort(), ['pr-2 forgotten', 'pr-5 forgotten']);
  t.end();
});

t.test('remembered: what matters after a restart, and no more often', (t) => {
  const { registry, clock, end, memories, remembered } = makeRegistry();
  const [web, newer, api] = [new FakeForward(), new FakeForward(), new FakeForward({ service: 'api' })];
  registry.add(web);
  t.match(remembered.get('pr-1'), { owner: 'owner', online: true, state: 'ready', lastSeenAt: clock.wallMs });
  registry.add(newer);
  for (let i = 0; i < 10; i += 1) {
    registry.opened(newer, 'refused', 'no');
    registry.opened(newer, 'accepted');
    registry.resolve(host);
  }
  end(web);
  t.same(memories, ['pr-1 ready'], 'a stand-by that comes and goes, a service that refuses now and then');
  registry.add(api);
  end(api, 'withdrawn');
  t.same(
    remembered.get('pr-1')?.services.map(({ route, state }) => `${route.service} ${state}`),
    ['web ready', 'api offline'],
  );
  end(newer);
  t.match(remembered.get('pr-1'), { online: false, state: 'reconnecting', lastSeenAt: clock.wallMs });
  clock.advance(holdMs);
  registry.resolve(host);
  t.match(remembered.get('pr-1'), { online: false, state: 'offline', sinceMs: clock.wallMs - holdMs });
  const last = new FakeForward();
  registry.add(last);
  end(last, 'expired');
  t.match(remembered.get('pr-1'), { online: false, services: [{ state: 'expired' }, { state: 'offline' }] });
  t.end();
});

t.test('a restart: the next process knows what the one before did', (t) => {
  const before = makeRegistry();
  const forwards = ['ready', 'lost', 'expired'].map((env) => new FakeForward({ env, access: 'public' }));
  const [, lost, expired] = forwards as [FakeForward, FakeForward, FakeForward];
  for (const forward of forwards) before.registry.add(forward);
  before.end(lost);
  before.end(expired, 'expired');
  before.clock.advance(holdMs);
  t.match(before.registry.view('lost'), { state: 'offline' });
  const after = restarted(before);
  for (const [name, state] of [
    ['ready', 'reconnecting'],
    ['lost', 'offline'],
    ['expired', 'expired'],
  ] as const) {
    t.match(after.registry.view(name), { name, state, owner: 'owner', access: 'public' });
  }
  after.clock.advance(holdMs);
  t.match(after.registry.view('ready'), { state: 'offline' });
  t.match(
    restarted(after).registry.view('ready'),
    { state: 'offline' },
    'and is not expected back a second time',
  );
  t.end();
});
