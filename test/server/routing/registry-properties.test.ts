import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Resolution } from '../../../server/routing/resolution.ts';
import { combinedState, serviceStates, type ServiceState } from '../../../server/routing/state.ts';
import type { Forward, ForwardEnding, OpenResult } from '../../../server/tunnel/forward.ts';
import { FakeForward } from '../../support/fake-forward.ts';
import { claimTtlMs, holdMs, makeRegistry, type RegistrySetting } from './make-registry.ts';

const envs = ['a', 'b'];
const services = ['web', 'api'];
const owners = ['me', 'them'];
const endings: ForwardEnding['kind'][] = ['lost', 'withdrawn', 'expired'];
const results: OpenResult[] = ['accepted', 'refused', 'timeout', 'limit', 'gone'];

type Action =
  | { kind: 'add'; env: string; service: string; owner: string; tunnel: number; balance: boolean }
  | { kind: 'end'; which: number; ending: ForwardEnding['kind'] }
  | { kind: 'tunnel-lost'; tunnel: number }
  | { kind: 'opened'; which: number; result: OpenResult }
  | { kind: 'draining'; which: number }
  | { kind: 'silence'; which: number; silent: boolean }
  | { kind: 'time'; ms: number }
  | { kind: 'wall-jump'; ms: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    env: fc.constantFrom(...envs),
    service: fc.constantFrom(...services),
    owner: fc.constantFrom(...owners),
    tunnel: fc.nat(4),
    balance: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('end' as const), which: fc.nat(), ending: fc.constantFrom(...endings) }),
  fc.record({ kind: fc.constant('tunnel-lost' as const), tunnel: fc.nat(4) }),
  fc.record({ kind: fc.constant('opened' as const), which: fc.nat(), result: fc.constantFrom(...results) }),
  fc.record({ kind: fc.constant('draining' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('silence' as const), which: fc.nat(), silent: fc.boolean() }),
  fc.record({
    kind: fc.constant('time' as const),
    ms: fc.constantFrom(1, 1000, holdMs - 1, holdMs, claimTtlMs + 1),
  }),
  fc.record({ kind: fc.constant('wall-jump' as const), ms: fc.integer({ min: -1e12, max: 1e12 }) }),
);

/** What should be, kept in the simplest way there is. */
class Model {
  readonly setting: RegistrySetting;
  live: FakeForward[] = [];
  readonly owners = new Map<string, { owner: string; seenMs: number }>();
  /** Each that does not work, and why. */
  readonly refusing = new Map<Forward, 'refused' | 'timeout' | 'silent'>();
  readonly told = new Map<string, ServiceState>();

  constructor() {
    this.setting = makeRegistry({
      onStateChange: ({ name, state }, previous) => {
        assert.equal(previous, this.told.get(name), 'each change is told once, after the one before');
        assert.notEqual(state, previous);
        this.told.set(name, state);
      },
    });
  }

  act(action: Action): void {
    const { registry, clock } = this.setting;
    switch (action.kind) {
      case 'add':
        this.#add(action);
        break;
      case 'end':
        this.#end(this.#pick(action.which), action.ending);
        break;
      case 'tunnel-lost': {
        const gone = this.live.filter(({ tunnelId }) => tunnelId.endsWith(`/${action.tunnel}`));
        for (const forward of gone) forward.end();
        for (const forward of gone) this.#end(forward, 'lost');
        break;
      }
      case 'opened': {
        const forward = this.#pick(action.which);
        if (forward === undefined) break;
        if (action.result === 'accepted') this.refusing.delete(forward);
        if (action.result === 'refused') this.refusing.set(forward, 'refused');
        if (action.result === 'timeout' && this.refusing.get(forward) !== 'silent')
          this.refusing.set(forward, 'timeout');
        registry.opened(forward, action.result);
        break;
      }
      case 'silence': {
        const forward = this.#pick(action.which);
        if (forward === undefined) break;
        if (action.silent) this.refusing.set(forward, 'silent');
        else if (this.refusing.get(forward) === 'silent') this.refusing.delete(forward);
        registry.silence(forward, action.silent);
        break;
      }
      case 'draining': {
        const forward = this.#pick(action.which);
        if (forward === undefined) break;
        forward.draining = true;
        registry.refresh(forward);
        break;
      }
      case 'time':
        clock.advance(action.ms);
        for (const forward of this.live) this.#seen(forward);
        break;
      case 'wall-jump':
        clock.wallMs += action.ms;
    }
  }

