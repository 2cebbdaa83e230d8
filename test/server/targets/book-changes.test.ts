import t from 'tap';
import { draftChanges, type BookLimits } from '../../../server/targets/book-changes.ts';
import { BookTables, firstDefaultGate } from '../../../server/targets/book-tables.ts';
import type { BookChange } from '../../../server/targets/target-book.ts';
import {
  MemoryBook,
  someGate,
  someGrant,
  someProfile,
  someTarget,
  targetId,
} from '../../support/memory-book.ts';
import { someFingerprint } from '../../support/visit-records.ts';

const key = { fingerprint: someFingerprint, addedAt: 1, addedBy: 'root' };
const audit = { at: 1, action: 'target.test', result: 'ok' } as const;
const other = someTarget({ id: targetId(1), name: 'box' });
const listed = someGate({ keys: [key], targets: [targetId(42)] });

function full(): MemoryBook {
  return new MemoryBook({
    targets: [someTarget(), other],
    profiles: [someProfile()],
    gates: [listed],
    grants: [someGrant()],
  });
}

t.test('what may not be, in words', async (t) => {
  const gate = listed.id;
  const cases: readonly (readonly [BookChange, RegExp])[] = [
    [{ kind: 'add-target', target: someTarget() }, /a machine 0000002a-\S+ already/],
    [{ kind: 'add-target', target: someTarget({ id: targetId(2) }) }, /a machine called pr-42 already/],
    [{ kind: 'update-target', id: targetId(2), set: {} }, /no machine 00000002-\S+ any more/],
    [{ kind: 'update-target', id: other.id, set: { name: 'pr-42' } }, /called pr-42 already/],
    [{ kind: 'remove-target', id: targetId(2) }, /no machine/],
    [{ kind: 'add-profile', profile: someProfile() }, /a profile profileprof2 already/],
    [{ kind: 'add-profile', profile: someProfile({ id: 'other' }) }, /a profile called work already/],
    [{ kind: 'add-profile', profile: someProfile({ id: 'other', target: targetId(2) }) }, /no machine/],
    [{ kind: 'update-profile', id: someProfile().id, set: { target: targetId(2) } }, /no machine/],
    [{ kind: 'update-profile', id: 'x', set: {} }, /no profile x any more/],
    [{ kind: 'remove-profile', id: 'x' }, /no profile x/],
    [{ kind: 'add-gate', gate: someGate({ id: 'x', name: 'default' }) }, /a gate called default already/],
    [{ kind: 'add-gate', gate: someGate({ id: 'x', name: 'x', isDefault: true }) }, /a default gate already/],
    [{ kind: 'add-gate', gate: someGate({ id: 'x', name: 'x', targets: [targetId(2)] }) }, /no machine/],
    [{ kind: 'update-gate', id: gate, set: { name: 'default' } }, /called default already/],
    [{ kind: 'update-gate', id: 'x', set: {} }, /no gate x any more/],
    [{ kind: 'remove-gate', id: firstDefaultGate.id }, /the default gate stays/],
    [{ kind: 'remove-gate', id: 'x' }, /no gate x/],
    [{ kind: 'add-gate-key', gate, key }, /has this key already/],
    [{ kind: 'add-gate-key', gate: firstDefaultGate.id, key }, /gate set default --keys listed makes/],
    [{ kind: 'remove-gate-key', gate, fingerprint: 'x' }, /gate ops has no key x/],
    [{ kind: 'add-gate-target', gate, target: targetId(42) }, /has this machine already/],
    [{ kind: 'add-gate-target', gate, target: targetId(2) }, /no machine/],
    [{ kind: 'add-gate-target', gate: firstDefaultGate.id, target: other.id }, /--targets listed makes/],
    [{ kind: 'remove-gate-target', gate, target: other.id }, /gate ops has no machine/],
    [{ kind: 'add-grant', grant: someGrant() }, /a grant grantgrantg2 already/],
    [{ kind: 'remove-grant', id: 'x' }, /no grant x any more/],
  ];
  const first: BookChange = { kind: 'update-target', id: other.id, set: { osUser: 'x' } };
  for (const [change, message] of cases) {
    const book = full();
    await t.rejects(book.change([first, change], audit), {
      code: 'ERR_CONFLICT',
      message,
    });
    t.equal(book.target(other.id), other, 'nothing of it is done');
    t.same(book.audit, []);
  }
});

