import { execFileSync } from 'node:child_process';
import t from 'tap';
import { startGateway } from '../support/gateway-with-key.ts';
import { porthole, portholeEnv, reaching, urlsOf } from '../support/porthole.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('without a name the environment is the branch that is worked on', async (t) => {
  const { gateway, key } = await startGateway(t, ['--access', 'public']);
  const app = await startTextApp(t, 'the branch');
  const home = scratchDir(t);
  const git = (...words: string[]): void => {
    execFileSync('git', words, { cwd: home, env: { ...process.env, ...portholeEnv(home) }, stdio: 'pipe' });
  };
  const args = ['connect', String(app.port), ...reaching(gateway), '-i', key.path, '--json'];

  await t.test('no repository: a clear error', async (t) => {
    const client = porthole(t, args, { home });
    t.equal((await client.exit).code, 2);
    t.match(client.stderr, /no name for the environment.*--env/);
  });

  git('init', '--quiet', '--initial-branch', 'Feature/Foo_Bar');
  await t.test('a branch without a commit yet', async (t) => {
    const client = porthole(t, args, { home });
    const [url = ''] = await urlsOf(client);
    t.match(url, /^https:\/\/feature-foo-bar-[a-z2-7]{6}\.localhost/, 'the gateway makes the name of it');
    t.equal((await visit(gateway, url)).body, 'the branch');
    client.kill();
    t.equal((await client.exit).code, 0);
  });

  git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '--allow-empty', '-m', 'x');
  git('checkout', '--quiet', '--detach');
  await t.test('a checkout of CI is on no branch: the CI system knows it', async (t) => {
    const env = { GITHUB_HEAD_REF: 'fix-it', GITHUB_REF_NAME: '42/merge' };
    const client = porthole(t, args, { home, env });
    t.match((await urlsOf(client))[0], /^https:\/\/fix-it\.localhost/);
  });
  await t.test('and nobody knows it elsewhere', async (t) => {
    t.equal((await porthole(t, args, { home }).exit).code, 2);
  });
});
