import t from 'tap';
import { Answers, routeKey, type Subject } from '../../../server/routing/answers.ts';
import { ServiceRecord } from '../../../server/routing/service-record.ts';
import type { ServiceState } from '../../../server/routing/state.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const clock = new FakeClock();
const at = { monotonicMs: 0, wallMs: 0, holdMs: 1000 };

/** An environment whose services were recalled in these states. */
function make(states: Record<string, ServiceState>, subject: Partial<Subject> = {}): Answers {
  const services = new Map<string, ServiceRecord>();
  for (const [service, state] of Object.entries(states)) {
    const route = { env: 'pr-1', service, port: undefined };
    const record = new ServiceRecord(route, service === 'open' ? 'public' : 'private', 1000);
    record.recall(state, at);
    services.set(routeKey(route), record);
  }
  const usual = { name: 'pr-1', owner: 'ann', state: 'offline', sinceMs: 2000, lastSeenAt: 3000 } as const;
  return new Answers({ ...usual, online: false, services, ...subject }, clock);
}

function ask(answers: Answers, service: string): ReturnType<Answers['resolve']> {
  const route = { env: 'pr-1', service, port: undefined };
  return answers.resolve(route, routeKey(route));
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

t.test('what is not there: by its own state, by that of its environment, and by who else is there', (t) => {
  const states = { lost: 'reconnecting', gone: 'offline', over: 'expired' } as const;
  const cases: [subject: Partial<Subject>, service: string, answer: object][] = [
    [{}, 'lost', { kind: 'reconnecting' }],
    [{}, 'gone', { kind: 'offline', state: 'offline', sinceMs: 1000 }],
    [{}, 'over', { kind: 'offline', state: 'expired', sinceMs: 1000 }],
    [{}, 'never', { kind: 'offline', state: 'offline', sinceMs: 2000 }],
    [{ state: 'expired' }, 'never', { kind: 'offline', state: 'expired', sinceMs: 2000 }],
    [{ state: 'reconnecting' }, 'gone', { kind: 'reconnecting' }],
    [{ state: 'reconnecting' }, 'over', { kind: 'offline', state: 'expired' }],
    [{ state: 'reconnecting' }, 'never', { kind: 'reconnecting' }],
    [{ state: 'ready', online: true }, 'lost', { kind: 'reconnecting' }],
    [{ state: 'ready', online: true }, 'gone', { kind: 'no-service', expired: false }],
    [{ state: 'ready', online: true }, 'over', { kind: 'no-service', expired: true }],
    [{ state: 'ready', online: true }, 'never', { kind: 'no-service', expired: false }],
  ];
  for (const [subject, service, answer] of cases) {
    const answers = make(states, subject);
    t.match(ask(answers, service), answer, `${JSON.stringify(subject)} ${service}`);
    t.equal(ask(answers, service), ask(answers, service));
  }
  t.end();
});

t.test('access: that of what is asked for, else of the most open service', (t) => {
  const answers = make({ web: 'offline', open: 'offline' });
  t.match(ask(answers, 'web'), { environment: { access: 'private' } });
  t.match(ask(answers, 'open'), { environment: { access: 'public' } });
  t.match(ask(answers, 'never'), { environment: { access: 'public' } });
  t.match(make({ web: 'offline' }).view(), {
    access: 'private',
    state: 'offline',
    sinceMs: 2000,
    lastSeenAt: 3000,
  });
  t.match(make({}).view(), { access: 'private', services: [] });
  t.end();
});

t.test('an environment that is online lists what it offers, or is about to', (t) => {
  const states = { lost: 'reconnecting', gone: 'offline', over: 'expired' } as const;
  const listed = (answers: Answers): unknown => answers.view().services.map(({ route }) => route.service);
  t.same(listed(make(states, { online: true })), ['lost']);
  t.same(listed(make(states)), ['lost', 'gone', 'over']);
  t.end();
});
