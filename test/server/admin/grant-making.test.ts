import t from 'tap';
import { give, newGrant } from '../../../server/admin/grant-making.ts';
import { givenAt, identityOf } from '../../support/admin-setting.ts';
import { ana, visitSetting } from '../../support/visit-setting.ts';

const place = { env: 'pr-1', service: 'web', owner: 'ana' };

t.test('nothing is open-ended that was not said so', (t) => {
  const grant = newGrant('token', place, {
    by: 'root',
    at: givenAt,
    given: { expiresAt: givenAt + 1, name: 'ci' },
  });
  t.match(grant, {
    ...{ kind: 'token', ...place, createdBy: 'root', createdAt: givenAt, expiresAt: givenAt + 1, name: 'ci' },
    ...{ emails: [], maxUses: undefined, hash: undefined, id: /^[a-z2-7]{12}$/ },
  });
  const ids = Array.from({ length: 20 }, () => newGrant('link', place, { by: 'a', at: 0 }).id);
  t.equal(new Set(ids).size, 20);
  t.end();
});

t.test('it is written with its line of the audit', async (t) => {
  const { services, grants, audited } = await visitSetting(t);
  const given = {
    expiresAt: givenAt + 1000,
    emails: ['ben@example.com'],
    maxUses: 2,
    name: 'x',
  };
  const grant = newGrant('link', place, { by: 'ana', at: givenAt, given });
  const caller = { identity: identityOf(ana), address: '192.0.2.1' };
  const call = { caller, now: givenAt, values: {}, stdin: undefined };
  await give(call, services, { grant, action: 'share.create' });
  t.match(grants.byId(grant.id), { env: 'pr-1', uses: 0 });
  const lines = await audited();
  t.match(lines, [
    {
      ...{ action: 'share.create', target: 'pr-1/web', principal: 'ana', address: '192.0.2.1' },
      detail: {
        id: grant.id,
        name: 'x',
        emails: ['ben@example.com'],
        maxUses: 2,
        until: '2026-11-22T15:00:01.000Z',
      },
    },
  ]);
});
