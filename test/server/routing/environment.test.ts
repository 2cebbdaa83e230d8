import t from 'tap';
import { routeKey } from '../../../server/routing/answers.ts';
import { Environment, type EnvironmentChange } from '../../../server/routing/environment.ts';
import type { Resolution } from '../../../server/routing/resolution.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeForward } from '../../support/fake-forward.ts';

const holdMs = 10_000;
const lost = { kind: 'lost', reason: 'by the test' } as const;
const withdrawn = { kind: 'withdrawn', reason: 'by the test' } as const;
const expired = { kind: 'expired', reason: 'by the test' } as const;

interface Setting {
  readonly environment: Environment;
  readonly clock: FakeClock;
  readonly changes: EnvironmentChange[];
  readonly ask: (service?: string) => Resolution;
  /** `service state` of each that is listed. */
  readonly listed: () => string[];
}

function make(...forwards: FakeForward[]): Setting {
  const clock = new FakeClock();
  const changes: EnvironmentChange[] = [];
  const environment = new Environment('pr-1', 'owner', {
    clock,
    holdMs,
    onChange: (_environment, change) => changes.push(change),
  });
  for (const forward of forwards) environment.add(forward);
  return {
    environment,
    clock,
    changes,
    ask: (service = 'web') => {
      const route = { env: 'pr-1', service, port: undefined };
      return environment.resolve(route, routeKey(route));
    },
    listed: () => environment.view().services.map(({ route, state }) => `${route.service} ${state}`),
  };
}

/** The forward ends as its tunnel does it: it is no longer live when that is told. */
function end(
  environment: Environment,
  forward: FakeForward,
  ending: Parameters<Environment['remove']>[1],
): void {
  forward.end();
  environment.remove(forward, ending);
}

const refuse = (environment: Environment, forward: FakeForward, detail = 'nothing listens there'): void =>
  environment.opened(forward, 'refused', detail);

t.test('the newest forward answers, the one before it stands by', (t) => {
  const [oldest, older, newest] = [new FakeForward(), new FakeForward(), new FakeForward()];
  const { environment, ask } = make(oldest);
  t.same(environment.add(older), [oldest]);
  t.same(environment.add(newest), [older, oldest]);
  t.match(ask(), { kind: 'forward', forward: newest, state: 'ready', standby: older });
  end(environment, newest, lost);
  t.match(ask(), { kind: 'forward', forward: older, standby: oldest });
  end(environment, oldest, lost);
  t.match(ask(), { kind: 'forward', forward: older, standby: undefined });
  t.equal(environment.state, 'ready');
  t.end();
});

t.test("balance spreads over all by what they have to do, and each one's stand-by is another", (t) => {
  const forwards = [1, 2, 3].map(() => new FakeForward({ options: { balance: true } }));
  const { ask } = make(...forwards);
  for (let i = 0; i < 30; i += 1) {
    const resolution = ask();
    if (resolution.kind !== 'forward') throw new Error(resolution.kind);
    resolution.forward.load.requests += 1;
    t.not(resolution.standby, resolution.forward);
    t.ok(resolution.standby);
  }
  t.same(
    forwards.map((forward) => forward.load.requests),
    [10, 10, 10],
  );
  t.end();
});

t.test('the newest forward decides whether there is balance', (t) => {
  const [first, second] = [new FakeForward({ options: { balance: true } }), new FakeForward()];
  const { environment, ask } = make(first, second);
  second.load.requests = 5;
  t.match(ask(), { forward: second });
  second.options = { balance: true };
  environment.refresh(second);
  t.match(ask(), { forward: first });
  t.end();
});

t.test('a forward that drains is taken only where there is no other', (t) => {
  const [older, newer] = [new FakeForward(), new FakeForward()];
  const { environment, ask } = make(older, newer);
  newer.draining = true;
  environment.refresh(newer);
  t.match(ask(), { forward: older, standby: newer, state: 'ready' });
  end(environment, older, lost);
  t.match(ask(), { forward: newer, state: 'ready' });
  t.end();
});

