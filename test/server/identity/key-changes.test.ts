import fc from 'fast-check';
import t from 'tap';
import { applyChanges, type AppliedChanges } from '../../../server/identity/key-changes.ts';
import type { KeyChange, KeyRecord } from '../../../server/identity/key-record.ts';
import { KeyRing } from '../../../server/identity/key-ring.ts';
import { isUsable } from '../../../server/identity/key-state.ts';
import { freshKey, recordOf } from '../../support/key-records.ts';

const now = 10_000;
const admin = freshKey(t, { role: 'admin', name: 'desk' });
const other = freshKey(t, { name: 'phone' });
const [a, b] = [recordOf(admin), recordOf(other)];
const both = new KeyRing({ principals: ['ana'], keys: [a, b] });

function apply(
  ring: KeyRing,
  changes: readonly KeyChange[],
  otherAdmins: readonly string[] = [],
): AppliedChanges {
  return applyChanges(ring, changes, { now, otherAdmins });
}

t.test('adding makes the principal too, and leaves the ring before it alone', async (t) => {
  const before = new KeyRing();
  const { ring, put, removed, principals, withdrawn } = apply(before, [{ kind: 'add', key: other }]);
  t.same([...ring.all()], [b]);
  t.same([put, removed, principals, withdrawn], [[b], [], ['ana'], []]);
  t.equal(before.size, 0);
  t.equal(before.hasPrincipal('ana'), false);
});

t.test('what cannot be added', async (t) => {
  const conflicts: readonly (readonly [KeyRing, KeyChange, RegExp])[] = [
    [both, { kind: 'add', key: { ...other, name: 'new', principal: 'bob' } }, /known here already/],
    [both, { kind: 'add', key: freshKey(t, { name: 'phone' }) }, /ana has a key of the name phone already/],
    [new KeyRing({ damaged: [other.fingerprint] }), { kind: 'add', key: other }, /makes no sense/],
  ];
  for (const [ring, change, message] of conflicts)
    t.throws(() => apply(ring, [change]), { code: 'ERR_CONFLICT', message });
  t.equal(
    apply(both, [{ kind: 'add', key: freshKey(t, { name: 'phone', principal: 'bob' }) }]).put.length,
    1,
  );
});

t.test('a principal has a bounded number of keys', async (t) => {
  const keys = Array.from({ length: 1000 }, (_, i) => ({
    ...b,
    fingerprint: `SHA256:${i}`,
    name: `key-${i}`,
  }));
  const ring = new KeyRing({ keys });
  t.throws(() => apply(ring, [{ kind: 'add', key: other }]), { code: 'ERR_LIMIT' });
});

t.test('a key of which nothing is known any more', async (t) => {
  const changes: readonly KeyChange[] = [
    { kind: 'update', fingerprint: 'SHA256:x', set: { name: 'y' } },
    { kind: 'prefer', fingerprint: 'SHA256:x' },
    { kind: 'unprefer', fingerprint: 'SHA256:x' },
    { kind: 'revoke', fingerprint: 'SHA256:x', reason: '', at: 1 },
    { kind: 'reinstate', fingerprint: 'SHA256:x', at: 1 },
    { kind: 'remove', fingerprint: 'SHA256:x' },
  ];
  for (const change of changes) t.throws(() => apply(both, [change]), { code: 'ERR_CONFLICT' }, change.kind);
});

t.test('an update sets what it names', async (t) => {
  const update = (set: object, ring = both): KeyRecord | undefined =>
    apply(ring, [{ kind: 'update', fingerprint: b.fingerprint, set }]).ring.byFingerprint(b.fingerprint);
  t.same(update({ name: 'tablet', expiresAt: 20_000 }), { ...b, name: 'tablet', expiresAt: 20_000 });
  t.same(update({ comment: '', envPatterns: [] }), { ...b, comment: '', envPatterns: [] });
  t.same(update({ name: 'phone' }), b, 'its own name is no conflict');
  t.throws(() => update({ name: 'desk' }), { code: 'ERR_CONFLICT' });
  const expiring = new KeyRing({ keys: [a, { ...b, expiresAt: 5 }] });
  t.strictSame(update({ expiresAt: null }, expiring), b);
});

