import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ConfigTeam } from '../support/config-team.ts';
import { makeKey } from '../support/ssh-keys.ts';

const config = await ConfigTeam.start(t);
const { team } = config;
const pr1 = await config.machine({ env: 'pr-1' });
const home = config.home('ana');
const key = ['--identity', team.keys.ana.path];

t.test('the file that the client prints, by name and by UUID, without a question', async (t) => {
  const told = await config.ran(home, ['ssh-config', '--all', ...config.reaching, ...key]);
  t.equal(told.code, 0, told.stderr);
  const file = config.write('preview.conf', told.stdout);
  for (const name of ['pr-1', pr1.id]) {
    const ssh = await config.stock('ssh', ['-F', file, name, 'echo', 'from', '$USER$HOME']);
    t.equal(ssh.code, 0, ssh.stderr);
    t.match(ssh.stdout, pr1.machine.dir);
    t.equal(ssh.stderr, '');
  }
});

t.test('the file that stock ssh prints', async (t) => {
  const told = await team.command('ana', ['ssh-config']);
  t.equal(told.code, 0, told.stderr);
  // Of where its reader came in by it knows nothing: the domain's port, and the usual keys.
  const text = told.stdout.replaceAll(
    /^(Host pr-1 .*|Host porthole-gate)$/gm,
    `$1\n  IdentityFile ${team.keys.ana.path}`,
  );
  const ssh = await config.stock('ssh', ['-F', config.write('stock.conf', text), 'pr-1', 'exit', '7']);
  t.equal(ssh.code, 7, ssh.stderr);
  t.equal(ssh.stderr, '');
});

t.test('a file of its own, with the known hosts beside it, where paths have blanks', async (t) => {
  const folder = join(config.home('ana', 'my home'), "it's 100% mine");
  mkdirSync(folder);
  const file = join(folder, 'preview conf');
  const made = await config.ran(home, ['ssh-config', 'pr-1', '--output', file, ...config.reaching, ...key]);
  t.equal(made.code, 0, made.stderr);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(`${file}.known_hosts`).mode & 0o777, 0o600);
  t.notMatch(readFileSync(file, 'utf8'), 'KnownHostsCommand');
  const ssh = await config.stock('ssh', ['-F', file, 'pr-1', 'echo', 'ok']);
  t.same([ssh.code, ssh.stdout, ssh.stderr], [0, 'ok\n', '']);
  const scp = await config.stock('scp', [
    '-F',
    file,
    config.write('a.txt', 'hello'),
    `pr-1:${join(pr1.machine.dir, 'b.txt')}`,
  ]);
  t.equal(scp.code, 0, scp.stderr);
  t.equal(readFileSync(join(pr1.machine.dir, 'b.txt'), 'utf8'), 'hello');

  const again = await config.ran(home, ['ssh-config', 'pr-1', '--output', file, ...config.reaching, ...key]);
  t.equal(again.code, 0, 'it may be written again');
  const foreign = config.write('mine.conf', 'Host *\n');
  const refused = await config.ran(home, [
    'ssh-config',
    'pr-1',
    '--output',
    foreign,
    ...config.reaching,
    ...key,
  ]);
  t.equal(refused.code, 1);
  t.equal(readFileSync(foreign, 'utf8'), 'Host *\n', 'what somebody else wrote stays');
  t.notOk(existsSync(`${foreign}.known_hosts`));
});

t.test('SSH in TLS', async (t) => {
  const server = `tls://localhost:${String(team.gateway.port)}`;
  for (const words of [
    ['--tls', ...config.reaching],
    ['--server', server, '--ca', team.gateway.caFile],
  ]) {
    const told = await config.ran(home, ['ssh-config', 'pr-1', ...words, ...key]);
    const file = config.write('tls.conf', told.stdout);
    const ssh = await config.stock('ssh', ['-F', file, 'pr-1', 'echo', 'ok']);
    t.same([ssh.code, ssh.stdout], [0, 'ok\n'], ssh.stderr);
  }
  const other = await config.ran(home, ['ssh-config', 'pr-1', '--tls', ...config.reaching, ...key]);
  const untrusted = config.write('untrusted.conf', other.stdout.replace(/-CAfile \S+/, '-CAfile /dev/null'));
  t.equal(
    (await config.stock('ssh', ['-F', untrusted, 'pr-1', 'echo', 'ok'])).code,
    255,
    'the certificate is verified',
  );
});

t.test('another host key is refused, by the machine and by the gate', async (t) => {
  const told = await config.ran(home, ['ssh-config', 'pr-1', ...config.reaching, ...key]);
  const other = makeKey(t).line;
  const ofMachine = pr1.machine.hostKeys[0]?.line ?? '';
  const swapped = config.write('swapped.conf', told.stdout.replace(ofMachine, other));
  const ssh = await config.stock('ssh', ['-F', swapped, 'pr-1', 'echo', 'ok']);
  t.equal(ssh.code, 255);
  t.match(ssh.stderr, /Host key verification failed|HAS CHANGED/);
  const gateLine = readFileSync(join(team.gateway.stateDir, 'ssh_host_ed25519_key.pub'), 'utf8').trim();
  const gate = config.write('gate.conf', told.stdout.replace(gateLine, other));
  t.match(await config.stock('ssh', ['-F', gate, 'pr-1', 'echo', 'ok']), { code: 255 });
});