t.test('degraded: it refuses, until a channel opens again', (t) => {
  const forward = new FakeForward();
  const { environment, clock, changes, ask } = make(forward);
  const connectedAt = clock.wallMs;
  clock.advance(1000);
  refuse(environment, forward);
  t.match(ask(), {
    kind: 'forward',
    forward,
    state: 'degraded',
    environment: {
      state: 'degraded',
      sinceMs: clock.wallMs,
      services: [{ state: 'degraded', sinceMs: clock.wallMs, detail: 'nothing listens there' }],
    },
  });
  clock.advance(1000);
  const answer = ask();
  const before = changes.length;
  for (let i = 0; i < 5; i += 1) refuse(environment, forward, `other words ${i}`);
  t.equal(ask(), answer, 'refused once more is nothing new');
  t.equal(changes.length, before);
  environment.opened(forward, 'limit', undefined);
  environment.opened(forward, 'gone', undefined);
  t.equal(ask(), answer, 'a full tunnel says nothing of the service');
  environment.opened(forward, 'timeout', undefined);
  t.match(ask(), { environment: { services: [{ detail: /in time/, sinceMs: connectedAt + 1000 }] } });
  environment.opened(forward, 'accepted', undefined);
  t.match(ask(), { state: 'ready', environment: { state: 'ready', sinceMs: clock.wallMs } });
  t.same(
    changes.map(({ previous, lasting }) => [previous, lasting]),
    [
      [undefined, true],
      ['ready', false],
      ['degraded', false],
      ['degraded', false],
    ],
    'how a service feels is not for ever',
  );
  t.end();
});

t.test('while the newest refuses, the stand-by serves; the newest gets a request now and then', (t) => {
  const [older, newer] = [new FakeForward(), new FakeForward()];
  const { environment, clock, ask } = make(older, newer);
  const served = (): unknown => {
    const resolution = ask();
    return resolution.kind === 'forward' && (resolution.forward === newer ? 'newer' : 'older');
  };
  refuse(environment, newer);
  t.match(ask(), { forward: older, standby: undefined, state: 'ready' });
  clock.advance(999);
  t.equal(served(), 'older');
  clock.advance(1);
  t.match(ask(), { forward: newer, standby: older, state: 'ready' }, 'with what works behind it');
  t.equal(served(), 'older', 'one request');
  refuse(environment, newer);
  clock.advance(1999);
  t.equal(served(), 'older');
  clock.advance(1);
  t.equal(served(), 'newer');
  clock.advance(1_000_000);
  t.equal(served(), 'newer');
  clock.advance(4999);
  t.equal(served(), 'older');
  clock.advance(1);
  t.equal(served(), 'newer', 'no longer than that');
  environment.opened(newer, 'accepted', undefined);
  t.match(ask(), { forward: newer, standby: older });
  t.equal(ask(), ask(), 'and that is settled');
  t.end();
});

t.test('all refuse: degraded, and each request tries two of them', (t) => {
  const [older, newer] = [new FakeForward(), new FakeForward()];
  const { environment, ask } = make(older, newer);
  refuse(environment, newer, 'the newer one');
  refuse(environment, older, 'the older one');
  t.match(ask(), {
    forward: newer,
    standby: older,
    state: 'degraded',
    environment: { state: 'degraded', services: [{ detail: 'the newer one' }] },
  });
  t.end();
});

t.test('lost: held for a while, then offline since it was lost', (t) => {
  const forward = new FakeForward();
  const { environment, clock, ask } = make(forward);
  clock.advance(60_000);
  const lostAt = clock.wallMs;
  t.equal(environment.lastSeenAt, lostAt, 'the present');
  end(environment, forward, lost);
  t.equal(environment.online, false);
  clock.advance(holdMs - 1);
  environment.settle();
  t.match(ask(), { kind: 'reconnecting', environment: { state: 'reconnecting', sinceMs: lostAt } });
  t.equal(environment.holdLeftMs('web:'), 1);
  clock.advance(1);
  environment.settle();
  t.match(ask(), {
    kind: 'offline',
    state: 'offline',
    sinceMs: lostAt,
    environment: { state: 'offline', sinceMs: lostAt, lastSeenAt: lostAt },
  });
  t.equal(environment.holdLeftMs('web:'), 0);
  t.equal(environment.heldUntilMs, Infinity);
  t.end();
});

