import t from 'tap';
import { first, mayDecide, ownedEnvironment } from '../../../server/admin/owned-environment.ts';
import { givenAt, identityOf } from '../../support/admin-setting.ts';
import { ana, ben, root, visitSetting } from '../../support/visit-setting.ts';

t.test('whose things are whose to decide about', (t) => {
  const thing = { env: 'pr-1', owner: 'ana' };
  t.ok(mayDecide(identityOf({ ...ana, envPatterns: ['pr-*'] }), thing));
  t.ok(mayDecide(identityOf({ principal: 'ana', role: 'machine', envPatterns: ['pr-1'] }), thing));
  t.notOk(mayDecide(identityOf({ ...ana, envPatterns: ['main'] }), thing));
  t.notOk(mayDecide(identityOf({ ...ana, envPatterns: [] }), thing));
  t.notOk(mayDecide(identityOf(ben), thing));
  t.ok(mayDecide(identityOf({ ...root, envPatterns: [] }), thing));
  t.end();
});

t.test('the environment, or why not; what is refused is noted', async (t) => {
  const { services, offer, noted } = await visitSetting(t);
  offer({ env: 'pr-1' });
  const ask = (env: string, as: Parameters<typeof identityOf>[0]): unknown =>
    ownedEnvironment({ caller: { identity: identityOf(as), address: '192.0.2.1' }, now: givenAt }, services, {
      env,
      action: 'share.create',
    });
  t.match(ask('PR-1', ana), { name: 'pr-1', owner: 'ana' });
  t.match(ask('pr-1', root), { name: 'pr-1' });
  t.match(ask('pr-1', ben), { kind: 'error', status: 1, message: 'there is no environment pr-1 of yours' });
  t.match(ask('pr-2', ben), { kind: 'error', status: 1, message: 'there is no environment pr-2 of yours' });
  t.match(ask('pr-1', { ...ana, envPatterns: ['x'] }), { kind: 'error', status: 3 });
  t.equal(noted.length, 3);
  t.match(ask('pr-2', root), { status: 1, message: /did you mean pr-1/ });
});

t.test('the first so many', (t) => {
  t.same(first([1, 2, 3], 2), [1, 2]);
  t.same(first([1], 2), [1]);
  t.end();
});
