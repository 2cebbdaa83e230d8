import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LoginFile } from '../../../../server/login/providers/login-file.ts';
import { createLog } from '../../../support/log-lines.ts';
import { scratchDir } from '../../../support/scratch-dir.ts';
import { until } from '../../../support/until.ts';
import { person } from './people.ts';

const provider = (name: string, more = ''): string =>
  `[[provider]]\nname = "${name}"\ntitle = "The ${name}"\nissuer = "https://${name}.test"\nclient-id = "x"\n${more}`;
const people = (rest: string): string => `[[people]]\n${rest}\n`;

t.test('read at the start, and again when it changes; what is wrong leaves things as they are', async (t) => {
  const { log, lines } = createLog();
  const path = join(scratchDir(t), 'login.toml');
  writeFileSync(path, provider('google') + people('email = ["*@example.com"]\nenv = ["pr-*"]'));
  const file = new LoginFile({ path, log, pollMs: 5, settleMs: 5 });
  t.teardown(() => file.close());
  let changes = 0;
  file.onChange(() => (changes += 1));
  t.same(file.list(), [{ name: 'google', title: 'The google' }]);
  const ana = person();
  t.match(file.viewerOf(ana), { member: true, envPatterns: ['pr-*'], email: 'ana@example.com' });
  t.equal(file.viewerOf(ana), file.viewerOf(ana), 'it costs nothing to ask again');
  t.equal(file.admits(ana), true);
  t.equal(file.needsGroups('google'), false);

  writeFileSync(path, provider('google') + people('groups = ["ops"]'));
  await until('the file is read', () => changes === 1);
  t.match(file.viewerOf(ana), { member: false, admin: false, envPatterns: [], email: 'ana@example.com' });
  t.equal(file.admits(ana), false);
  t.equal(file.needsGroups('google'), true);

  writeFileSync(path, 'oops = 1\n');
  const told = (): readonly unknown[] => lines.filter(({ level }) => level === 'error');
  await until('it is complained of', () => told().length === 1);
  t.match(told(), [{ path, problems: [/oops/, /no \[\[provider/] }]);
  t.same(file.list(), [{ name: 'google', title: 'The google' }]);
  rmSync(path);
  await until('it is complained of', () => told().length === 2);
  t.match(file.viewerOf(ana), { email: 'ana@example.com' });

  writeFileSync(path, provider('gitlab') + people('provider = "gitlab"\ngroups = ["ops"]'));
  await until('the file is read', () => changes === 2);
  t.equal(file.viewerOf(ana), undefined, 'nobody speaks for them any more');
  t.equal(file.admits(ana), false);
  t.equal(file.settingsOf('google'), undefined);
  t.equal(file.viewerOf(person({ provider: 'gitlab' })), undefined, 'another one spoke for them');
  t.match(file.settingsOf('gitlab'), { issuer: 'https://gitlab.test' });
  t.equal(file.needsGroups('google'), false);
});

t.test('the domain of an address at Google needs an account of that domain', async (t) => {
  const { log } = createLog();
  const path = join(scratchDir(t), 'login.toml');
  const google = provider('google').replace('https://google.test', 'https://accounts.google.com');
  writeFileSync(path, google + people('domain = "example.com"'));
  const file = new LoginFile({ path, log });
  t.teardown(() => file.close());
  const atGoogle = { issuer: 'https://accounts.google.com' };
  t.equal(file.admits(person(atGoogle)), false);
  t.equal(file.admits(person({ ...atGoogle, hostedDomain: 'example.com' })), true);
});

t.test('secrets in files lie beside it', async (t) => {
  const { log, lines } = createLog();
  const directory = scratchDir(t);
  const path = join(directory, 'login.toml');
  writeFileSync(join(directory, 'secret'), 'hunter2\n');
  writeFileSync(path, provider('google', 'client-secret-file = "secret"\n'));
  const file = new LoginFile({ path, log });
  t.teardown(() => file.close());
  t.same(file.settingsOf('google')?.clientSecret?.(), { ok: true, value: 'hunter2' });
  writeFileSync(join(directory, 'secret'), 'x'.repeat(70_000));
  t.match(file.settingsOf('google')?.clientSecret?.(), { ok: false, problem: /more than a secret/ });
  rmSync(join(directory, 'secret'));
  t.match(file.settingsOf('google')?.clientSecret?.(), { ok: false, problem: /cannot be read/ });
  t.notMatch(JSON.stringify(lines), 'hunter2');
});

t.test('one that cannot be used ends the start, with everything that is wrong', async (t) => {
  const { log } = createLog();
  const path = join(scratchDir(t), 'login.toml');
  const open = (): unknown => new LoginFile({ path, log });
  t.throws(open, { code: 'ERR_CONFIG', message: /login\.toml.*\n.*no such file/ });
  writeFileSync(path, `${provider('A', 'client-secret-file = "gone"\n')}[[people]]\n`);
  t.throws(open, {
    code: 'ERR_CONFIG',
    message: /line 2: .*name[^]*line 6: .*secret-file[^]*line 7: people 1/,
  });
  t.throws(() => new LoginFile({ path: scratchDir(t), log }), { code: 'ERR_CONFIG' });
});