t.test('names may be exchanged by way of a third', async (t) => {
  const rename = (key: KeyRecord, name: string): KeyChange => ({
    kind: 'update',
    fingerprint: key.fingerprint,
    set: { name },
  });
  const { ring } = apply(both, [rename(a, 'x'), rename(b, 'desk'), rename(a, 'phone')]);
  t.equal(ring.byFingerprint(a.fingerprint)?.name, 'phone');
  t.equal(ring.byFingerprint(b.fingerprint)?.name, 'desk');
});

t.test('at most one is preferred, and it can log in', async (t) => {
  const preferred = (ring: KeyRing): string[] =>
    [...ring.all()].filter((key) => key.preferred).map(({ name }) => name);
  const first = apply(both, [{ kind: 'prefer', fingerprint: a.fingerprint }]);
  t.same(preferred(first.ring), ['desk']);
  const second = apply(first.ring, [{ kind: 'prefer', fingerprint: b.fingerprint }]);
  t.same(preferred(second.ring), ['phone']);
  t.equal(second.put.length, 2);
  t.same(preferred(apply(second.ring, [{ kind: 'unprefer', fingerprint: b.fingerprint }]).ring), []);
  const revoke: KeyChange = { kind: 'revoke', fingerprint: b.fingerprint, reason: 'lost', at: now };
  const { ring } = apply(second.ring, [revoke]);
  t.same(preferred(ring), []);
  t.throws(() => apply(ring, [{ kind: 'prefer', fingerprint: b.fingerprint }]), { code: 'ERR_CONFLICT' });
  const expired = new KeyRing({ keys: [a, { ...b, expiresAt: now }] });
  t.throws(() => apply(expired, [{ kind: 'prefer', fingerprint: b.fingerprint }]), { code: 'ERR_CONFLICT' });
});

t.test('a revocation says what was said first, and can be taken back', async (t) => {
  const revoke = (reason: string, at: number): KeyChange => ({
    kind: 'revoke',
    fingerprint: b.fingerprint,
    reason,
    at,
  });
  const { ring, withdrawn } = apply(both, [revoke('lost', 1), revoke('again', 2)]);
  const revoked = { ...b, revokedAt: 1, revokedReason: 'lost' };
  t.same(ring.byFingerprint(b.fingerprint), revoked);
  t.same(withdrawn, [b.fingerprint]);
  const back = apply(ring, [{ kind: 'reinstate', fingerprint: b.fingerprint, at: 77 }]);
  t.strictSame(back.ring.byFingerprint(b.fingerprint), { ...b, createdAt: 77 }, 'as if it were new');
  t.same(back.withdrawn, []);
});

t.test('removing also clears away what makes no sense', async (t) => {
  const gone = apply(both, [{ kind: 'remove', fingerprint: b.fingerprint }]);
  t.same([gone.put, gone.removed, gone.withdrawn], [[], [b.fingerprint], [b.fingerprint]]);
  t.equal(gone.ring.hasPrincipal('ana'), true);
  const damaged = new KeyRing({ damaged: [b.fingerprint] });
  const mended = apply(damaged, [
    { kind: 'remove', fingerprint: b.fingerprint },
    { kind: 'add', key: other },
  ]);
  t.same([mended.put, mended.removed, mended.withdrawn], [[b], [], []]);
});

t.test('a principal can be made, and be there already', async (t) => {
  t.same(apply(both, [{ kind: 'principal', name: 'bob' }]).principals, ['bob']);
  t.same(apply(both, [{ kind: 'principal', name: 'ana' }]).principals, []);
});