t.test('what may', async (t) => {
  const book = full();
  await book.change(
    [
      { kind: 'update-target', id: other.id, set: { osUser: 'root', reach: 'owner' } },
      { kind: 'update-profile', id: someProfile().id, set: { target: other.id, name: 'home' } },
      { kind: 'add-gate-target', gate: listed.id, target: other.id },
      { kind: 'remove-gate-key', gate: listed.id, fingerprint: someFingerprint },
      { kind: 'update-gate', id: listed.id, set: { keys: 'listed', host: 'gw.example.com' } },
      { kind: 'update-gate', id: firstDefaultGate.id, set: { keys: 'listed', targets: 'listed' } },
      { kind: 'add-gate-key', gate: firstDefaultGate.id, key },
      { kind: 'remove-grant', id: someGrant().id },
      { kind: 'add-grant', grant: someGrant({ principal: 'bob' }) },
    ],
    audit,
  );
  t.match(book.target(other.id), { osUser: 'root', reach: 'owner' });
  t.match(book.profilesOf('eve'), [{ name: 'home', target: other.id }]);
  t.match(book.gateNamed('ops'), { keys: [], targets: [targetId(42), other.id], host: 'gw.example.com' });
  t.match(book.defaultGate, { keys: [key], targets: [] });
  t.same(book.grantsOf('eve'), []);
  t.equal(book.grantsOf('bob').length, 1);
  t.equal(book.grant(someGrant().id)?.principal, 'bob');
  await book.change(
    [
      { kind: 'update-gate', id: listed.id, set: { keys: 'any', host: undefined } },
      { kind: 'update-target', id: other.id, set: { osUser: undefined } },
      { kind: 'remove-target', id: other.id },
    ],
    audit,
  );
  t.match(book.gate(listed.id), { keys: 'any', targets: [targetId(42)] });
  t.notOk('host' in (book.gate(listed.id) ?? {}));
  t.same(book.profilesOf('eve'), [], 'it led to what is gone');
  await book.change([{ kind: 'remove-gate', id: listed.id }], audit);
  t.same(
    [...book.gates()].map(({ name }) => name),
    ['default'],
  );
});

t.test('what is too much', (t) => {
  const none: BookLimits = {
    ...{
      targets: 9,
      targetsPerOwner: 9,
      profilesPerPrincipal: 9,
      gates: 9,
      keysPerGate: 9,
      targetsPerGate: 9,
    },
    ...{ grants: 9, grantsPerGiver: 9 },
  };
  const tables = new BookTables();
  for (const target of [someTarget(), other]) tables.targets.put(target);
  tables.profiles.put(someProfile());
  for (const gate of [firstDefaultGate, listed]) tables.gates.put(gate);
  tables.grants.put(someGrant());
  const another = someTarget({ id: targetId(2), name: 'x' });
  const otherKey = { ...key, fingerprint: `SHA256:${'B'.repeat(43)}` };
  const cases: readonly (readonly [Partial<BookLimits>, BookChange, RegExp])[] = [
    [{ targets: 2 }, { kind: 'add-target', target: another }, /2 machines at most/],
    [{ targetsPerOwner: 2 }, { kind: 'add-target', target: another }, /one principal has 2 machines/],
    [
      { profilesPerPrincipal: 1 },
      { kind: 'add-profile', profile: someProfile({ id: 'x', name: 'x' }) },
      /has 1 profiles at most/,
    ],
    [{ gates: 2 }, { kind: 'add-gate', gate: someGate({ id: 'x', name: 'x' }) }, /2 gates at most/],
    [{ keysPerGate: 1 }, { kind: 'add-gate-key', gate: listed.id, key: otherKey }, /ops has 1 keys at most/],
    [
      { keysPerGate: 1 },
      { kind: 'add-gate', gate: someGate({ id: 'x', name: 'x', keys: [key, otherKey] }) },
      /x has 1 keys at most/,
    ],
    [
      { targetsPerGate: 1 },
      { kind: 'add-gate-target', gate: listed.id, target: other.id },
      /ops has 1 machines at most/,
    ],
    [{ grants: 1 }, { kind: 'add-grant', grant: someGrant({ id: 'x' }) }, /1 grants at most/],
    [{ grantsPerGiver: 1 }, { kind: 'add-grant', grant: someGrant({ id: 'x' }) }, /gives 1 grants at most/],
  ];
  for (const [limits, change, message] of cases) {
    draftChanges(tables, [change], none);
    t.throws(() => draftChanges(tables, [change], { ...none, ...limits }), { code: 'ERR_LIMIT', message });
  }
  t.equal(tables.targets.size, 2);
  t.end();
});
