import t from 'tap';
import { Environment, routeKey } from '../../../server/routing/environment.ts';
import { FakeForward } from '../../support/fake-forward.ts';

const web = { env: 'pr-1', service: 'web', port: undefined };
const webKey = routeKey(web);

function make(...forwards: FakeForward[]): Environment {
  const environment = new Environment('pr-1', 'owner', 1000);
  for (const forward of forwards) environment.add(forward, 1000);
  return environment;
}

t.test('routes have different keys', (t) => {
  const routes = [
    { service: undefined, port: undefined },
    { service: undefined, port: 80 },
    { service: 'web', port: undefined },
    { service: 'web', port: 80 },
    { service: 'web-8', port: undefined },
  ];
  t.equal(new Set(routes.map((route) => routeKey({ env: 'pr-1', ...route }))).size, routes.length);
  t.end();
});

t.test('the newest forward answers, the one before it stands by', (t) => {
  const [oldest, older, newest] = [new FakeForward(), new FakeForward(), new FakeForward()];
  const environment = make(oldest);
  t.same(environment.add(older, 1000), [oldest]);
  t.same(environment.add(newest, 1000), [older, oldest]);
  t.match(environment.resolve(web, webKey, { now: 1000, holdMs: 10 }), {
    kind: 'forward',
    forward: newest,
    standby: older,
  });
  environment.remove(newest, 1000);
  t.match(environment.resolve(web, webKey, { now: 1000, holdMs: 10 }), {
    kind: 'forward',
    forward: older,
    standby: oldest,
  });
  environment.remove(oldest, 1000);
  const last = environment.resolve(web, webKey, { now: 1000, holdMs: 10 });
  t.match(last, { kind: 'forward', forward: older });
  t.equal(last.kind === 'forward' && last.standby, undefined);
  t.end();
});

t.test("balance spreads over all, and each one's stand-by is another", (t) => {
  const forwards = [1, 2, 3].map(() => new FakeForward({ options: { balance: true } }));
  const environment = make(...forwards);
  const counts = new Map<unknown, number>();
  for (let i = 0; i < 30; i += 1) {
    const resolution = environment.resolve(web, webKey, { now: 1000, holdMs: 10 });
    if (resolution.kind !== 'forward') throw new Error(resolution.kind);
    counts.set(resolution.forward, (counts.get(resolution.forward) ?? 0) + 1);
    t.not(resolution.standby, resolution.forward);
    t.ok(resolution.standby);
  }
  t.same([...counts.values()], [10, 10, 10]);
  t.end();
});

t.test('lost, a route is held for a while, then it is offline', (t) => {
  const forward = new FakeForward();
  const environment = make(forward);
  environment.remove(forward, 5000);
  t.equal(environment.online, false);
  t.equal(environment.lastSeenAt, 5000);
  t.equal(environment.resolve(web, webKey, { now: 5009, holdMs: 10 }).kind, 'reconnecting');
  t.equal(environment.holdLeftMs(webKey, { now: 5009, holdMs: 10 }), 1);
  t.equal(environment.resolve(web, webKey, { now: 5010, holdMs: 10 }).kind, 'offline');
  t.equal(environment.holdLeftMs(webKey, { now: 6000, holdMs: 10 }), 0);
  t.equal(environment.holdLeftMs('other:', { now: 5000, holdMs: 10 }), 0);
  t.end();
});

t.test('an environment that is online has no such service, and tells which there are', (t) => {
  const environment = make(new FakeForward({ access: 'public' }), new FakeForward({ service: 'api' }));
  const other = { env: 'pr-1', service: 'db', port: undefined };
  const resolution = environment.resolve(other, routeKey(other), { now: 1000, holdMs: 10 });
  t.match(resolution, {
    kind: 'no-service',
    environment: {
      access: 'public',
      services: [
        { route: { service: 'web' }, access: 'public' },
        { route: { service: 'api' }, access: 'private' },
      ],
    },
  });
  t.end();
});

