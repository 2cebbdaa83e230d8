import t from 'tap';
import { endGrant, revokeGrant } from '../../../server/admin/grant-ending.ts';
import { give, newGrant } from '../../../server/admin/grant-making.ts';
import { givenAt, identityOf } from '../../support/admin-setting.ts';
import { ana, ben, root, visitSetting } from '../../support/visit-setting.ts';

const place = { env: 'pr-1', service: undefined, owner: 'ana' };
const callOf = (as: Parameters<typeof identityOf>[0], id: string) => ({
  caller: { identity: identityOf(as), address: '192.0.2.1' },
  now: givenAt,
  values: { id },
  stdin: undefined,
});

t.test('by its owner or an administrator, by its own kind of command', async (t) => {
  const { services, grants, noted } = await visitSetting(t);
  const given = { expiresAt: givenAt + 1000 };
  const [first, second] = [1, 2].map(() => newGrant('link', place, { by: 'ana', at: givenAt, given }));
  if (first === undefined || second === undefined) throw new Error('there are two');
  for (const grant of [first, second])
    await give(callOf(ana, ''), services, { grant, action: 'share.create' });
  const asLink = { kind: 'link', action: 'share.revoke' } as const;
  const asToken = { kind: 'token', action: 'token.revoke' } as const;
  t.match(await revokeGrant(callOf(ben, first.id), services, asLink), { kind: 'error', status: 1 });
  t.match(await revokeGrant(callOf(ana, first.id), services, asToken), { kind: 'error', status: 1 });
  t.equal(noted.length, 2);
  t.equal(grants.byId(first.id)?.revokedAt, undefined);
  t.match(await revokeGrant(callOf(ana, first.id), services, asLink), { value: { changed: true } });
  t.match(await revokeGrant(callOf(ana, first.id), services, asLink), { value: { changed: false } });
  t.match(await revokeGrant(callOf(root, second.id), services, asLink), { value: { changed: true } });
});

t.test('what ended is noted by its id', async (t) => {
  const { services, audited } = await visitSetting(t);
  const grant = newGrant('password', place, { by: 'ana', at: givenAt, given: { hash: 'x', name: 'n' } });
  await give(callOf(ana, ''), services, { grant, action: 'password.set' });
  const record = services.grants.byId(grant.id);
  if (record === undefined) throw new Error('it is there');
  await endGrant(callOf(ana, ''), services, { grant: record, action: 'password.rm' });
  t.match((await audited()).at(-1), {
    action: 'password.rm',
    target: 'pr-1',
    detail: { id: grant.id, name: 'n' },
  });
});
