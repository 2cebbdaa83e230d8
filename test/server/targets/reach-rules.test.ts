import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Identity } from '../../../server/identity/identity.ts';
import { ReachRules } from '../../../server/targets/reach-rules.ts';
import { unknown } from '../../../server/targets/reach-reasons.ts';
import type { ReachDecision, ReachRequest } from '../../../server/targets/reach.ts';
import {
  MemoryBook,
  someGate,
  someGrant,
  someTarget,
  targetId,
  type BookContents,
} from '../../support/memory-book.ts';
import { someFingerprint } from '../../support/visit-records.ts';

const now = Date.UTC(2030, 0, 1);
const hour = 3_600_000;
const otherFingerprint = `SHA256:${'B'.repeat(43)}`;
const pr42 = targetId(42);

/** Eve, a member for pr-*, who asks for the SSH server of Ana's pr-42. */
function identityOf(overrides: Partial<Identity> = {}): Identity {
  return {
    ...{ principal: 'eve', role: 'member', envPatterns: ['pr-*'], fingerprint: someFingerprint },
    ...{ keyId: 'aaaaaaaaaaaa', source: { kind: 'stored' } },
    ...overrides,
  };
}

interface Case {
  readonly what: string;
  readonly identity?: Partial<Identity>;
  readonly request?: Partial<Omit<ReachRequest, 'identity'>>;
  readonly book?: BookContents;
  readonly gateAccess?: 'members' | 'grants';
  /** What allows it, or the code and some of the words. */
  readonly by?: string;
  readonly until?: number;
  readonly osUsers?: readonly string[];
  readonly gate?: string;
  readonly refused?: RegExp;
  readonly unknown?: true;
}

function decide({ identity, request, book, gateAccess = 'members' }: Omit<Case, 'what'>): ReachDecision {
  const rules = new ReachRules({ book: new MemoryBook({ targets: [someTarget()], ...book }), gateAccess });
  return rules.decide({
    identity: identityOf(identity),
    ...{ user: 'eve', env: 'pr-42', owner: 'ana', service: 'ssh', target: pr42, now },
    ...request,
  });
}

function check(t: Test, each: Case): void {
  const decision = decide(each);
  if (each.unknown === true) {
    const { env = 'pr-42' } = each.request ?? {};
    t.same(decision, { kind: 'refused', code: 'ERR_TARGET_UNKNOWN', reason: unknown(env) }, each.what);
  } else if (each.refused !== undefined) {
    t.match(decision, { kind: 'refused', code: 'ERR_GATE_REFUSED', reason: each.refused }, each.what);
  } else {
    t.match(
      decision,
      {
        kind: 'allowed',
        by: each.by,
        osUsers: each.osUsers ?? 'any',
        gate: { name: each.gate ?? 'default' },
      },
      each.what,
    );
    t.equal('until' in decision ? decision.until : 0, each.until, `${each.what}: until when`);
  }
}

const ofTarget = (overrides: Parameters<typeof someTarget>[0]): BookContents => ({
  targets: [someTarget(overrides)],
});
const stranger: Partial<Identity> = { envPatterns: ['x-*'] };
const admin: Partial<Identity> = { role: 'admin', envPatterns: [] };
const owner: Partial<Identity> = { principal: 'ana', envPatterns: [] };

