import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { TargetPresence } from '../../../server/targets/presence.ts';
import {
  TargetReports,
  type ReportOutcome,
  type TargetReport,
} from '../../../server/targets/target-reports.ts';
import type { TargetRecord } from '../../../server/targets/target-record.ts';
import { createLog } from '../../support/log-lines.ts';
import { MemoryBook, someTarget, targetId, type BookContents } from '../../support/memory-book.ts';
import { FakeTunnel } from '../../support/present-tunnel.ts';
import { publicKey } from '../../support/public-keys.ts';

const [ed, rsa, otherEd, strange] = [publicKey(), publicKey(2048), publicKey(), publicKey()];
const anasKey = `SHA256:${'M'.repeat(43)}`;
const otherKey = `SHA256:${'N'.repeat(43)}`;
const [first, second] = [targetId(0x1a2b0001), targetId(0x3c4d0002)];
const now = Date.UTC(2030, 0, 1);

function setting(contents: BookContents = {}, owners: Readonly<Record<string, string>> = {}) {
  const book = new MemoryBook(contents);
  const presence = new TargetPresence();
  const recorded: AuditEntry[] = [];
  const { log, lines } = createLog();
  const reports = new TargetReports({
    ...{ book, presence, log },
    environments: { mayClaim: (env, owner) => (owners[env] ?? owner) === owner },
    audit: { record: (entry) => recorded.push(entry) },
  });
  const report = (overrides: Partial<TargetReport> = {}) => reports.report(reportOf(overrides));
  return { book, presence, recorded, lines, report };
}

function reportOf(overrides: Partial<TargetReport> = {}): TargetReport {
  const { env = 'pr-42', owner = 'ana', machineKey = anasKey } = overrides;
  return {
    ...{ id: first, name: undefined, osUser: undefined, hostKeys: [ed.line, rsa.line] },
    ...{ takesCertificates: false, osUsers: [], longestCertificateMs: undefined },
    ...{ env, owner, machineKey, tunnel: new FakeTunnel(env), now },
    audit: { principal: owner, fingerprint: machineKey, address: '192.0.2.1' },
    ...overrides,
  };
}

/** As the machine of `reportOf` is known. */
function known(overrides: Partial<TargetRecord> = {}): TargetRecord {
  return someTarget({ id: first, hostKeys: [ed.line, rsa.line], machineKey: anasKey, ...overrides });
}

function targetOf(outcome: ReportOutcome): TargetRecord {
  if ('target' in outcome) return outcome.target;
  throw new Error(outcome.reason);
}

t.test('a machine that is new', async (t) => {
  const { book, presence, report, lines } = setting();
  const tunnel = new FakeTunnel();
  const outcome = await report({
    ...{ tunnel, osUser: 'deploy', takesCertificates: true, osUsers: ['deploy'], longestCertificateMs: 5000 },
    hostKeys: [`${ed.line} root@vm`, '', `vm.example.com ${rsa.line}`],
  });
  const record: TargetRecord = {
    ...{ id: first, name: 'pr-42', env: 'pr-42', owner: 'ana', osUser: 'deploy', origin: 'reported' },
    ...{ hostKeys: [ed.line, rsa.line], machineKey: anasKey, takesCertificates: true, osUsers: ['deploy'] },
    ...{ longestCertificateMs: 5000, reach: 'members', services: [], createdAt: now, createdBy: 'ana' },
    lastSeenAt: now,
  };
  t.same(outcome, { kind: 'new', target: record });
  t.same([...book.targets()], [record]);
  t.equal(presence.tunnelOf(first), tunnel);
  t.match(book.audit, [
    {
      ...{ at: now, principal: 'ana', fingerprint: anasKey, address: '192.0.2.1', result: 'ok' },
      ...{ action: 'target.create', target: 'pr-42' },
      detail: { id: first, env: 'pr-42', hostKeys: [ed.fingerprint, rsa.fingerprint], machineKey: anasKey },
    },
  ]);
  t.match(lines, [{ level: 'info', msg: /has reported itself/, id: first }]);
  await tunnel.end();
  t.equal(presence.isLive(first), false);
});

