import t from 'tap';
import { absenceOf } from '../../../server/gate/absence.ts';
import type { Destination } from '../../../server/gate/destination.ts';
import type { EnvironmentView, ServiceView } from '../../../server/routing/resolution.ts';
import type { ServiceState } from '../../../server/routing/state.ts';
import { machineRecord } from '../../support/jump-setting.ts';

const now = Date.UTC(2030, 0, 1, 12);
const hourMs = 3_600_000;
const facts = { holdMs: 10_000, mayList: true, now };
const ssh = { name: 'pr-1', service: 'ssh', port: 22 };
const destination: Destination = {
  address: ssh,
  env: 'pr-1',
  owner: 'vm',
  target: undefined,
  isExact: false,
};

function service(name: string | undefined, state: ServiceState, port?: number): ServiceView {
  const route = { env: 'pr-1', service: name, port };
  return { route, access: 'private', state, sinceMs: now, detail: undefined };
}

function view(state: ServiceState, ...services: ServiceView[]): EnvironmentView {
  return {
    name: 'pr-1',
    owner: 'vm',
    state,
    sinceMs: now,
    lastSeenAt: now - 2 * hourMs,
    services,
    access: 'private',
  };
}

t.test('offline, by name and since when', async (t) => {
  const since = 'is offline since 2030-01-01 10:00:00 UTC (2 hours ago)';
  const offline = { kind: 'gone', refusal: { code: 'ERR_TARGET_OFFLINE', reason: `pr-1 ${since}` } };
  t.same(absenceOf(destination, view('offline', service('ssh', 'offline')), facts), offline);
  t.same(absenceOf(destination, view('expired'), facts), offline);
  const target = { ...machineRecord, name: 'box', lastSeenAt: now - 2 * hourMs };
  const exact = { ...destination, target, isExact: true };
  t.equal(absenceOf(exact, view('ready', service('ssh', 'ready')), facts).refusal.reason, `box ${since}`);
  t.equal(absenceOf(exact, undefined, facts).refusal.reason, `box ${since}`);
  const never = absenceOf({ ...exact, target: machineRecord }, undefined, facts);
  t.equal(never.refusal.reason, 'pr-1 is offline and was not seen yet');
});

t.test('expected back', async (t) => {
  const kindOf = (to: Destination, ...of: Parameters<typeof view>): string =>
    absenceOf(to, view(...of), facts).kind;
  t.equal(kindOf(destination, 'reconnecting'), 'reconnecting');
  t.equal(kindOf(destination, 'ready', service('ssh', 'reconnecting')), 'reconnecting');
  t.equal(kindOf(destination, 'reconnecting', service('ssh', 'offline')), 'gone');
  t.equal(kindOf(destination, 'ready', service('ssh', 'offline')), 'gone');
  const target = { ...machineRecord, lastSeenAt: now - 9999 };
  const exact = { ...destination, target, isExact: true };
  t.equal(
    kindOf(exact, 'ready', service('ssh', 'ready')),
    'reconnecting',
    'it has not said yet that it is back',
  );
  const long = { ...exact, target: { ...target, lastSeenAt: now - 10_000 } };
  t.equal(kindOf(long, 'ready', service('ssh', 'ready')), 'gone');
});

t.test('online without it', async (t) => {
  const reasonOf = (address: Destination['address'], ...services: ServiceView[]): string =>
    absenceOf({ ...destination, address }, view('ready', ...services), facts).refusal.reason;
  const web = service('web', 'ready');
  const all = [web, service('web', 'degraded', 8080), service(undefined, 'ready'), service('old', 'offline')];
  t.equal(
    reasonOf({ ...ssh, service: 'db', port: 5432 }, ...all),
    'pr-1 is online, but offers no service db at port 5432: there is web.pr-1:80, web.pr-1:8080, pr-1:80',
  );
  t.match(
    reasonOf(ssh, web),
    /offers no SSH server \(-R ssh:22:localhost:22, or porthole connect --ssh\): there is/,
  );
  t.match(reasonOf({ ...ssh, service: undefined, port: 9 }, web), /offers no port 9: there is/);
  const many = Array.from({ length: 20 }, (_each, n) => service(`s${String(n)}`, 'ready'));
  t.match(reasonOf({ ...ssh, service: 'x' }, ...many), /s11\.pr-1:80, \.\.\.$/);
});