const whoMay: readonly Case[] = [
  { what: 'a member whose patterns match', by: 'member' },
  { what: 'a machine', identity: { role: 'machine' }, refused: /machine's key does not pass/ },
  { what: 'the owner`s machine', identity: { ...owner, role: 'machine' }, refused: /machine's key/ },
  { what: 'the owner', identity: owner, by: 'owner' },
  { what: 'an administrator', identity: admin, by: 'admin' },
  { what: 'a member of other patterns', identity: stranger, unknown: true },
  {
    what: 'only with grants',
    gateAccess: 'grants',
    refused: /ask an administrator.*grant add eve --env pr-42$/,
  },
  { what: 'only with grants, the owner', identity: owner, gateAccess: 'grants', by: 'owner' },
  { what: 'only with grants, an administrator', identity: admin, gateAccess: 'grants', by: 'admin' },
  { what: 'a target for grants', book: ofTarget({ reach: 'grants' }), refused: /grant add eve/ },
  {
    what: 'a target for grants, the owner',
    identity: owner,
    book: ofTarget({ reach: 'grants' }),
    by: 'owner',
  },
  { what: 'a target for its owner', book: ofTarget({ reach: 'owner' }), refused: /its owner only/ },
  {
    what: 'a target for its owner, who it is',
    identity: owner,
    book: ofTarget({ reach: 'owner' }),
    by: 'owner',
  },
  {
    what: 'a target for its owner, an administrator',
    identity: admin,
    book: ofTarget({ reach: 'owner' }),
    by: 'admin',
  },
  { what: 'a key that is over', identity: { expiresAt: now }, refused: /expired/ },
  { what: 'an administrator`s key that is over', identity: { ...admin, expiresAt: now }, refused: /expired/ },
  { what: 'a key that ends', identity: { expiresAt: now + 1 }, by: 'member', until: now + 1 },
];

const whatIsThere: readonly Case[] = [
  { what: 'no such environment', request: { owner: undefined, target: undefined }, unknown: true },
  {
    what: 'no such environment, an administrator',
    identity: admin,
    request: { owner: undefined },
    unknown: true,
  },
  {
    what: 'not theirs to know',
    identity: stranger,
    request: { env: 'y-1', target: undefined },
    unknown: true,
  },
  { what: 'a target that is not there', request: { target: targetId(9) }, unknown: true },
  { what: 'a target of another environment', book: ofTarget({ env: 'pr-43' }), unknown: true },
  { what: 'a target of the former owner', book: ofTarget({ owner: 'bob' }), unknown: true },
  {
    what: 'the former owner`s, the new one',
    identity: owner,
    book: ofTarget({ owner: 'bob' }),
    unknown: true,
  },
  {
    what: 'the former owner`s, they',
    identity: { principal: 'bob' },
    book: ofTarget({ owner: 'bob' }),
    unknown: true,
  },
  {
    what: 'the former owner`s, an administrator',
    identity: admin,
    book: ofTarget({ owner: 'bob' }),
    unknown: true,
  },
  {
    what: 'an environment without a target',
    request: { target: undefined },
    book: { targets: [] },
    by: 'member',
  },
  {
    what: 'a machine that is not known as one, where one is for its owner',
    ...{
      request: { target: undefined, service: 'db' },
      book: ofTarget({ reach: 'owner' }),
      refused: /owner only/,
    },
  },
  {
    what: 'the same, and the target is the former owner`s',
    ...{ request: { target: undefined }, book: ofTarget({ reach: 'owner', owner: 'bob' }), by: 'member' },
  },
];

const services = ['ssh', 'default'];
const whichServices: readonly Case[] = [
  { what: 'one of those that it opens', book: ofTarget({ services }), by: 'member' },
  { what: 'the default one', request: { service: undefined }, book: ofTarget({ services }), by: 'member' },
  {
    what: 'another one',
    request: { service: 'db' },
    book: ofTarget({ services }),
    refused: /ssh, default only/,
  },
  {
    what: 'another one, the owner',
    ...{
      identity: owner,
      request: { service: 'db' },
      book: ofTarget({ services }),
      refused: /ssh, default only/,
    },
  },
  {
    what: 'another one, an administrator',
    identity: admin,
    request: { service: 'db' },
    book: ofTarget({ services }),
    by: 'admin',
  },
  {
    what: 'another one, somebody else',
    identity: stranger,
    request: { service: 'db' },
    book: ofTarget({ services }),
    unknown: true,
  },
];

const granted = (...grants: Parameters<typeof someGrant>[0][]): BookContents => ({
  grants: grants.map((grant, at) => someGrant({ id: `grantgrantg${String(2 + at)}`, ...grant })),
});
const [g2, g3] = ['grantgrantg2', 'grantgrantg3'];
const grants: readonly Case[] = [
  { what: 'a grant', identity: stranger, book: granted({}), by: g2 },
  { what: 'a grant where membership is not enough', gateAccess: 'grants', book: granted({}), by: g2 },
  {
    what: 'a grant for a target for grants',
    book: { ...ofTarget({ reach: 'grants' }), ...granted({}) },
    by: g2,
  },
  {
    what: 'a grant for a target for its owner',
    book: { ...ofTarget({ reach: 'owner' }), ...granted({}) },
    refused: /owner only/,
  },
  {
    what: 'a grant of somebody else',
    identity: stranger,
    book: granted({ principal: 'bob' }),
    unknown: true,
  },
  { what: 'a grant of the owner', identity: stranger, book: granted({ owner: 'ana' }), by: g2 },
  {
    what: 'a grant of whoever had the environment before',
    identity: stranger,
    book: granted({ owner: 'former' }),
    unknown: true,
  },
  {
    what: 'a grant for other environments',
    identity: stranger,
    book: granted({ envPatterns: ['x-*'] }),
    unknown: true,
  },
  { what: 'one of its patterns', identity: stranger, book: granted({ envPatterns: ['x', 'pr-4?'] }), by: g2 },
  {
    what: 'a grant for this service',
    identity: stranger,
    book: granted({ services: ['db', 'ssh'] }),
    by: g2,
  },
  {
    what: 'for the default one',
    identity: stranger,
    request: { service: undefined },
    book: granted({ services: ['default'] }),
    by: g2,
  },
  {
    what: 'for another',
    identity: stranger,
    book: granted({ services: ['db'] }),
    refused: /you may not reach pr-42: ask/,
  },
  {
    what: 'for another than that',
    ...{ identity: stranger, request: { service: 'db' }, book: granted({ services: ['ssh'] }) },
    refused: /may not reach pr-42 \(db\): ask .* --env pr-42 --service db$/,
  },
  {
    what: 'a grant that ends',
    identity: stranger,
    book: granted({ expiresAt: now + 1 }),
    by: g2,
    until: now + 1,
  },
  {
    what: 'a grant that has ended',
    identity: stranger,
    book: granted({ expiresAt: now }),
    refused: /ended at 2030-01-01T00:00:00.000Z: ask/,
  },
  { what: 'it does not matter to members', book: granted({ expiresAt: now, osUsers: ['x'] }), by: 'member' },
  {
    what: 'it does not limit members',
    book: granted({ osUsers: ['deploy'], expiresAt: now + 1 }),
    by: 'member',
  },
  {
    what: 'it opens no service that the target does not',
    identity: stranger,
    book: { ...ofTarget({ services: ['db'] }), ...granted({}) },
    refused: /db only/,
  },
  {
    what: 'nor does a machine pass with one',
    identity: { role: 'machine' },
    book: granted({}),
    refused: /machine/,
  },
  {
    what: 'the end of the key comes first',
    ...{
      identity: { ...stranger, expiresAt: now + 1 },
      book: granted({ expiresAt: now + 2 }),
      by: g2,
      until: now + 1,
    },
  },
  {
    what: 'OS users',
    identity: stranger,
    book: granted({ osUsers: ['deploy'] }),
    by: g2,
    osUsers: ['deploy'],
  },
  {
    what: 'OS users of two, of which one ends: fewer from then on',
    identity: stranger,
    book: granted({ osUsers: ['deploy', 'root'], expiresAt: now + hour }, { osUsers: ['deploy', 'ana'] }),
    ...{ by: g3, osUsers: ['deploy', 'root', 'ana'], until: now + hour },
  },
  {
    what: 'the same users for longer',
    identity: stranger,
    book: granted({ osUsers: ['deploy'], expiresAt: now + 1 }, { osUsers: ['deploy'], expiresAt: now + 2 }),
    ...{ by: g3, osUsers: ['deploy'], until: now + 2 },
  },
  {
    what: 'anybody until then, and some for ever',
    identity: stranger,
    book: granted({ expiresAt: now + 1 }, { osUsers: ['deploy'] }),
    ...{ by: g3, until: now + 1 },
  },
  { what: 'anybody for ever', identity: stranger, book: granted({ expiresAt: now + 1 }, {}), by: g3 },
  {
    what: 'one that is over adds nothing',
    identity: stranger,
    book: granted({ expiresAt: now - 1 }, { osUsers: ['deploy'] }),
    ...{ by: g3, osUsers: ['deploy'] },
  },
];

const key = { fingerprint: someFingerprint, addedAt: 1, addedBy: 'root' };
const gates = (overrides: Parameters<typeof someGate>[0], request: Case['request'] = { user: 'ops' }) => ({
  ...{ book: { gates: [someGate(overrides)] }, request },
});
const whichGate: readonly Case[] = [
  { what: 'another gate', ...gates({}), by: 'member', gate: 'ops' },
  { what: 'in any case', ...gates({}, { user: 'OPS' }), by: 'member', gate: 'ops' },
  { what: 'no gate is called so', ...gates({}, { user: 'root' }), by: 'member' },
  { what: 'a gate with this key', ...gates({ keys: [key] }), by: 'member', gate: 'ops' },
  {
    what: 'a gate without it',
    ...gates({ keys: [{ ...key, fingerprint: otherFingerprint }] }),
    refused: /gate ops does not take your key/,
  },
  {
    what: 'a gate with no keys, an administrator',
    identity: admin,
    ...gates({ keys: [] }),
    refused: /add-key ops SHA256:/,
  },
  { what: 'a gate with this target', ...gates({ targets: [pr42] }), by: 'member', gate: 'ops' },
  { what: 'a gate with another', ...gates({ targets: [targetId(9)] }), refused: /gate ops does not lead to/ },
  {
    what: 'a gate with another, an administrator',
    identity: admin,
    ...gates({ targets: [targetId(9)] }),
    refused: /ops does not lead/,
  },
  {
    what: 'a gate with another, who may not know',
    identity: stranger,
    ...gates({ targets: [targetId(9)] }),
    unknown: true,
  },
  {
    what: 'a gate with targets, for what is none',
    ...gates({ targets: [pr42] }, { user: 'ops', target: undefined }),
    refused: /does not lead/,
  },
  {
    what: 'the default gate is closed',
    ...gates({ isDefault: true, keys: [] }, {}),
    refused: /gate ops does not take/,
  },
  {
    what: 'the default gate has a list',
    ...gates({ isDefault: true, targets: [] }, {}),
    refused: /try another gate/,
  },
];

for (const [name, cases] of Object.entries({ whoMay, whatIsThere, whichServices, grants, whichGate })) {
  t.test(name, (t) => {
    for (const each of cases) check(t, each);
    t.end();
  });
}

t.test('of very many services some are told', (t) => {
  const services = Array.from({ length: 9 }, (_, at) => `s${String(at)}`);
  t.match(decide({ book: ofTarget({ services }) }), { reason: /opens s0, s1, .*, s7, \.\.\. only/ });
  t.end();
});

t.test('what somebody called themselves is not put into a command as it is', (t) => {
  const decision = decide({ identity: { principal: 'a b; rm' }, gateAccess: 'grants' });
  t.match(decision, { reason: /grant add "a b; rm" --env/ });
  t.equal(unknown('\u{1b}[31m'), 'there is nothing called "\\u001b[31m" that you may reach');
  t.end();
});

// --- whatever is taken away, nobody may more ---------------------------------------------------------------------------

const env = fc.constantFrom('pr-42', 'pr-7', 'x-1');
const pattern = fc.constantFrom('*', 'pr-*', 'pr-42', 'x-?', 'y');
const principal = fc.constantFrom('eve', 'ana', 'bob');
const service = fc.constantFrom('ssh', 'db', 'default');
const osUser = fc.constantFrom('root', 'deploy');
const print = fc.constantFrom(someFingerprint, otherFingerprint);
const moment = fc.option(fc.integer({ min: now - 2, max: now + 2 }), { nil: undefined });

const grant = fc
  .record({
    principal,
    envPatterns: fc.uniqueArray(pattern, { minLength: 1 }),
    services: fc.uniqueArray(service),
    osUsers: fc.uniqueArray(osUser),
    expiresAt: moment,
  })
  .map(({ expiresAt, ...rest }) => someGrant({ ...rest, ...(expiresAt !== undefined && { expiresAt }) }));
const target = fc
  .record({
    env,
    owner: principal,
    reach: fc.constantFrom('members', 'grants', 'owner'),
    services: fc.uniqueArray(service),
  })
  .map((fields) => someTarget(fields));
const gate = fc
  .record({
    keys: fc.oneof(fc.constant('any' as const), fc.uniqueArray(print)),
    targets: fc.constantFrom('any' as const, [pr42], []),
    isDefault: fc.boolean(),
  })
  .map(({ keys, ...rest }) =>
    someGate({ ...rest, keys: keys === 'any' ? keys : keys.map((each) => ({ ...key, fingerprint: each })) }),
  );
const scene = fc.record({
  book: fc.record({
    targets: fc.array(target, { maxLength: 1 }),
    gates: fc.array(gate, { maxLength: 1 }),
    grants: fc
      .array(grant, { maxLength: 4 })
      .map((all) => all.map((each, at) => ({ ...each, id: `grantgrantg${String(2 + at)}` }))),
  }),
  identity: fc.record({
    principal,
    role: fc.constantFrom('machine' as const, 'member' as const, 'admin' as const),
    envPatterns: fc.uniqueArray(pattern),
    fingerprint: print,
  }),
  request: fc.record({
    user: fc.constantFrom('ops', 'eve'),
    env,
    owner: fc.option(principal, { nil: undefined }),
    service: fc.option(service, { nil: undefined }),
    target: fc.constantFrom(undefined, pr42),
  }),
  gateAccess: fc.constantFrom('members' as const, 'grants' as const),
});
type Scene = typeof scene extends fc.Arbitrary<infer S> ? S : never;

const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, place) => place !== at);