t.test('what an environment that is about to be back never offered is held too', (t) => {
  const forward = new FakeForward();
  const { environment, clock, ask } = make(forward);
  t.match(ask('db'), { kind: 'no-service' });
  end(environment, forward, lost);
  clock.advance(4000);
  t.match(ask('db'), { kind: 'reconnecting' });
  t.equal(environment.holdLeftMs('db:'), 6000);
  clock.advance(6000);
  environment.settle();
  t.match(ask('db'), { kind: 'offline', state: 'offline' });
  t.end();
});

t.test('one service withdrawn while others stay is gone at once', (t) => {
  const [web, api] = [new FakeForward(), new FakeForward({ service: 'api' })];
  const { environment, clock, ask, listed } = make(web, api);
  end(environment, web, withdrawn);
  t.match(ask(), { kind: 'no-service', expired: false });
  t.equal(environment.holdLeftMs('web:'), 0);
  t.same(listed(), ['api ready']);
  clock.advance(holdMs);
  environment.settle();
  end(environment, api, withdrawn);
  t.match(ask('api'), { kind: 'reconnecting' });
  t.same(listed(), ['web offline', 'api reconnecting']);
  t.end();
});

t.test('a client that leaves withdraws one after the other: all of them are held', (t) => {
  const forwards = ['web', 'api', 'db'].map((service) => new FakeForward({ service }));
  const { environment, clock, ask, listed } = make(...forwards);
  for (const forward of forwards) {
    end(environment, forward, withdrawn);
    clock.advance(10);
  }
  t.same(listed(), ['web reconnecting', 'api reconnecting', 'db reconnecting']);
  t.match(ask(), { kind: 'reconnecting' });
  clock.advance(holdMs - 11);
  environment.settle();
  t.match(ask(), { kind: 'reconnecting' });
  clock.advance(1);
  environment.settle();
  t.match(ask(), { kind: 'offline' });
  t.end();
});

t.test('expired: never held, and told apart', (t) => {
  const [web, api] = [new FakeForward(), new FakeForward({ service: 'api' })];
  const { environment, clock, ask } = make(web, api);
  const expiredAt = clock.wallMs;
  end(environment, web, expired);
  t.match(ask(), { kind: 'no-service', expired: true });
  clock.advance(1000);
  end(environment, api, lost);
  t.match(ask(), { kind: 'offline', state: 'expired', sinceMs: expiredAt });
  t.equal(environment.holdLeftMs('web:'), 0);
  t.match(ask('api'), { kind: 'reconnecting' });
  t.equal(environment.state, 'reconnecting');
  const alone = new FakeForward();
  const other = make(alone);
  end(other.environment, alone, expired);
  t.match(other.ask(), { kind: 'offline', state: 'expired' });
  t.match(other.ask('db'), { kind: 'offline', state: 'expired' });
  t.equal(other.environment.state, 'expired');
  other.environment.add(new FakeForward());
  t.equal(other.environment.state, 'ready');
  t.end();
});

t.test('an environment that is online has no such service, and tells which there are', (t) => {
  const { ask } = make(new FakeForward({ access: 'public' }), new FakeForward({ service: 'api' }));
  t.match(ask('db'), {
    kind: 'no-service',
    environment: {
      access: 'public',
      services: [
        { route: { service: 'web' }, access: 'public', state: 'ready' },
        { route: { service: 'api' }, access: 'private', state: 'ready' },
      ],
    },
  });
  t.end();
});

t.test('a service that is lost while others are live is not there once its hold is over', (t) => {
  const [web, api] = [new FakeForward(), new FakeForward({ service: 'api' })];
  const { environment, clock, ask, listed } = make(web, api);
  end(environment, web, lost);
  t.equal(environment.state, 'ready');
  t.match(ask(), { kind: 'reconnecting' });
  t.same(listed(), ['web reconnecting', 'api ready']);
  clock.advance(holdMs);
  environment.settle();
  t.match(ask(), { kind: 'no-service', expired: false });
  t.same(listed(), ['api ready']);
  end(environment, api, lost);
  t.same(listed(), ['web offline', 'api reconnecting'], 'offline: all that it offered');
  t.end();
});