t.test('one that has no id of its own gets one, and is known by its host keys then', async (t) => {
  const { book, presence, report } = setting();
  const outcome = await report({ id: undefined, tunnel: undefined });
  t.match(outcome, { kind: 'new', target: { origin: 'added', id: /^[0-9a-f-]{36}$/ } });
  const { id } = targetOf(outcome);
  t.equal(presence.isLive(id), false, 'nothing leads there that is known to');
  t.match(await report({ id: undefined, hostKeys: [rsa.line] }), { kind: 'known', target: { id } });
  t.equal(book.target(id)?.origin, 'reported', 'it came by a tunnel');
  t.equal(presence.isLive(id), true);
  t.match(await report({ id: undefined, hostKeys: [otherEd.line] }), {
    kind: 'new',
    target: { name: 'pr-42-2' },
  });
  t.match(await report({ id: undefined, env: 'pr-7' }), { kind: 'new', target: { name: 'pr-7' } });
});

t.test('one that is known, and as it was', async (t) => {
  const { book, presence, report, lines } = setting({ targets: [known({ lastSeenAt: 5 })] });
  const tunnels = [1, 2, 3, 4].map(() => new FakeTunnel());
  for (const tunnel of tunnels)
    t.match(await report({ tunnel }), { kind: 'known', target: { lastSeenAt: now } });
  t.match(
    await report({ tunnel: undefined, hostKeys: [rsa.line] }),
    { kind: 'known' },
    'some of its keys will do',
  );
  t.same(presence.tunnelsOf(first), tunnels.toReversed());
  t.same(book.audit, []);
  t.same(lines, []);
});

t.test('what it says of itself beside that', async (t) => {
  const { book, report } = setting({ targets: [known({ reach: 'owner', osUser: 'ana' })] });
  const says = { takesCertificates: true, osUsers: ['deploy'], longestCertificateMs: 5000 };
  t.match(await report({ ...says, osUser: 'root' }), { kind: 'known', target: { ...says, osUser: 'ana' } });
  t.match(book.audit, [
    {
      action: 'target.update',
      target: 'pr-42',
      detail: { set: ['takesCertificates', 'osUsers', 'longestCertificateMs'] },
    },
  ]);
  await report({ ...says });
  t.equal(book.audit.length, 1);
  t.match(await report(), { target: { takesCertificates: false, osUsers: [], reach: 'owner' } });
  t.equal(book.target(first)?.longestCertificateMs, undefined);
});

t.test('one that was added by hand has a key of its own from now on', async (t) => {
  const { machineKey, ...byHand } = known({ origin: 'added' });
  t.ok(machineKey);
  const { book, report } = setting({ targets: [byHand] });
  t.match(await report({ machineKey: otherKey }), { kind: 'known' });
  t.match(book.target(first), { origin: 'reported', machineKey: otherKey });
  t.match(await report({ machineKey: anasKey }), { kind: 'unconfirmed' });
});

t.test('one that has moved to another environment of the same owner', async (t) => {
  const { book, presence, report } = setting({ targets: [known()] });
  const tunnel = new FakeTunnel('pr-43');
  t.match(await report({ env: 'pr-43', tunnel }), { kind: 'moved', target: { env: 'pr-43', name: 'pr-43' } });
  t.same(book.targetsOf('pr-42'), []);
  t.equal(presence.tunnelOf(first), tunnel);
  t.match(book.audit, [{ action: 'target.moved', target: 'pr-43', detail: { from: 'pr-42', env: 'pr-43' } }]);
  await tunnel.end();
  await book.change([{ kind: 'update-target', id: first, set: { name: 'box' } }], book.audit[0]!);
  t.match(
    await report(),
    { kind: 'moved', target: { env: 'pr-42', name: 'box' } },
    'a name of its own stays',
  );
});

t.test('it takes the name of the one that was there before', async (t) => {
  const { book, report } = setting({
    targets: [known(), known({ id: second, name: 'pr-43', env: 'pr-43' })],
  });
  t.match(await report({ env: 'pr-43' }), { kind: 'moved', target: { name: 'pr-43' } });
  t.equal(book.target(second)?.name, 'pr-43-3c4d');
  t.match(book.audit, [{ action: 'target.moved', detail: { before: 'pr-43-3c4d' } }]);
});

