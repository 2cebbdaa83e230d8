import t from 'tap';
import { placeName, sharedPlace } from '../../../server/admin/shared-place.ts';
import { givenAt, identityOf } from '../../support/admin-setting.ts';
import { ana, visitSetting, type VisitSetting } from '../../support/visit-setting.ts';

function read({ services }: VisitSetting, place: string): ReturnType<typeof sharedPlace> {
  const caller = { identity: identityOf(ana), address: '192.0.2.1' };
  return sharedPlace({ caller, now: givenAt }, services, { place, action: 'share.create' });
}

t.test('an environment, or a service of it', async (t) => {
  const setting = await visitSetting(t);
  setting.offer({ env: 'pr-1', service: undefined });
  setting.offer({ env: 'pr-1', service: 'web' });
  const all = { env: 'pr-1', service: undefined, owner: 'ana' };
  t.same(read(setting, 'pr-1'), {
    ...all,
    route: { env: 'pr-1', service: undefined, port: undefined },
    notes: [],
  });
  t.match(read(setting, 'PR-1/Web'), { ...all, service: 'web', route: { service: 'web' } });
  t.match(read(setting, 'pr-1/Feature_X'), { service: /^feature-x-[a-z2-7]{6}$/, notes: [/no service/] });
  t.equal(placeName({ env: 'pr-1', service: undefined }), 'pr-1');
  t.equal(placeName({ env: 'pr-1', service: 'web' }), 'pr-1/web');
});

t.test('a branch with slashes is an environment where there is one', async (t) => {
  const setting = await visitSetting(t);
  const env = setting.services.envNameOf(identityOf(ana), 'feature/login');
  setting.offer({ env, service: undefined });
  t.match(read(setting, 'feature/login'), { env, service: undefined });
  t.match(read(setting, 'feature/login/web'), { env, service: 'web' });
  t.match(read(setting, 'feature/other'), { kind: 'error', message: /no environment feature of yours/ });
});

t.test('very many services are not all told', async (t) => {
  const setting = await visitSetting(t);
  for (let at = 0; at < 10; at += 1) setting.offer({ env: 'pr-1', service: `s${String(at)}` });
  t.match(read(setting, 'pr-1/web'), { notes: [/it has s0, s1, .* s7 \.\.\.$/] });
});