t.test('a changed host key is a warning, and the old one stays pinned', async (t) => {
  const machine = await config.machine({ env: 'pr-changed' });
  await config.report(machine, ['--id', machine.id], [makeKey(t)]);
  const told = await config.ran(home, ['ssh-config', 'pr-changed', ...config.reaching, ...key]);
  t.equal(told.code, 0, told.stderr);
  t.match(told.stderr, /WARNING: the host keys of "pr-changed" have changed/);
  t.match(told.stdout, `# WARNING: the host keys of ${machine.id} have changed.`);
  const ssh = await config.stock('ssh', [
    '-F',
    config.write('changed.conf', told.stdout),
    'pr-changed',
    'echo',
    'ok',
  ]);
  t.same([ssh.code, ssh.stdout], [0, 'ok\n'], ssh.stderr);
});

t.test('profiles, gates, and what is not there', async (t) => {
  const words = ['--os-user', 'nobody-here', '--identity-file', team.keys.ana.path];
  await team.told('ana', ['target', 'profile', 'create', 'other', 'pr-1', ...words]);
  const asked = await config.ran(home, ['ssh-config', '--profile', 'other', ...config.reaching, ...key]);
  t.match(asked.stdout, `Host pr-1 other ${pr1.id}\n`);
  t.match(asked.stdout, '  User nobody-here\n');
  const all = await config.ran(home, ['ssh-config', '--all', ...config.reaching, ...key]);
  t.match(all.stdout, 'Host other\n');

  await team.told('root', ['gate', 'create', 'contractors', '--any-key', '--any-target']);
  const byGate = await config.ran(home, [
    'ssh-config',
    'pr-1',
    '--gate',
    'contractors',
    ...config.reaching,
    ...key,
  ]);
  t.match(byGate.stdout, '  User contractors\n');
  const ssh = await config.stock('ssh', [
    '-F',
    config.write('gate.conf', byGate.stdout),
    'pr-1',
    'echo',
    'ok',
  ]);
  t.same([ssh.code, ssh.stdout], [0, 'ok\n'], ssh.stderr);

  for (const [args, code] of [
    [['nowhere'], 1],
    [['--profile', 'nope'], 1],
    [['--gate', 'nope'], 1],
    [['pr-1', '--all'], 2],
    [['pr-1', '--json', '--output', 'x'], 2],
    [['--install', '--uninstall'], 2],
  ] as const)
    t.equal(
      (await config.ran(home, ['ssh-config', ...args, ...config.reaching, ...key])).code,
      code,
      args.join(' '),
    );
});

t.test('only what one may reach', async (t) => {
  const bob = await team.command('bob', ['ssh-config', '--all']);
  t.equal(bob.code, 0, bob.stderr);
  t.notMatch(bob.stdout, pr1.id);
  t.match(bob.stdout, '# There is no machine that you may reach.');
  const named = await team.command('bob', ['ssh-config', 'pr-1']);
  const nothing = await team.command('bob', ['ssh-config', 'pr-0']);
  t.equal(named.code, 1);
  t.equal(named.stderr.replace('pr-1', 'pr-0'), nothing.stderr, 'as if it were not there');
  t.equal((await team.command('eve', ['ssh-config'])).code, 3, 'and not for machines');
  const json = await config.ran(home, ['ssh-config', 'pr-1', '--json', ...config.reaching, ...key]);
  t.match(JSON.parse(json.stdout), {
    gate: { port: team.gateway.port },
    targets: [{ id: pr1.id, name: 'pr-1' }],
  });
});

t.test('ssh reads nasty values as they were meant, or they are refused', async (t) => {
  const folder = join(config.emptyHome(), 'x #y %h %% ~ $HOME `id` $(id) =z');
  mkdirSync(folder);
  const identity = join(folder, 'id -oProxyCommand=x');
  writeFileSync(identity, readFileSync(team.keys.ana.path), { mode: 0o600 });
  const file = join(folder, 'conf');
  const made = await config.ran(home, [
    'ssh-config',
    'pr-1',
    '--output',
    file,
    ...config.reaching,
    '-i',
    identity,
  ]);
  t.equal(made.code, 0, made.stderr);
  const read = await config.stock('ssh', ['-G', '-F', file, 'pr-1']);
  t.match(read.stdout, `\nidentityfile ${identity.replaceAll('%', '%%')}\n`);
  const ssh = await config.stock('ssh', ['-F', file, 'pr-1', 'echo', 'ok']);
  t.same([ssh.code, ssh.stdout], [0, 'ok\n'], ssh.stderr);
});
