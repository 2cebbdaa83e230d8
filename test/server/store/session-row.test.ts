import fc from 'fast-check';
import t from 'tap';
import { fromSessionRow, toSessionRow } from '../../../server/store/session-row.ts';
import { keyAccount, newSession, personAccount, someFingerprint } from '../../support/visit-records.ts';

const certificate = { serial: '7', id: 'ana', authority: someFingerprint };

t.test('a login is read as it was written', async (t) => {
  for (const account of [
    keyAccount(),
    keyAccount({ certificate: { ...certificate, expiresAt: 5 } }),
    keyAccount({ certificate: { ...certificate, expiresAt: undefined }, envPatterns: [] }),
    personAccount(),
    personAccount({ email: undefined, name: undefined, groups: [] }),
    personAccount({ issuer: 'https://accounts.google.com', hostedDomain: 'example.com' }),
  ]) {
    const session = newSession({ account });
    t.same(fromSessionRow(toSessionRow(session)), {
      ok: true,
      record: {
        ...session,
        ...{ lastSeenAt: session.createdAt, lastSeenFrom: session.createdFrom },
        ...{ endedAt: undefined, endedReason: undefined },
      },
    });
  }
});

t.test('what browsers and providers say is cut to what fits', async (t) => {
  const row = toSessionRow(
    newSession({
      userAgent: `a\0b\n\ud800${'x'.repeat(1000)}`,
      account: personAccount({ name: 'E\u0007ve\n', groups: ['a\nb', 'staff', 'c\ud800', 'x'.repeat(5000)] }),
    }),
  );
  t.equal(row.user_agent.length, 256);
  const read = fromSessionRow(row);
  t.match(read, { ok: true, record: { account: { name: 'E ve ', groups: ['staff'] } } });
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.array(fc.string({ unit: 'binary' })),
      fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
      (userAgent, groups, name) =>
        fromSessionRow(toSessionRow(newSession({ userAgent, account: personAccount({ name, groups }) }))).ok,
    ),
  );
});

t.test('a row that somebody has edited counts only if all of it makes sense', async (t) => {
  const row = toSessionRow(newSession());
  const edited = (change: object): string => JSON.stringify({ ...JSON.parse(row.account), ...change });
  const wrong = [
    { id: 'x' },
    { account_name: 'bob' },
    { account: '' },
    { account: 'null' },
    { account: edited({ kind: 'god' }) },
    { account: edited({ role: 'root' }) },
    { account: edited({ principal: '' }) },
    { account: edited({ fingerprint: 'SHA256:x' }) },
    { account: edited({ envPatterns: '*' }) },
    { account: edited({ more: 1 }) },
    { account: edited({ certificate: { serial: 'x' } }) },
    { created_at: -1 },
    { user_agent: 'x'.repeat(257) },
    { last_seen_from: 'a\nb' },
    { expires_at: null },
    { ended_at: 'now' },
  ];
  for (const change of wrong)
    t.match(fromSessionRow({ ...row, ...change }), { ok: false }, JSON.stringify(change));
  fc.assert(fc.property(fc.anything(), (read) => !fromSessionRow(read).ok));
});