t.test('a tunnel that ends takes its forwards one by one, but the state changes once', (t) => {
  const forwards = ['web', 'api', 'db'].map((service) => new FakeForward({ service }));
  const { environment, changes } = make(...forwards);
  const [, api] = forwards;
  if (api !== undefined) refuse(environment, api);
  for (const forward of forwards) forward.end();
  const states = [environment.state];
  for (const forward of forwards) {
    environment.remove(forward, lost);
    states.push(environment.state);
  }
  t.same(states, ['ready', 'reconnecting', 'reconnecting', 'reconnecting']);
  t.ok(changes.slice(-3).every(({ lasting }) => lasting));
  t.end();
});

t.test('access is that of the newest forward, also after it is gone, and follows its changes', (t) => {
  const older = new FakeForward({ access: 'private' });
  const newer = new FakeForward({ access: 'public' });
  const { environment, ask } = make(older, newer);
  const access = (): string => {
    const resolution = ask();
    return 'environment' in resolution ? resolution.environment.access : resolution.kind;
  };
  t.equal(access(), 'public');
  end(environment, newer, lost);
  t.equal(access(), 'private');
  older.access = 'team';
  environment.refresh(older);
  t.equal(access(), 'team');
  end(environment, older, lost);
  t.equal(access(), 'team');
  t.end();
});

t.test('what does not belong to it changes nothing', (t) => {
  const forward = new FakeForward();
  const { environment, clock } = make(forward);
  environment.remove(new FakeForward(), lost);
  environment.remove(new FakeForward({ service: 'other' }), lost);
  environment.opened(new FakeForward(), 'refused', 'no');
  environment.opened(new FakeForward({ service: 'other' }), 'refused', 'no');
  t.equal(environment.state, 'ready');
  end(environment, forward, lost);
  const lostAt = clock.wallMs;
  clock.advance(1000);
  environment.remove(forward, expired);
  environment.opened(forward, 'accepted', undefined);
  t.equal(environment.lastSeenAt, lostAt);
  t.equal(environment.state, 'reconnecting');
  t.end();
});

t.test('passed on to another owner, it forgets what it offered', (t) => {
  const forward = new FakeForward();
  const { environment, ask } = make(forward);
  end(environment, forward, lost);
  environment.passTo('somebody else');
  environment.add(new FakeForward({ service: 'api' }));
  t.equal(environment.owner, 'somebody else');
  t.match(ask(), { kind: 'no-service', environment: { owner: 'somebody else' } });
  t.same(
    environment.toRemember().services.map(({ route }) => route.service),
    ['api'],
  );
  t.end();
});

t.test('forwards that come and go under ever new names are not remembered for ever', (t) => {
  const { environment, clock } = make();
  for (let i = 0; i < 1000; i += 1) {
    const forward = new FakeForward({ service: `s${i}` });
    environment.add(forward);
    clock.advance(1);
    end(environment, forward, lost);
  }
  const { services } = environment.view();
  t.equal(services.length, 128);
  t.equal(services.at(-1)?.route.service, 's999', 'the last ones are');
  t.end();
});

t.test('an answer is computed once, until something changes', (t) => {
  const { environment, ask } = make(new FakeForward(), new FakeForward());
  const before = ask();
  t.equal(ask(), before, 'the very same');
  t.equal(ask('db'), ask('db'));
  environment.add(new FakeForward({ service: 'api' }));
  t.not(ask(), before);
  for (let i = 0; i < 2000; i += 1) ask(`unknown${i}`);
  t.match(ask(), { kind: 'forward' });
  t.end();
});

t.test('clocks that jump: only what is shown differs', (t) => {
  const forward = new FakeForward();
  const { environment, clock, ask } = make(forward);
  end(environment, forward, lost);
  for (const jump of [86_400_000, -365 * 86_400_000]) {
    clock.wallMs += jump;
    clock.advance(1000);
    environment.settle();
    t.match(ask(), { kind: 'reconnecting' });
  }
  t.equal(environment.idleMs, 2000);
  clock.advance(holdMs - 2000);
  environment.settle();
  t.match(ask(), { kind: 'offline' });
  t.end();
});