  forwardsOf(env: string, service: string): FakeForward[] {
    return this.live.filter(({ route }) => route.env === env && route.service === service);
  }

  #pick(which: number): FakeForward | undefined {
    return this.live[which % Math.max(1, this.live.length)];
  }

  #add({ env, service, owner, tunnel, balance }: Action & { kind: 'add' }): void {
    const { registry, clock } = this.setting;
    const tunnelId = `${owner}/${tunnel}`;
    const forward = new FakeForward({ env, service, owner, tunnelId, options: { balance } });
    const claim = this.owners.get(env);
    const unseenMs = claim === undefined ? Infinity : clock.monotonicMs - claim.seenMs;
    const taken = claim !== undefined && claim.owner !== owner && unseenMs <= claimTtlMs;
    const duplicate = this.forwardsOf(env, service).some((other) => other.tunnelId === tunnelId);
    assert.equal(registry.mayClaim(env, owner), !taken);
    assert.equal(registry.add(forward).kind, taken ? 'taken' : duplicate ? 'duplicate' : 'added');
    if (taken || duplicate) return;
    this.live = [forward, ...this.live];
    this.#seen(forward);
  }

  #end(forward: FakeForward | undefined, ending: ForwardEnding['kind']): void {
    if (forward === undefined) return;
    this.#seen(forward);
    this.live = this.live.filter((other) => other !== forward);
    this.setting.end(forward, ending);
  }

  #seen(forward: FakeForward): void {
    this.owners.set(forward.route.env, { owner: forward.owner, seenMs: this.setting.clock.monotonicMs });
  }
}

function checkForward(
  model: Model,
  { forward, standby, state }: Resolution & { kind: 'forward' },
  all: readonly Forward[],
): void {
  assert.ok(forward.live);
  assert.notEqual(standby, forward);
  const served = [forward, ...(standby === undefined ? [] : [standby])];
  assert.ok(served.every((each) => all.includes(each)));
  const working = all.filter((each) => !model.refusing.has(each));
  const staying = working.filter((each) => !each.draining);
  assert.equal(state, working.length > 0 ? 'ready' : 'degraded');
  if (working.length > 0)
    assert.ok(
      served.some((each) => working.includes(each)),
      'one of the two works',
    );
  if (working.length > 0 && standby !== undefined) assert.ok(working.includes(standby));
  if (staying.length > 0)
    assert.ok(
      served.some((each) => staying.includes(each)),
      'and stays',
    );
  if (all[0]?.options.balance !== true && working.length === all.length && staying.length > 0)
    assert.equal(forward, staying[0], 'the newest');
}

function check(model: Model): void {
  const { registry } = model.setting;
  for (const env of envs) {
    for (const service of services) {
      const resolution = registry.resolve(`${service}--${env}.preview.test`);
      const all = model.forwardsOf(env, service);
      assert.equal(resolution.kind === 'forward', all.length > 0);
      if (resolution.kind === 'forward') checkForward(model, resolution, all);
      if (resolution.kind === 'no-service') assert.ok(model.live.some(({ route }) => route.env === env));
      if ('environment' in resolution)
        assert.equal(resolution.environment.owner, model.owners.get(env)?.owner);
    }
    const view = registry.view(env);
    assert.equal(view === undefined, !model.owners.has(env));
    if (view === undefined) continue;
    assert.equal(
      view.state,
      combinedState(view.services.map(({ state }) => state)),
      'the state of its services',
    );
    assert.equal(view.state, model.told.get(env), 'and what was told');
    const live = model.live.filter(({ route }) => route.env === env);
    assert.equal(view.state === 'ready' || view.state === 'degraded', live.length > 0);
    assert.equal(new Set(live.map(({ owner }) => owner)).size <= 1, true, 'one owner');
  }
  const states = [...registry.views()].map(({ state }) => state);
  const counts = serviceStates.map((state) => states.filter((each) => each === state).length);
  assert.deepEqual(Object.values(registry.stateCounts()), counts);
}

t.test('whatever comes, goes, refuses and passes: no host is led astray, and the state is true', (t) => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40, size: 'max' }), (actions) => {
      const model = new Model();
      for (const each of actions) {
        model.act(each);
        check(model);
      }
    }),
    { numRuns: 300 },
  );
  t.end();
});