/** Each way to take something away from somebody. */
function* lessOf({ book, identity, request, gateAccess }: Scene): Iterable<Scene> {
  const rest = { book, identity, request, gateAccess };
  for (const at of book.grants.keys()) yield { ...rest, book: { ...book, grants: without(book.grants, at) } };
  for (const at of identity.envPatterns.keys())
    yield { ...rest, identity: { ...identity, envPatterns: without(identity.envPatterns, at) } };
  for (const role of ['machine', 'member'] as const)
    if (identity.role === 'admin' || role === 'machine') yield { ...rest, identity: { ...identity, role } };
  const [one] = book.gates;
  for (const keys of one !== undefined && one.keys !== 'any'
    ? one.keys.map((_, at) => without(one.keys as never[], at))
    : [[]])
    if (one !== undefined) yield { ...rest, book: { ...book, gates: [{ ...one, keys }] } };
  if (one !== undefined) yield { ...rest, book: { ...book, gates: [{ ...one, targets: [] }] } };
  const [machine] = book.targets;
  if (machine !== undefined) {
    yield { ...rest, book: { ...book, targets: [{ ...machine, reach: 'owner' }] } };
    // To take away the last one of a list is to take away the list.
    for (const at of machine.services.length > 1 ? machine.services.keys() : [])
      yield {
        ...rest,
        book: { ...book, targets: [{ ...machine, services: without(machine.services, at) }] },
      };
    if (request.target !== undefined) yield { ...rest, book: { ...book, targets: [] } };
  }
  yield { ...rest, gateAccess: 'grants' };
  yield { ...rest, request: { ...request, owner: undefined } };
}

