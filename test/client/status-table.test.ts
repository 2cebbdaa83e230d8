import t from 'tap';
import type { EnvironmentAnswer, ServiceAnswer } from '../../client/environment-answers.ts';
import { environmentTable, statusTable } from '../../client/status-table.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);
const minutes = 60_000;

const web: ServiceAnswer = {
  service: 'web',
  port: 8080,
  url: 'https://web--8080--pr-1.x/',
  access: 'private',
  state: 'ready',
  shareUrl: 'https://web--8080--pr-1.x/?share',
};

function environment(facts: Partial<EnvironmentAnswer> = {}): EnvironmentAnswer {
  return {
    env: 'pr-1',
    state: 'ready',
    since: nowMs - 5 * minutes,
    lastSeen: nowMs,
    services: [web, { url: 'https://pr-1.x/', access: 'public', state: 'degraded', reason: 'ECONNREFUSED' }],
    tunnels: [
      {
        id: 'a',
        remote: '10.0.0.1',
        since: nowMs - 2 * minutes,
        roundTripMs: 12.3,
        draining: false,
        forwards: 2,
      },
      { id: 'b', remote: '10.0.0.2', since: nowMs, draining: true, forwards: 1 },
    ],
    ...facts,
  };
}

const lines = [
  'pr-1  ready for 5 min',
  '  https://web--8080--pr-1.x/  web:8080   private  ready',
  '  https://pr-1.x/             (default)  public   degraded: ECONNREFUSED',
  '  connected from 10.0.0.1 for 2 min, round trip 12.3 ms',
  '  connected from 10.0.0.2 for 0 s, moving to another connection',
];

t.test('one environment, with the link that opens it', (t) => {
  t.same(environmentTable(environment(), nowMs), [
    ...lines,
    '  https://web--8080--pr-1.x/?share  opens it for whoever has this link',
  ]);
  t.same(environmentTable(environment({ services: [], tunnels: [], state: 'expired' }), nowMs), [
    'pr-1  expired for 5 min',
  ]);
  t.end();
});

t.test('from where it may be opened', async (t) => {
  const [, line] = environmentTable(environment({ services: [{ ...web, from: '192.0.2.0/24' }] }), nowMs);
  t.match(line, /web:8080 {2}private, from 192\.0\.2\.0\/24 {2}ready/);
});

t.test('all of them, without those that are gone', (t) => {
  const gone = environment({ env: 'old', state: 'offline', services: [], tunnels: [] });
  const status = { env: 'me', environments: [environment(), gone], moreEnvironments: 0 };
  t.same(statusTable(status, { nowMs, all: false }), [
    ...lines,
    '1 more offline or expired: --all shows them',
  ]);
  t.same(statusTable(status, { nowMs, all: true }), [...lines, 'old  offline for 5 min']);
  t.same(statusTable({ ...status, environments: [], moreEnvironments: 7 }, { nowMs, all: true }), [
    'nothing is connected',
    '7 more',
  ]);
  t.same(statusTable({ ...status, environments: [] }, { nowMs, all: false }), ['nothing is connected']);
  t.end();
});
