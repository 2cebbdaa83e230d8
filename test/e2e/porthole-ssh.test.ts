import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ConfigTeam, over } from '../support/config-team.ts';

const config = await ConfigTeam.start(t);
const pr1 = await config.machine({ env: 'pr-1' });
const home = config.home('ana');
/** Where it keeps what it needs for a while. */
const folder = config.emptyHome();
const env = { TMPDIR: folder };
const ssh = (...words: readonly string[]) => [
  'ssh',
  ...words.slice(0, 1),
  ...config.reaching,
  ...words.slice(1),
];
const key = (): string[] => ['--identity', config.team.keys.ana.path];

t.test('a command there, with its output and its exit status, and nothing is left', async (t) => {
  const program = config.porthole(home, ssh('pr-1', ...key(), '--', 'cat; echo oops >&2; exit 42'), env);
  program.write('hello\n');
  t.match(await over(program), { code: 42, stdout: 'hello\n', stderr: 'oops\n' });
  t.same(readdirSync(folder), []);
  t.notOk(existsSync(join(home, '.ssh', 'known_hosts')));
});

t.test('by UUID, with options of ssh after it', async (t) => {
  const told = await config.ran(home, ssh(pr1.id, ...key(), '--', '-o', 'SetEnv=LC_X=y', 'true'), env);
  t.match(told, { code: 0, stdout: '', stderr: '' });
  const failed = await config.ran(home, ssh('pr-1', ...key(), '--', '-o', 'Port=1', 'true'), env);
  t.equal(failed.code, 255, "ssh's own errors");
  t.same(readdirSync(folder), []);
});

t.test('a signal that ends it ends ssh', async (t) => {
  const program = config.porthole(home, ssh('pr-1', ...key(), '--', 'echo up; sleep 1000'), env);
  await program.said(/up/);
  program.kill('SIGTERM');
  const { code } = await program.exit;
  t.ok(code === 143 || code === 255, String(code));
  t.same(readdirSync(folder), []);
});

t.test('what the user has for every host holds here, too', async (t) => {
  const other = config.home('ana');
  mkdirSync(join(other, 'x'));
  writeFileSync(
    join(other, '.ssh', 'config'),
    `Host *\n  IdentityFile ${config.team.keys.ana.path}\n  SetEnv LC_MINE=yes\n`,
  );
  const config1 = await config.machine({ env: 'pr-env', config: ['AcceptEnv LC_*'] });
  const told = await config.ran(other, ssh(config1.env, ...key(), '--', 'echo $LC_MINE'), env);
  t.match(told, { code: 0, stdout: 'yes\n' }, told.stderr);
});

t.test('who may not, and what is not there', async (t) => {
  for (const [words, code] of [
    [ssh('nowhere', ...key()), 1],
    [ssh('pr-1', '--identity', config.team.keys.bob.path), 1],
    [ssh('pr-1', '--identity', config.team.keys.eve.path), 3],
    [ssh('pr-1', ...key(), '--os-user', '-x y'), 2],
    [['ssh'], 2],
  ] as const)
    t.equal((await config.ran(home, words, env)).code, code, words.join(' '));
  t.same(readdirSync(folder), []);
});

t.test('machines that take certificates', async (t) => {
  const id = '5f0e9d62-08a4-4c5f-9a54-0d4bb3b1c0de';
  const machine = await config.certifiedMachine('pr-cert', id);
  const told = await config.ran(home, ssh('pr-cert', ...key(), '--', 'echo', 'ok'), env);
  t.match(told, { code: 0, stdout: 'ok\n' }, `${told.stderr}\n${machine.machine.log}`);
  t.match(machine.machine.log, /Accepted publickey for \S+ from .* ED25519-CERT|Accepted certificate/);

  t.comment('stock ssh gets one for itself, and keeps it while it is good');
  const file = join(folder, 'preview.conf');
  const made = await config.ran(
    home,
    ['ssh-config', 'pr-cert', '--output', file, ...config.reaching, ...key()],
    env,
  );
  t.equal(made.code, 0, made.stderr);
  t.match(readFileSync(file, 'utf8'), `Match host ${id} user ${machine.machine.user} exec "`);
  const first = await config.stock('ssh', ['-F', file, 'pr-cert', 'echo', 'ok']);
  t.match(first, { code: 0, stdout: 'ok\n', stderr: '' }, machine.machine.log);
  const certificates = join(home, '.local', 'state', 'porthole', 'client', 'certificates');
  const [name = ''] = readdirSync(certificates);
  t.equal(name, `${id}-${machine.machine.user}-cert.pub`);
  const kept = readFileSync(join(certificates, name), 'utf8');
  t.match(await config.stock('ssh', ['-F', file, 'pr-cert', 'echo', 'ok']), { code: 0 });
  t.equal(readFileSync(join(certificates, name), 'utf8'), kept);
  writeFileSync(join(certificates, name), '');
  t.match(await config.stock('ssh', ['-F', file, id, 'echo', 'ok']), { code: 0 });
  t.not(readFileSync(join(certificates, name), 'utf8'), '');

  t.comment('as somebody else there is none');
  const other = await config.ran(
    home,
    ssh('pr-cert', ...key(), '--os-user', 'nobody-here', '--', 'echo', 'ok'),
    env,
  );
  t.equal(other.code, 255);
});
