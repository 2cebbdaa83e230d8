import t from 'tap';
import type { GrantRecord } from '../../../server/access/grant-record.ts';
import { grantJson, grantState } from '../../../server/admin/grant-report.ts';

const now = Date.UTC(2030, 0, 1);
const grant: GrantRecord = {
  ...{ id: 'abcdefabcdef', kind: 'link', env: 'pr-1', service: undefined, owner: 'ana', name: '' },
  ...{ createdAt: now, createdBy: 'ana', expiresAt: now + 1000, emails: [], maxUses: 2, uses: 1 },
  ...{ lastUsedAt: undefined, lastUsedFrom: undefined, hash: 'secret', revokedAt: undefined },
};

t.test('what it is at the moment', (t) => {
  const stateOf = (change: Partial<GrantRecord>, owner: string | undefined = 'ana'): string =>
    grantState({ ...grant, ...change }, { now, ownerOf: () => owner });
  t.equal(stateOf({}), 'live');
  t.equal(stateOf({ expiresAt: undefined }), 'live');
  t.equal(stateOf({ uses: 2 }), 'used up');
  t.equal(stateOf({ uses: 2, expiresAt: now }), 'expired');
  t.equal(stateOf({ expiresAt: now, revokedAt: now }), 'revoked');
  t.equal(stateOf({}, 'ben'), 'void');
  t.equal(
    grantState(grant, { now, ownerOf: () => undefined }),
    'live',
    'a name that nobody has may come back',
  );
  t.end();
});

t.test('for programs, without what opens it', (t) => {
  const told = grantJson(grant, 'live');
  t.match(told, {
    id: grant.id,
    service: null,
    state: 'live',
    emails: [],
    maxUses: 2,
    uses: 1,
    lastUsed: null,
  });
  t.notMatch(JSON.stringify(told), /secret|hash/);
  t.notOk('uses' in grantJson({ ...grant, kind: 'token' }, 'live'));
  t.end();
});
