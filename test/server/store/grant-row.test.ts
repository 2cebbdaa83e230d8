import fc from 'fast-check';
import t from 'tap';
import { fromGrantRow, toGrantRow } from '../../../server/store/grant-row.ts';
import { newGrant } from '../../support/visit-records.ts';

const unused = { uses: 0, lastUsedAt: undefined, lastUsedFrom: undefined, revokedAt: undefined };

t.test('a grant is read as it was written', async (t) => {
  for (const grant of [
    newGrant(),
    newGrant({ service: 'web', name: 'für Eve', emails: ['eve@example.com', 'ünal@b.test'], maxUses: 1 }),
    newGrant({ kind: 'token' }),
    newGrant({ kind: 'password', expiresAt: undefined, hash: '$scrypt$...' }),
  ])
    t.same(fromGrantRow(toGrantRow(grant)), { ok: true, record: { ...grant, ...unused } });
});

t.test('what names it is cut to what fits a line', async (t) => {
  const row = toGrantRow(newGrant({ name: `a\0b\nc\ud800${'x'.repeat(999)}` }));
  t.match(row.name, /^a b c\ufffdx+$/);
  t.equal(fromGrantRow(row).ok, true);
});

t.test('a row that somebody has edited counts only if all of it makes sense', async (t) => {
  const row = toGrantRow(newGrant());
  const wrong = [
    { id: 'x' },
    { kind: 'key' },
    { env: 'a--b' },
    { service: '8080' },
    { owner: '' },
    { name: 'a\nb' },
    { created_at: -1 },
    { created_at: 1.5 },
    { expires_at: null },
    { expires_at: 1e300 },
    { emails: '' },
    { emails: '{}' },
    { emails: '["Eve@example.com"]' },
    { emails: '["eve"]' },
    { emails: '[1]' },
    { emails: JSON.stringify(Array.from({ length: 101 }, () => 'a@b.c')) },
    { max_uses: 0 },
    { uses: -1 },
    { hash: 'x' },
    { kind: 'password' },
    { revoked_at: 'now' },
  ];
  for (const change of wrong)
    t.match(fromGrantRow({ ...row, ...change }), { ok: false }, JSON.stringify(change));
  const anything = fc.record(
    Object.fromEntries(
      Object.keys(row).map((column) => [column, fc.oneof(fc.anything(), fc.constant(null))]),
    ),
  );
  fc.assert(fc.property(fc.oneof(anything, fc.anything()), (read) => !fromGrantRow(read).ok));
});