t.test(
  'a service that is lost while others are live is no longer listed, and not there once its hold is over',
  (t) => {
    const [lost, live] = [new FakeForward(), new FakeForward({ service: 'api' })];
    const environment = make(lost, live);
    environment.remove(lost, 2000);
    t.equal(environment.resolve(web, webKey, { now: 2005, holdMs: 10 }).kind, 'reconnecting');
    const resolution = environment.resolve(web, webKey, { now: 3000, holdMs: 10 });
    t.equal(resolution.kind, 'no-service');
    t.same(
      environment.view(undefined).services.map(({ route }) => route.service),
      ['api'],
    );
    environment.remove(live, 4000);
    t.same(
      environment.view(undefined).services.map(({ route }) => route.service),
      ['web', 'api'],
      'offline: all that it offered',
    );
    t.end();
  },
);

t.test('access is that of the newest forward, also after it is gone, and follows its changes', (t) => {
  const older = new FakeForward({ access: 'private' });
  const newer = new FakeForward({ access: 'public' });
  const environment = make(older, newer);
  const access = (): string => {
    const resolution = environment.resolve(web, webKey, { now: 1000, holdMs: 10 });
    return 'environment' in resolution ? resolution.environment.access : resolution.kind;
  };
  t.equal(access(), 'public');
  environment.remove(newer, 1000);
  t.equal(access(), 'private');
  older.access = 'team';
  environment.refresh(older);
  t.equal(access(), 'team');
  environment.remove(older, 1000);
  t.equal(access(), 'team');
  t.end();
});

t.test('what does not belong to it changes nothing', (t) => {
  const forward = new FakeForward();
  const environment = make(forward);
  environment.remove(new FakeForward(), 9000);
  environment.remove(new FakeForward({ service: 'other' }), 9000);
  environment.remove(forward, 2000);
  environment.remove(forward, 9000);
  t.equal(environment.lastSeenAt, 2000);
  t.equal(environment.online, false);
  t.end();
});

t.test('passed on to another owner, it forgets what it offered', (t) => {
  const forward = new FakeForward();
  const environment = make(forward);
  environment.remove(forward, 2000);
  environment.transfer('somebody else');
  t.equal(environment.owner, 'somebody else');
  t.same(environment.view(undefined), {
    name: 'pr-1',
    owner: 'somebody else',
    lastSeenAt: 2000,
    services: [],
    access: 'private',
  });
  t.end();
});

t.test('forwards that come and go under ever new names are not remembered for ever', (t) => {
  const environment = make();
  for (let i = 0; i < 1000; i += 1) {
    const forward = new FakeForward({ service: `s${i}` });
    environment.add(forward, i);
    environment.remove(forward, i);
  }
  const { services } = environment.view(undefined);
  t.equal(services.length, 128);
  t.equal(services.at(-1)?.route.service, 's999', 'the last ones are');
  t.end();
});

t.test('an answer is computed once, until something changes', (t) => {
  const environment = make(new FakeForward());
  const ask = (): unknown => environment.resolve(web, webKey, { now: 1000, holdMs: 10 });
  const before = ask();
  t.equal(ask(), before, 'the very same');
  environment.add(new FakeForward({ service: 'api' }), 1000);
  t.not(ask(), before);
  for (let i = 0; i < 2000; i += 1) {
    const route = { env: 'pr-1', service: `unknown${i}`, port: undefined };
    environment.resolve(route, routeKey(route), { now: 1000, holdMs: 10 });
  }
  t.match(ask(), { kind: 'forward' });
  t.end();
});

t.test('whoever waits for a change hears of each, until it stops', (t) => {
  const environment = make();
  let changes = 0;
  const stop = environment.onChange(() => (changes += 1));
  t.equal(environment.waiting, 1);
  const forward = new FakeForward();
  environment.add(forward, 1000);
  environment.refresh(forward);
  environment.remove(forward, 1000);
  t.equal(changes, 3);
  stop();
  environment.add(forward, 1000);
  t.equal(changes, 3);
  t.equal(environment.waiting, 0);
  t.end();
});
