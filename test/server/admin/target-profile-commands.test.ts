import t from 'tap';
import { gateSetting, member } from '../../support/gate-setting.ts';
import { someProfile, someTarget, targetId } from '../../support/memory-book.ts';

const eve = member('eve');
const targets = [someTarget(), someTarget({ id: targetId(7), name: 'other' })];
const environments = { 'pr-42': 'ana' };

t.test('made, read, changed and removed', async (t) => {
  const { run, book } = gateSetting({ targets, environments });
  const made = await run('target profile create work pr-42 --os-user dev --identity-file ~/.ssh/id', eve);
  t.match(made, { status: 0, stdout: [/made profile work for pr-42/] });
  t.match(book.profilesOf('eve'), [{ name: 'work', target: targetId(42), identityFile: '~/.ssh/id' }]);
  t.match(await run('target profile list', eve), {
    stdout: [/^NAME +TARGET/, /^work +pr-42 +dev +~\/\.ssh\/id/],
  });
  t.match(
    await run('target profile set work --name home --target other --os-user - --identity-file -', eve),
    {
      status: 0,
      stdout: ['changed profile home'],
    },
  );
  const [id = ''] = book.profilesOf('eve').map((profile) => profile.id);
  t.match(JSON.parse((await run(`target profile show ${id} --json`, eve)).stdout.join('')), {
    ...{ name: 'home', target: { name: 'other' }, osUser: null, identityFile: null, created: /Z$/ },
  });
  t.match(await run('target profile show home', eve), { stdout: ['home', /target +other/, /uuid/, /id/] });
  t.match(await run('target profile set home --os-user root', eve), { status: 0 });
  t.match(await run('target profile set home --identity-file /k', eve), { status: 0 });
  t.match(await run('target profile set home', eve), { status: 2 });
  t.match(await run('target profile set home --target nothing', eve), { status: 1 });
  t.match(await run('target profile rm home', eve), { status: 0 });
  t.match(await run('target profile list', eve), { stdout: [], stderr: [/no profiles/] });
  t.match(
    book.audit.map(({ action }) => action),
    ['target.profile.create', ...Array<string>(3).fill('target.profile.set'), 'target.profile.rm'],
  );
});

t.test('those of others are not there', async (t) => {
  const { run } = gateSetting({ targets, environments, profiles: [someProfile()] });
  for (const words of ['show', 'rm']) {
    t.match(await run(`target profile ${words} work`), {
      status: 1,
      stderr: ['there is no profile work of yours'],
    });
  }
  t.match(await run('target profile set wrk --os-user dev', eve), {
    status: 1,
    stderr: [/did you mean work/],
  });
  t.match(await run('target profile create x pr-42', member('bob', { envPatterns: ['x'] })), { status: 1 });
});

t.test('of a machine that they may not know of any more the name is not told', async (t) => {
  const profiles = [someProfile({ principal: 'bob' })];
  const { run } = gateSetting({ targets, environments, profiles });
  const bob = member('bob', { envPatterns: ['x'] });
  t.match(await run('target profile list', bob), { stdout: [/NAME/, new RegExp(`^work +${targetId(42)}`)] });
});