t.test('the last admin stays', async (t) => {
  const { fingerprint } = a;
  const losing: readonly KeyChange[] = [
    { kind: 'remove', fingerprint },
    { kind: 'revoke', fingerprint, reason: '', at: now },
    { kind: 'update', fingerprint, set: { role: 'member' } },
    { kind: 'update', fingerprint, set: { expiresAt: now } },
  ];
  const second = new KeyRing({ keys: [a, { ...b, role: 'admin' }] });
  const useless = new KeyRing({
    keys: [
      a,
      { ...b, role: 'admin', revokedAt: 1 },
      recordOf(freshKey(t, { role: 'admin', expiresAt: now })),
    ],
  });
  for (const change of losing) {
    t.throws(() => apply(both, [change]), { code: 'ERR_CONFLICT', message: /last key of an admin/ });
    t.throws(() => apply(useless, [change]), { code: 'ERR_CONFLICT' });
    t.doesNotThrow(() => apply(second, [change]));
    t.doesNotThrow(() => apply(both, [change], ['SHA256:of-the-file']), 'the file has one');
    const inFile = (): unknown => apply(both, [change], [fingerprint, b.fingerprint]);
    // Once it is removed, the line of the file counts.
    if (change.kind === 'remove') t.doesNotThrow(inFile);
    else t.throws(inFile, { code: 'ERR_CONFLICT' }, 'what the store says of a key counts');
  }
  t.doesNotThrow(() => apply(both, [{ kind: 'update', fingerprint, set: { expiresAt: now + 1 } }]));
  const none = new KeyRing({ keys: [b] });
  t.doesNotThrow(
    () => apply(none, [{ kind: 'remove', fingerprint: b.fingerprint }]),
    'there was none before',
  );
  t.throws(
    () => apply(new KeyRing(), [{ kind: 'add', key: other }], [other.fingerprint]),
    { code: 'ERR_CONFLICT' },
    'the file’s admin would be a machine from then on',
  );
});

t.test('whatever is done, what must be unique is, and an admin is left', async (t) => {
  const pool = Array.from({ length: 4 }, (_, i) =>
    freshKey(t, { name: `k${i}`, role: i === 0 ? 'admin' : 'machine', principal: i < 2 ? 'ana' : 'bob' }),
  );
  const key = fc.constantFrom(...pool);
  const print = key.map(({ fingerprint }) => fingerprint);
  const change: fc.Arbitrary<KeyChange> = fc.oneof(
    key.map((added) => ({ kind: 'add' as const, key: added })),
    fc
      .tuple(print, fc.constantFrom('k0', 'k1', 'x'), fc.constantFrom('admin', 'machine'))
      .map(([fingerprint, name, role]) => ({
        kind: 'update' as const,
        fingerprint,
        set: { name, role },
      })),
    print.map((fingerprint) => ({ kind: 'prefer' as const, fingerprint })),
    print.map((fingerprint) => ({ kind: 'revoke' as const, fingerprint, reason: '', at: now })),
    print.map((fingerprint) => ({ kind: 'reinstate' as const, fingerprint, at: now })),
    print.map((fingerprint) => ({ kind: 'remove' as const, fingerprint })),
  );
  const hasAdmin = (ring: KeyRing): boolean =>
    [...ring.all()].some((each) => each.role === 'admin' && isUsable(each, now));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      let ring = new KeyRing();
      for (const each of changes) {
        const had = hasAdmin(ring);
        try {
          ({ ring } = apply(ring, [each]));
        } catch (error) {
          t.match(error, { code: 'ERR_CONFLICT' });
        }
        if (had && !hasAdmin(ring)) return false;
      }
      const keys = [...ring.all()];
      const names = new Set(keys.map(({ principal, name }) => `${principal}/${name}`));
      const preferred = keys.filter((each) => each.preferred);
      return (
        names.size === keys.length &&
        new Set(preferred.map(({ principal }) => principal)).size === preferred.length &&
        preferred.every((each) => isUsable(each, now))
      );
    }),
    { numRuns: 200 },
  );
});