t.test('where there is no room, the longest unseen machine of the same owner makes it', async (t) => {
  const all = Array.from({ length: 1000 }, (_, at) =>
    known({
      id: targetId(at),
      name: `vm-${String(at)}`,
      env: 'pr-1',
      lastSeenAt: now - (at + 1) * 86_400_000,
    }),
  );
  const { book, report } = setting({ targets: all });
  t.match(await report({ hostKeys: [otherEd.line] }), { kind: 'new' });
  t.match(book.audit, [{ action: 'target.create', detail: { forgotten: 'vm-999' } }]);
  t.equal([...book.targets()].length, 1000);
  const today = setting({ targets: all.map((target) => ({ ...target, lastSeenAt: now })) });
  await t.rejects(today.report({ hostKeys: [otherEd.line] }), {
    code: 'ERR_LIMIT',
    message: /1000 machines/,
  });
});

t.test('what differs from what is pinned is taken for nothing until somebody confirms it', async (t) => {
  const cases: readonly (readonly [string, Partial<TargetReport>])[] = [
    ['another host key', { hostKeys: [otherEd.line] }],
    ['one more host key', { hostKeys: [ed.line, rsa.line, otherEd.line] }],
    ['another key of the machine', { machineKey: otherKey }],
    ['in another environment, too', { hostKeys: [otherEd.line], env: 'pr-43' }],
  ];
  for (const [name, overrides] of cases) {
    const { book, presence, report, lines } = setting({ targets: [known()] });
    const shown = { hostKeys: [ed.line, rsa.line], machineKey: anasKey, env: 'pr-42', ...overrides };
    const says = { takesCertificates: true, osUsers: ['root'], osUser: 'root' };
    const tunnel = new FakeTunnel(shown.env);
    t.match(await report({ ...overrides, ...says, tunnel }), { kind: 'unconfirmed' }, name);
    t.same(
      book.target(first),
      {
        ...known({ env: shown.env, lastSeenAt: now }),
        unconfirmed: { hostKeys: shown.hostKeys, machineKey: shown.machineKey, at: now },
      },
      name,
    );
    t.equal(
      presence.tunnelOf(first),
      tunnel,
      'the gate goes on leading there: who comes by it checks the pins',
    );
    t.match(book.audit, [
      { action: 'target.changed', detail: { pinnedHostKeys: [ed.fingerprint, rsa.fingerprint] } },
    ]);
    t.match(lines, [{ level: 'warn', msg: /nobody has confirmed/ }], name);
    t.match(await report({ ...overrides, now: now + 1 }), { kind: 'unconfirmed' });
    t.equal(book.audit.length, 1, 'the same again is no news');
    t.match(await report({ hostKeys: [strange.line], env: shown.env, tunnel }), { kind: 'unconfirmed' });
    t.equal(book.audit.length, 2);
  }
});

t.test('once it shows what is pinned again, there is nothing to confirm', async (t) => {
  const { book, report } = setting({ targets: [known()] });
  const other = new FakeTunnel();
  await report({ hostKeys: [otherEd.line], tunnel: other });
  t.match(await report(), { kind: 'known', target: { unconfirmed: {} } }, 'not while the other is there');
  await other.end();
  t.match(await report(), { kind: 'known' });
  t.equal(book.target(first)?.unconfirmed, undefined);
  t.match(book.audit.at(-1), { action: 'target.changed', detail: { reason: /pinned again/ } });
});

