import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ConfigTeam, over } from '../support/config-team.ts';
import { withOwnHome } from '../support/own-home.ts';
import { Program } from '../support/program.ts';

const config = await ConfigTeam.start(t);
const pr1 = await config.machine({ env: 'pr-1' });
const home = config.home('ana');
const [userConfig, folder] = [join(home, '.ssh', 'config'), join(home, '.ssh', 'porthole')];
const enter = withOwnHome(t, home);

/** Any program, as that home's user. */
function there(...words: readonly string[]) {
  const [file, ...before] = enter;
  return over(new Program(t, file, [...before, ...words], { cwd: home, env: { SSH_AUTH_SOCK: undefined } }));
}

function install(...more: readonly string[]) {
  const [file, ...before] = enter;
  const words = ['ssh-config', '--install', ...config.reaching, ...more];
  const program = config.portholeWords(words);
  return over(new Program(t, file, [...before, ...program.words], { cwd: home, env: program.env(home) }));
}

function uninstall() {
  const [file, ...before] = enter;
  const program = config.portholeWords(['ssh-config', '--uninstall']);
  return over(new Program(t, file, [...before, ...program.words], { cwd: home, env: program.env(home) }));
}

t.test('ssh, scp and what is built on them work by the name alone, and as before afterwards', async (t) => {
  t.notOk(existsSync(userConfig));
  const told = await install();
  t.equal(told.code, 0, told.stderr);
  t.match(told.stderr, /now: ssh pr-1/);
  t.equal(readFileSync(userConfig, 'utf8'), 'Include ~/.ssh/porthole/config\n');
  t.equal(statSync(userConfig).mode & 0o777, 0o600);
  t.equal(statSync(folder).mode & 0o777, 0o700);
  t.equal(statSync(join(folder, 'config')).mode & 0o777, 0o600);

  for (const name of ['pr-1', pr1.id])
    t.match(await there('ssh', name, 'echo', 'ok'), { code: 0, stdout: 'ok\n', stderr: '' });
  const copy = join(pr1.machine.dir, 'copy');
  t.match(await there('scp', '-q', userConfig, `pr-1:${copy}`), { code: 0 });
  t.equal(readFileSync(copy, 'utf8'), readFileSync(userConfig, 'utf8'));

  t.equal((await install()).code, 0, 'again');
  t.equal(readFileSync(userConfig, 'utf8'), 'Include ~/.ssh/porthole/config\n', 'one line');

  t.equal((await uninstall()).code, 0);
  t.same(readdirSync(join(home, '.ssh')).toSorted(), ['id_ed25519', 'id_ed25519.pub']);
  t.equal((await uninstall()).code, 0, 'again');
});

t.test('what is in the file already stays, byte for byte', async (t) => {
  const before = Buffer.from('# caf\xe9\r\nHost bastion\n  User me\nHost pr-*\n  ForwardAgent no', 'latin1');
  writeFileSync(userConfig, before, { mode: 0o640 });
  t.equal((await install()).code, 0);
  const line = Buffer.from('Include ~/.ssh/porthole/config\n');
  t.same(readFileSync(userConfig), Buffer.concat([line, before]));
  t.equal(statSync(userConfig).mode & 0o777, 0o640);
  t.match(await there('ssh', 'pr-1', 'echo', 'ok'), { code: 0, stdout: 'ok\n' });
  t.equal((await uninstall()).code, 0);
  t.same(readFileSync(userConfig), before);
  rmSync(userConfig);
});

t.test('a symbolic link is followed, not replaced', async (t) => {
  const dotfiles = join(home, 'dotfiles');
  mkdirSync(dotfiles);
  writeFileSync(join(dotfiles, 'config'), 'Host x\n');
  symlinkSync('../dotfiles/config', userConfig);
  t.equal((await install()).code, 0);
  t.ok(lstatSync(userConfig).isSymbolicLink());
  t.equal(readFileSync(join(dotfiles, 'config'), 'utf8'), 'Include ~/.ssh/porthole/config\nHost x\n');
  t.equal((await uninstall()).code, 0);
  t.equal(readFileSync(join(dotfiles, 'config'), 'utf8'), 'Host x\n');
  renameSync(join(dotfiles, 'config'), join(dotfiles, 'elsewhere'));
  const dangling = await install();
  t.equal(dangling.code, 1);
  t.match(dangling.stderr, /symbolic link to something that is not there/);
  t.equal((await uninstall()).code, 0);
  rmSync(userConfig);
});

t.test('a file that is read-only is told, with the line to add', async (t) => {
  writeFileSync(userConfig, 'Host x\n');
  chmodSync(userConfig, 0o400);
  const told = await install();
  t.equal(told.code, 1);
  t.match(told.stderr, /is read-only.*: Include ~\/\.ssh\/porthole\/config/);
  t.equal(readFileSync(userConfig, 'utf8'), 'Host x\n');
  chmodSync(userConfig, 0o600);
  writeFileSync(userConfig, 'Include ~/.ssh/porthole/config\nHost x\n');
  chmodSync(userConfig, 0o400);
  t.equal((await install()).code, 0, 'where somebody has added it there is nothing to write');
  t.match(await there('ssh', 'pr-1', 'echo', 'ok'), { code: 0 });
  const stays = await uninstall();
  t.equal(stays.code, 1);
  t.match(stays.stderr, /take this line out/);
  chmodSync(userConfig, 0o600);
  t.equal((await uninstall()).code, 0);
  t.equal(readFileSync(userConfig, 'utf8'), 'Host x\n');
  rmSync(userConfig);
});

t.test("a name of the user's own is not taken over by somebody's machine", async (t) => {
  writeFileSync(userConfig, 'Host pr-1 other\n  HostName 192.0.2.1\n');
  const told = await install();
  t.equal(told.code, 0);
  t.match(told.stderr, /"pr-1" means something else already/);
  t.match((await there('ssh', '-G', 'pr-1')).stdout, 'hostname 192.0.2.1\n');
  t.match(await there('ssh', pr1.id, 'echo', 'ok'), { code: 0, stdout: 'ok\n' });
  t.equal((await uninstall()).code, 0);
});
