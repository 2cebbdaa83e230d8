import t from 'tap';
import { reportedTunnel, type ReportingTunnel } from '../../server/gate-administration.ts';
import type { Forward } from '../../server/tunnel/forward.ts';

const ssh = { live: true, route: { env: 'pr-42', service: 'ssh', port: undefined } } as Forward;
const web = { live: true, route: { env: 'pr-42', service: 'web', port: undefined } } as Forward;

function tunnel(id: string, overrides: Partial<ReportingTunnel> = {}): ReportingTunnel {
  const closed = Promise.resolve('');
  return { id, owner: 'vm', remoteAddress: '192.0.2.1', live: true, forwards: [ssh], closed, ...overrides };
}

const found = (tunnels: readonly ReportingTunnel[], tunnelId = 'own'): string | undefined =>
  reportedTunnel(tunnels, { env: 'pr-42', tunnelId }, 'vm')?.id;

t.test('the connection itself, where it offers the SSH server', (t) => {
  t.equal(found([tunnel('own'), tunnel('newer')]), 'own');
  t.end();
});

t.test('else the newest of the same owner that does, from the same address if there is one', (t) => {
  const own = tunnel('own', { forwards: [] });
  t.equal(found([tunnel('a'), tunnel('b'), own]), 'b');
  t.equal(found([tunnel('a'), tunnel('b', { remoteAddress: '192.0.2.9' }), own]), 'a');
  t.equal(found([tunnel('a', { remoteAddress: '192.0.2.9' }), own]), 'a');
  t.end();
});

t.test('none that is somebody else’s, gone, of another environment, or without an SSH server', (t) => {
  const own = tunnel('own', { forwards: [web] });
  const elsewhere = { ...ssh, route: { ...ssh.route, env: 'main' } } as Forward;
  const others = [
    tunnel('a', { owner: 'eve' }),
    tunnel('b', { live: false }),
    tunnel('c', { forwards: [elsewhere] }),
    tunnel('d', { forwards: [{ ...ssh, live: false }] }),
  ];
  t.equal(found([...others, own]), undefined);
  t.end();
});

t.test('what it is stays true', (t) => {
  const state = { live: true, forwards: [ssh] };
  const live: ReportingTunnel = {
    ...tunnel('own'),
    get live() {
      return state.live;
    },
    get forwards() {
      return state.forwards;
    },
  };
  const present = reportedTunnel([live], { env: 'pr-42', tunnelId: 'own' }, 'vm');
  t.match(present, { id: 'own', env: 'pr-42', live: true });
  t.equal(present?.forwards.length, 1);
  Object.assign(state, { live: false, forwards: [] });
  t.equal(present?.live, false);
  t.same(present?.forwards, []);
  t.end();
});
