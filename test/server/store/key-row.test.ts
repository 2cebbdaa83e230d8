import fc from 'fast-check';
import t from 'tap';
import { accesses } from '../../../core/openness.ts';
import { roles } from '../../../server/identity/identity.ts';
import type { KeyRecord } from '../../../server/identity/key-record.ts';
import { fromKeyRow, toKeyRow } from '../../../server/store/key-row.ts';
import { freshKey, recordOf } from '../../support/key-records.ts';

const key = recordOf(freshKey(t));
const row = toKeyRow(key);

t.test('any key comes back as it was', async (t) => {
  const moment = fc.nat(8.64e15);
  const words = fc.string({ minLength: 1 }).filter((text) => /^[^\p{Cc}]*$/u.test(text));
  const record: fc.Arbitrary<KeyRecord> = fc
    .record(
      {
        principal: words,
        name: words,
        role: fc.constantFrom(...roles),
        envPatterns: fc.array(fc.stringMatching(/^[a-z0-9*?-]{1,20}$/)),
        comment: fc.oneof(words, fc.constant('')),
        options: fc.constantFrom(
          { touchRequired: true, verifyRequired: false },
          { touchRequired: false, verifyRequired: true },
        ),
        source: words,
        createdAt: moment,
        createdBy: words,
        preferred: fc.boolean(),
        expiresAt: moment,
        lastUsedAt: moment,
        lastUsedFrom: words,
        counter: fc.nat(0xffff_ffff),
        revokedAt: moment,
        revokedReason: words,
        widestAccess: fc.constantFrom(...accesses),
      },
      { requiredKeys: ['principal', 'name', 'role', 'envPatterns', 'comment', 'options', 'source'] },
    )
    .map((some) => ({ ...key, ...some }));
  fc.assert(
    fc.property(record, (each) => {
      const read = fromKeyRow(toKeyRow(each));
      t.strictSame(read, { ok: true, key: each });
    }),
    { numRuns: 50 },
  );
});

t.test('a row that makes no sense counts as none, and says of which key it may be', async (t) => {
  const other = freshKey(t);
  const broken: readonly (readonly [object, RegExp, string[]?])[] = [
    [{ role: 'root' }, /^role: /],
    [{ created_at: -1 }, /^created_at: /],
    [{ expires_at: 2n ** 62n }, /^expires_at: /],
    [{ preferred: 2 }, /^preferred: /],
    [{ widest_access: 'all' }, /^widest_access: /],
    [{ name: 'a\nb' }, /^name: has control/],
    [{ principal: '' }, /^principal: /],
    [{ env_patterns: '["pr-*"' }, /^env_patterns: /],
    [{ env_patterns: '["PR/*"]' }, /^env_patterns: /],
    [{ options: '{}' }, /^options: /],
    [{ options: '{"touchRequired":true,"verifyRequired":false,"x":1}' }, /^options: /],
    [{ type: 'ssh-rsa' }, /./],
    [{ blob: other.blob }, /^fingerprint: /, [key.fingerprint, other.fingerprint]],
    [{ fingerprint: 'SHA256:x' }, /^fingerprint: /, ['SHA256:x', key.fingerprint]],
    [{ blob: 'x' }, /^blob: /, []],
    [{ fingerprint: 5, blob: null }, /./, []],
  ];
  for (const [change, problem, fingerprints = [key.fingerprint]] of broken) {
    const read = fromKeyRow({ ...row, ...change });
    t.match(read, { ok: false, problem });
    if (!read.ok) for (const each of fingerprints) t.ok(read.fingerprints.includes(each), each);
  }
});

t.test('a key that was read before is not checked again, and another in its place is', async (t) => {
  t.strictSame(fromKeyRow({ ...row, name: 'other' }, key), { ok: true, key: { ...key, name: 'other' } });
  t.match(fromKeyRow({ ...row, blob: freshKey(t).blob }, key), { ok: false });
  t.match(fromKeyRow({ ...row, type: 'ssh-rsa' }, key), { ok: false });
});
