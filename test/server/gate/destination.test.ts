import t from 'tap';
import { envSlug } from '../../../core/names.ts';
import { findDestination, forwardsTo, machineOf, type Machines } from '../../../server/gate/destination.ts';
import type { TargetRecord } from '../../../server/targets/target-record.ts';
import { FakeForward, type FakeForwardOptions } from '../../support/fake-forward.ts';
import { ana, machineRecord, uuid } from '../../support/jump-setting.ts';

const other = '11111111-d9cb-469f-a165-70867728950e';

/** Forwards of the owner `vm` of environment pr-1, each in a tunnel of its own that may have reported a target. */
function place(
  forwards: readonly FakeForward[],
  {
    targets = [],
    reported = {},
  }: { targets?: readonly TargetRecord[]; reported?: Record<string, string> } = {},
): Machines {
  const owners: Record<string, string> = { 'pr-1': 'vm', 'pr-2': 'vm', theirs: 'somebody' };
  return {
    book: {
      target: (id) => targets.find((each) => each.id === id),
      targetNamed: (name) => targets.find((each) => each.name === name),
      targetsOf: (env) => targets.filter((each) => each.env === env),
    },
    presence: { targetOf: (tunnelId) => reported[tunnelId] },
    registry: {
      view: (env) => (owners[env] === undefined ? undefined : ({ name: env, owner: owners[env] } as never)),
      forwardsOf: (env) => forwards.filter(({ route }) => route.env === env),
    },
    envNameOf: (_identity, text) => envSlug(text),
  };
}

function forward(options: FakeForwardOptions = {}): FakeForward {
  return new FakeForward({ owner: 'vm', service: 'ssh', ...options });
}

function leadsTo(machines: Machines, name: string, service: string | undefined = 'ssh', port = 22) {
  return forwardsTo(findDestination({ name, service, port }, ana, machines), machines);
}

t.test('an environment, in whatever spelling, and only what its owner offers there', async (t) => {
  const [mine, old] = [forward(), forward({ owner: 'former' })];
  const machines = place([mine, old, forward({ service: 'web' })]);
  for (const name of ['pr-1', 'PR-1']) t.same(leadsTo(machines, name), [mine], name);
  t.equal(
    findDestination({ name: 'Feature/Foo', service: 'ssh', port: 22 }, ana, machines).env,
    envSlug('Feature/Foo'),
  );
  t.same(leadsTo(machines, 'nothing'), []);
});

t.test('a service with that port goes before one without', async (t) => {
  const any = forward({ service: 'db' });
  Object.assign(any, { request: { kind: 'streamlocal', socketPath: '/db' } });
  const exact = forward({ service: 'db', port: 5432 });
  const machines = place([any, exact]);
  t.same(leadsTo(machines, 'pr-1', 'db', 5432), [exact, any]);
  t.same(leadsTo(machines, 'pr-1', 'DB', 6379), [any]);
});

t.test('a machine by its UUID: only the tunnels over which it has reported itself', async (t) => {
  const [own, unsaid, others] = [
    forward({ tunnelId: 'a' }),
    forward({ tunnelId: 'b' }),
    forward({ tunnelId: 'c' }),
  ];
  const second = { ...machineRecord, id: other, name: 'pr-1-2' };
  const machines = place([others, unsaid, own], {
    targets: [machineRecord, second],
    reported: { a: uuid, c: other },
  });
  t.same(leadsTo(machines, uuid), [own]);
  t.same(leadsTo(machines, uuid.toUpperCase()), [own]);
  t.same(leadsTo(machines, 'pr-1-2'), [others]);
  t.same(leadsTo(machines, 'pr-1'), [own], 'the name is its own before it is the environment');
  const gone = place([others, unsaid], { targets: [machineRecord, second], reported: { c: other } });
  t.same(leadsTo(gone, uuid), [], 'never another machine');
  t.same(
    leadsTo(gone, 'pr-1'),
    [unsaid],
    'by the name of the environment also one that says nothing of itself',
  );
});

t.test('other services of an environment may be in another tunnel of it', async (t) => {
  const [ssh, db] = [forward({ tunnelId: 'a' }), forward({ tunnelId: 'b', service: 'db', port: 5432 })];
  const machines = place([ssh, db], { targets: [machineRecord], reported: { a: uuid } });
  t.same(leadsTo(machines, 'pr-1', 'db', 5432), [db]);
  t.same(leadsTo(machines, uuid, 'db', 5432), []);
});

t.test('a machine that was added by hand: whatever says nothing else of itself', async (t) => {
  const [own, unsaid, others] = [
    forward({ tunnelId: 'a' }),
    forward({ tunnelId: 'b' }),
    forward({ tunnelId: 'c' }),
  ];
  const added: TargetRecord = { ...machineRecord, name: 'box', origin: 'added' };
  const machines = place([others, unsaid, own], { targets: [added], reported: { c: other } });
  t.same(leadsTo(machines, 'box'), [unsaid, own]);
  t.same(leadsTo(machines, uuid), [unsaid, own]);
});

t.test("a machine whose name is somebody else's environment is not meant by it", async (t) => {
  const target = { ...machineRecord, name: 'theirs' };
  const destination = findDestination(
    { name: 'theirs', service: 'ssh', port: 22 },
    ana,
    place([], { targets: [target] }),
  );
  t.match(destination, { env: 'theirs', owner: 'somebody', target: undefined });
});

t.test('which machine is at the end of a forward', async (t) => {
  const added: TargetRecord = { ...machineRecord, id: other, name: 'box', origin: 'added' };
  const machines = place([], { targets: [machineRecord, added], reported: { a: uuid, gone: 'removed' } });
  t.equal(machineOf(forward({ tunnelId: 'a' }), machines), machineRecord);
  t.equal(machineOf(forward({ tunnelId: 'b' }), machines), added, 'the only one that was added there');
  t.equal(machineOf(forward({ tunnelId: 'gone' }), machines), undefined);
  t.equal(machineOf(forward({ owner: 'former' }), machines), undefined);
  const third: TargetRecord = { ...added, id: 'third' };
  const several = place([], { targets: [added, third] });
  t.equal(machineOf(forward(), several), undefined, 'it could be either');
  t.equal(machineOf(forward(), several, third), third);
});