t.test('whatever is taken away, nobody may more', (t) => {
  fc.assert(
    fc.property(scene, (before) => {
      const decision = decide(before);
      for (const less of lessOf(before)) {
        const then = decide(less);
        if (then.kind === 'refused') continue;
        if (decision.kind === 'refused') throw new Error(JSON.stringify({ before, less }));
        if (!isWithin(then.osUsers, decision.osUsers)) throw new Error(JSON.stringify({ before, less }));
      }
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('until then nothing changes by itself, and then something does', (t) => {
  const answerAt = (before: Scene, at: number): unknown => {
    const decision = decide({ ...before, request: { ...before.request, now: at } });
    if (decision.kind === 'refused') return 'refused';
    return decision.osUsers === 'any' ? 'any' : decision.osUsers.toSorted();
  };
  fc.assert(
    fc.property(scene, (before) => {
      const decision = decide(before);
      if (decision.kind === 'refused') return;
      const { until = now + 10 } = decision;
      const first = answerAt(before, now);
      for (let at = now; at < until; at += 1)
        if (!isSame(answerAt(before, at), first)) throw new Error(`it changed at ${String(at)}`);
      if (decision.until !== undefined && isSame(answerAt(before, until), first))
        throw new Error('asked in vain');
    }),
    { numRuns: 500 },
  );
  t.end();
});

function isWithin(some: 'any' | readonly string[], all: 'any' | readonly string[]): boolean {
  return all === 'any' || (some !== 'any' && some.every((each) => all.includes(each)));
}

function isSame(one: unknown, two: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(two);
}
