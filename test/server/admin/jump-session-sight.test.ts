import t from 'tap';
import { maySeeJump } from '../../../server/admin/jump-session-sight.ts';
import { callBy, gateSetting, member } from '../../support/gate-setting.ts';

t.test('whose session it is, whose environment, and administrators', (t) => {
  const { services } = gateSetting({ environments: { 'pr-42': 'ana' } });
  const sees = (as: Parameters<typeof callBy>[0], principal: string | undefined, env = 'pr-42'): boolean =>
    maySeeJump({ principal, env }, callBy(as), services);
  t.ok(sees({}, 'eve'));
  t.ok(sees(member('eve'), 'eve', 'gone'));
  t.ok(sees(member('ana'), 'eve'));
  t.ok(sees(member('ana'), undefined));
  t.notOk(sees(member('ana', { envPatterns: ['x'] }), 'eve'));
  t.notOk(sees(member('bob'), 'eve'));
  t.notOk(sees(member('ana'), 'eve', 'gone'));
  t.end();
});
