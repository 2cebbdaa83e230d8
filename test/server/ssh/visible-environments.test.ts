import t from 'tap';
import type { Access } from '../../../core/forward.ts';
import type { EnvironmentView } from '../../../server/routing/resolution.ts';
import type { ServiceState } from '../../../server/routing/state.ts';
import { VisibleEnvironments, type LiveTunnel } from '../../../server/ssh/visible-environments.ts';
import type { Forward } from '../../../server/tunnel/forward.ts';
import { FakeForward } from '../../support/fake-forward.ts';
import { fakeUrls } from '../../support/ssh-gateway.ts';

const noon = Date.UTC(2026, 0, 1, 12);

function view(
  name: string,
  facts: {
    owner?: string;
    state?: ServiceState;
    service?: string;
    access?: Access;
    lastSeenAt?: number;
    from?: string;
  } = {},
): EnvironmentView {
  const { owner = 'me', state = 'ready', service = 'web', access = 'private', lastSeenAt = noon } = facts;
  const route = { env: name, service, port: undefined };
  const services = [
    {
      ...{ route, access, state, sinceMs: noon },
      ...(facts.from !== undefined && { from: facts.from }),
      detail: state === 'degraded' ? 'refused' : undefined,
    },
  ];
  return { name, owner, state, sinceMs: noon, lastSeenAt, services, access };
}

function tunnel(id: string, forwards: readonly Forward[]): LiveTunnel {
  return { id, remoteAddress: '10.0.0.1', openedAt: noon, roundTripMs: 1.234, draining: false, forwards };
}

function visible(
  views: readonly EnvironmentView[],
  {
    role = 'machine',
    tunnels = [],
  }: { role?: 'machine' | 'member' | 'admin'; tunnels?: readonly LiveTunnel[] } = {},
): VisibleEnvironments {
  return new VisibleEnvironments({
    identity: { principal: 'me', role },
    views: {
      view: (env) => views.find(({ name }) => name === env),
      views: (owner) => views.filter((each) => owner === undefined || each.owner === owner),
    },
    tunnels: () => tunnels,
    urls: fakeUrls,
  });
}

t.test('all that there is to tell of one', (t) => {
  const tunnels = [
    tunnel('t1', [
      new FakeForward({ env: 'pr-1', service: 'web' }),
      new FakeForward({ env: 'pr-2', service: 'x' }),
    ]),
    {
      ...tunnel('t2', [new FakeForward({ env: 'pr-1', service: 'web' })]),
      draining: true,
      roundTripMs: undefined,
    },
    tunnel('t3', []),
  ];
  t.same(visible([view('pr-1', { state: 'degraded' })], { tunnels }).named('pr-1'), {
    env: 'pr-1',
    owner: 'me',
    state: 'degraded',
    since: '2026-01-01T12:00:00.000Z',
    lastSeen: '2026-01-01T12:00:00.000Z',
    services: [
      {
        service: 'web',
        port: null,
        url: 'https://web--pr-1.preview.test/',
        access: 'private',
        state: 'degraded',
        since: '2026-01-01T12:00:00.000Z',
        reason: 'refused',
        shareUrl: 'https://web--pr-1.preview.test/?share=of-pr-1',
      },
    ],
    tunnels: [
      {
        id: 't1',
        remote: '10.0.0.1',
        since: '2026-01-01T12:00:00.000Z',
        roundTripMs: 1.2,
        draining: false,
        forwards: 1,
      },
      {
        id: 't2',
        remote: '10.0.0.1',
        since: '2026-01-01T12:00:00.000Z',
        roundTripMs: null,
        draining: true,
        forwards: 1,
      },
    ],
  });
  t.end();
});

t.test('from where it may be visited', async (t) => {
  const of = (facts: { from?: string }): unknown => visible([view('pr-1', facts)]).named('pr-1')?.services;
  t.match(of({ from: '192.0.2.0/24' }), [{ access: 'private', from: '192.0.2.0/24' }]);
  t.notMatch(of({}), [{ from: /./ }]);
});

t.test("somebody else's is as unknown as one that never was, but for administrators", (t) => {
  const views = [view('mine'), view('theirs', { owner: 'them' })];
  const names = (of: VisibleEnvironments): string[] => of.all().reports.map(({ env }) => env);
  for (const role of ['machine', 'member'] as const) {
    t.equal(visible(views, { role }).named('theirs'), undefined);
    t.same(names(visible(views, { role })), ['mine']);
  }
  t.equal(visible(views).named('never'), undefined);
  t.equal(visible(views, { role: 'admin' }).named('theirs')?.owner, 'them');
  t.same(names(visible(views, { role: 'admin' })), ['mine', 'theirs']);
  t.end();
});

t.test('those that are online come first, and the list has an end', (t) => {
  const gone = Array.from({ length: 700 }, (_, index) =>
    view(`gone-${index}`, { state: 'offline', lastSeenAt: noon + index }),
  );
  const { reports, more } = visible([...gone, view('b'), view('a', { state: 'reconnecting' })]).all();
  t.same(
    reports.slice(0, 4).map(({ env }) => env),
    ['a', 'b', 'gone-699', 'gone-698'],
  );
  t.equal(reports.length + more, 702);
  t.ok(more > 0);
  t.end();
});

t.test('a link is told where a visitor would need one', (t) => {
  const hasLink = (facts: Parameters<typeof view>[1], forward?: Forward): boolean => {
    const tunnels = forward === undefined ? [] : [tunnel('t1', [forward])];
    const report = visible([view('pr-1', facts)], { tunnels }).named('pr-1');
    return report?.services[0]?.shareUrl !== undefined;
  };
  t.ok(hasLink({}));
  t.ok(hasLink({ access: 'team' }));
  t.notOk(hasLink({ access: 'public' }));
  t.notOk(hasLink({ service: 'ssh' }));
  const options = { scheme: 'tcp' } as const;
  t.notOk(hasLink({ service: 'db' }, new FakeForward({ env: 'pr-1', service: 'db', options })));
  t.end();
});
