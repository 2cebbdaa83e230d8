import fc from 'fast-check';
import t from 'tap';
import { fromAuditRow, toAuditRow } from '../../../server/store/audit-row.ts';
import { isStorableText } from '../../../server/store/node-sqlite-dialect.ts';
import type { AuditDetail, AuditEntry } from '../../../server/store/audit-entry.ts';

function there(entry: AuditEntry): AuditEntry {
  const row = toAuditRow(entry);
  const { id, ...back } = fromAuditRow({
    id: 1,
    at: row.at,
    principal: row.principal ?? null,
    fingerprint: row.fingerprint ?? null,
    address: row.address ?? null,
    action: row.action,
    target: row.target ?? null,
    result: row.result,
    detail: row.detail ?? null,
  });
  t.equal(id, 1);
  return back;
}

const entry: AuditEntry = { at: 5, action: 'key.add', result: 'ok' };

t.test('what is ordinary comes back as it was', (t) => {
  const whole: AuditEntry = {
    ...entry,
    principal: 'ana',
    fingerprint: 'SHA256:x',
    address: '192.0.2.1',
    target: 'ana/laptop',
    detail: { role: 'member', env: ['pr-*'], tries: 3, forced: true },
  };
  t.same(there(whole), whole);
  t.same(there(entry), entry, 'what is not there stays away');
  t.end();
});

t.test('control characters stay what they are; what SQLite would not keep is replaced', (t) => {
  t.equal(there({ ...entry, target: 'a\n\u001b[31m' }).target, 'a\n\u001b[31m');
  t.equal(there({ ...entry, target: 'a\0b\ud800' }).target, 'a\ufffdb\ufffd');
  t.same(there({ ...entry, detail: { reason: 'a\0b' } }).detail, { reason: 'a\ufffdb' });
  t.end();
});

t.test('secrets do not come in, by whatever way', (t) => {
  const pem = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----';
  const long = `-----BEGIN RSA PRIVATE KEY-----\n${'c2VjcmV0'.repeat(2000)}`;
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmEvYiJ9.c2lnbmF0dXJl';
  for (const secret of [pem, long, jwt, `https://x/?porthole-share=abc.def`]) {
    const row = toAuditRow({ ...entry, target: secret, detail: { reason: secret, list: ['a', secret] } });
    const text = JSON.stringify(row);
    for (const part of ['b3BlbnNz', 'c2VjcmV0', 'c2lnbmF0dXJl', 'abc.def'])
      t.notMatch(text, part, secret.slice(0, 30));
  }
  t.same(there({ ...entry, detail: { token: 'hunter2', password: 'hunter2' } }).detail, {
    token: '[redacted]',
    password: '[redacted]',
  });
  t.end();
});

t.test('everything is bounded', (t) => {
  const long = 'x'.repeat(100_000);
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${String(index)}`, long]));
  const row = toAuditRow({
    ...entry,
    target: long,
    detail: { list: Array.from({ length: 5000 }, () => long), ...many },
  });
  t.equal(row.target?.length, 256);
  t.ok((row.detail?.length ?? 0) <= 4096);
  t.end();
});

t.test('a time that is none', (t) => {
  t.equal(toAuditRow({ ...entry, at: Number.NaN }).at, 0);
  t.equal(toAuditRow({ ...entry, at: 1.5 }).at, 1);
  t.end();
});

t.test('whatever comes, the row can be stored', (t) => {
  const fact = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.string({ unit: 'binary' })),
  );
  const text = fc.string({ unit: 'binary', maxLength: 500 });
  fc.assert(
    fc.property(text, text, fc.dictionary(text, fact), (target, principal, detail: AuditDetail) => {
      const row = toAuditRow({ ...entry, target, principal, detail });
      return [row.target, row.principal, row.detail].every(
        (value) => value === null || value === undefined || (isStorableText(value) && value.length <= 4096),
      );
    }),
  );
  t.end();
});

t.test('facts that somebody else has written wrongly are left out', (t) => {
  const row = {
    id: 1,
    at: 5,
    principal: null,
    fingerprint: null,
    address: null,
    action: 'x',
    target: null,
    result: 'ok',
  } as const;
  for (const detail of ['no JSON', 'null', '[1]', '{"a":{"b":1}}', '7'])
    t.notOk('detail' in fromAuditRow({ ...row, detail }), detail);
  t.end();
});