t.test('two machines that claim one id', async (t) => {
  const cases: readonly (readonly [string, Partial<TargetReport>, ReportOutcome['kind']])[] = [
    ['a copy with the same keys, elsewhere', { env: 'pr-43' }, 'conflict'],
    ['a copy with keys of its own, elsewhere', { env: 'pr-43', hostKeys: [otherEd.line] }, 'conflict'],
    ['a copy with keys of its own, here', { hostKeys: [otherEd.line] }, 'conflict'],
    ['one with the same host keys and another key of the machine', { machineKey: otherKey }, 'unconfirmed'],
    ['one that shows one key more', { hostKeys: [ed.line, otherEd.line] }, 'unconfirmed'],
    ['the same again', {}, 'known'],
    ['somebody else`s', { owner: 'bob' }, 'refused'],
  ];
  for (const [name, overrides, kind] of cases) {
    const { book, presence, recorded, report, lines } = setting({ targets: [known()] });
    const live = new FakeTunnel();
    await report({ tunnel: live });
    t.match(await report(overrides), { kind }, name);
    if (kind !== 'conflict' && kind !== 'refused') continue;
    t.same(book.audit, [], name);
    t.equal(presence.tunnelOf(first), live, name);
    t.match(recorded, [
      { action: 'target.conflict', result: 'refused', target: 'pr-42', detail: { id: first } },
    ]);
    t.match(lines, [{ level: 'warn', msg: /claims the id of another/ }], name);
  }
});

t.test('a machine that changes its own keys is no other machine', async (t) => {
  const { report } = setting({ targets: [known()] });
  const tunnel = new FakeTunnel();
  await report({ tunnel });
  t.match(
    await report({ tunnel, hostKeys: [otherEd.line] }),
    { kind: 'unconfirmed' },
    'over the same tunnel',
  );
  await tunnel.end();
  t.match(await report({ hostKeys: [strange.line] }), { kind: 'unconfirmed' }, 'when it is back');
});

t.test('whoever took the place of the right one does not keep it out', async (t) => {
  const { presence, report } = setting({ targets: [known()] });
  await report({ hostKeys: [otherEd.line], env: 'pr-43' });
  const right = new FakeTunnel();
  t.match(await report({ tunnel: right }), { kind: 'moved', target: { env: 'pr-42', unconfirmed: {} } });
  t.equal(presence.tunnelOf(first), right);
  t.match(await report({ hostKeys: [otherEd.line], env: 'pr-43' }), { kind: 'conflict' });
});

t.test('another owner`s machine is theirs, also when the environment is not any more', async (t) => {
  const { book, report } = setting({ targets: [known({ owner: 'bob' })] });
  t.match(await report(), { kind: 'refused', reason: /of somebody else/ });
  t.match(await report({ id: second }), {
    kind: 'new',
    target: { name: 'pr-42', owner: 'ana', reach: 'members' },
  });
  t.match(book.target(first), { owner: 'bob', name: 'pr-42-1a2b' });
});

t.test('the names of new machines', async (t) => {
  const cases: readonly {
    readonly what: string;
    readonly there?: readonly TargetRecord[];
    readonly live?: readonly TargetRecord[];
    readonly report?: Partial<TargetReport>;
    readonly owners?: Readonly<Record<string, string>>;
    readonly name: string;
    readonly before?: string;
  }[] = [
    { what: 'a machine that was made anew', there: [known()], name: 'pr-42', before: 'pr-42-1a2b' },
    { what: 'a second machine of the environment', live: [known()], name: 'pr-42-2', before: 'pr-42' },
    {
      what: 'a third one',
      live: [known(), known({ id: targetId(9), name: 'pr-42-2' })],
      ...{ name: 'pr-42-3', before: 'pr-42' },
    },
    { what: 'the name is that of a machine elsewhere', there: [known({ env: 'pr-1' })], name: 'pr-42-2' },
    { what: 'the former owner`s', live: [known({ owner: 'bob' })], name: 'pr-42', before: 'pr-42-1a2b' },
    {
      what: 'the shorter name is taken, too',
      there: [known(), known({ id: targetId(9), name: 'pr-42-1a2b' })],
      ...{ name: 'pr-42', before: 'pr-42-1a2b0001' },
    },
    { what: 'a name of its own', report: { name: 'box' }, name: 'box' },
    {
      what: 'that of an environment of somebody else',
      report: { name: 'box' },
      owners: { box: 'bob' },
      name: 'box-2',
    },
    { what: 'that could be an address', report: { env: '42' }, name: 'm-42' },
    { what: 'that is reserved', report: { name: 'localhost' }, name: 'm-localhost' },
    {
      what: 'a number that belongs to an environment of somebody else',
      live: [known()],
      owners: { 'pr-42-2': 'bob' },
      name: 'pr-42-3',
    },
  ];
  for (const { what, there = [], live = [], report: overrides = {}, owners, name, before } of cases) {
    const { book, presence, report } = setting({ targets: [...there, ...live] }, owners);
    for (const target of live) presence.report(target.id, new FakeTunnel());
    t.match(
      await report({ id: second, hostKeys: [otherEd.line], ...overrides }),
      { kind: 'new', target: { name } },
      what,
    );
    if (before !== undefined) t.equal(book.target(first)?.name, before, what);
    t.equal(book.targetNamed(name)?.id, second, what);
  }
});

t.test('a machine that was made anew is limited as the one before', async (t) => {
  const limits = { reach: 'owner', services: ['ssh'], osUser: 'deploy' } as const;
  const { report } = setting({ targets: [known({ ...limits, name: 'box' })] });
  t.match(await report({ id: second, hostKeys: [otherEd.line] }), { target: limits });
  const former = setting({ targets: [known({ ...limits, owner: 'bob' })] });
  const theirs = targetOf(await former.report({ id: second, hostKeys: [otherEd.line] }));
  t.match(theirs, { reach: 'members', services: [] });
  t.equal(theirs.osUser, undefined);
});

t.test('what is no report', async (t) => {
  const cases: readonly (readonly [Partial<TargetReport>, RegExp])[] = [
    [{ id: 'pr-42' }, /no UUID/],
    [{ id: first.toUpperCase() }, /no UUID/],
    [{ hostKeys: [] }, /no host key/],
    [{ hostKeys: ['ssh-ed25519 AAAA'] }, /line 1/],
    [{ hostKeys: Array.from({ length: 17 }, () => publicKey().line) }, /more than 16/],
    [{ hostKeys: ['x'.repeat(20_000)] }, /longer than 16384/],
    [{ env: 'pr-9' }, /pr-9 is not yours/],
  ];
  const { book, recorded, report } = setting({}, { 'pr-9': 'bob' });
  for (const [overrides, reason] of cases) t.match(await report(overrides), { kind: 'refused', reason });
  t.same([...book.targets()], []);
  t.same([...book.audit, ...recorded], []);
});

t.test('machines that report themselves at once', async (t) => {
  const { book, presence, report } = setting();
  const same = await Promise.all([1, 2, 3, 4].map(() => report()));
  t.same(
    same.map(({ kind }) => kind),
    ['new', 'known', 'known', 'known'],
    'one machine over four connections is one',
  );
  t.equal(presence.tunnelsOf(first).length, 4);
  const [, others] = await Promise.all([
    report({ id: targetId(7), env: 'pr-7', hostKeys: [otherEd.line] }),
    report({ id: targetId(7), env: 'pr-7', hostKeys: [strange.line] }),
  ]);
  t.match(others, { kind: 'conflict' }, 'of two with one id the first is it');
  await Promise.all(
    [1, 2, 3].map((number) => report({ id: targetId(number), env: 'pr-8', hostKeys: [publicKey().line] })),
  );
  t.same(
    book.targetsOf('pr-8').map(({ name }) => name),
    ['pr-8', 'pr-8-2', 'pr-8-3'],
  );
});

t.test('a report that cannot be written is none, and the next one is', async (t) => {
  const { book, presence, report } = setting();
  book.failure = new PortholeError('ERR_STORE_UNAVAILABLE');
  await t.rejects(report(), { code: 'ERR_STORE_UNAVAILABLE' });
  t.equal(presence.isLive(first), false);
  book.failure = undefined;
  t.match(await report(), { kind: 'new' });
});

t.test('too many at once are told so', async (t) => {
  const { report } = setting();
  const all = await Promise.allSettled(Array.from({ length: 2001 }, () => report({ hostKeys: [ed.line] })));
  t.equal(all.filter(({ status }) => status === 'fulfilled').length, 2000);
  t.match(all.at(-1), { status: 'rejected', reason: { code: 'ERR_BUSY' } });
});

t.test('a tunnel that ended meanwhile leads nowhere', async (t) => {
  const { presence, report } = setting();
  const tunnel = new FakeTunnel();
  const pending = report({ tunnel });
  await tunnel.end();
  t.match(await pending, { kind: 'new' });
  t.equal(presence.isLive(first), false);
});
