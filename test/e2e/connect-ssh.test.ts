import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { connectMachine, toldOf } from '../support/reporting-machine.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { SshMachine } from '../support/ssh-machine.ts';
import { until } from '../support/until.ts';
import { startTextApp } from '../support/web-app.ts';

const team = await JumpTeam.start(t);

t.test('the machine says who it is, and people get in by its name and by its UUID', async (t) => {
  const hostKeys = [makeKey(t), makeKey(t, { type: 'ecdsa' }), makeKey(t, { type: 'rsa', bits: 2048 })];
  const machine = await SshMachine.start(t, { clients: [team.keys.ana], hostKeys });
  const app = await startTextApp(t, 'web');
  const client = connectMachine(t, team, [
    ...['pr-1', `web=${String(app.port)}`, `--ssh=127.0.0.1:${String(machine.port)}`],
    ...['--os-user', machine.user, '--json'],
  ]);
  const [target] = await toldOf(client);
  t.match(target, { event: 'target', state: 'new', name: 'pr-1', env: 'pr-1', unpinned: [] });
  t.equal(target?.hostKeys.length, 3);
  t.match(await team.told('ana', ['target', 'show', 'pr-1']), {
    id: target?.id,
    owner: 'vm',
    osUser: machine.user,
    state: 'online',
    origin: 'reported',
    hostKeys: hostKeys.map(({ line }) => line),
    warning: null,
  });
  for (const name of ['pr-1', target?.id ?? '']) {
    team.trust(name, machine);
    const told = await over(team.ssh('ana', [`${machine.user}@${name}`, 'echo', 'inside']));
    t.match(told, { code: 0, stdout: 'inside\n' }, name);
  }
  t.notMatch(client.stdout, /"service":"ssh"[^\n]*https:/, 'what no visitor sees has no URL');
  client.kill();
  t.equal((await client.exit).code, 0);
  t.match(await team.told('ana', ['target', 'show', 'pr-1']), { state: 'offline' });
});

t.test('alone, on several connections, and the same machine the next time', async (t) => {
  const machine = await SshMachine.start(t, { clients: [] });
  const home = scratchDir(t);
  const args = ['--ssh', String(machine.port), 'pr-2', '--connections', '2', '--json'];
  const client = connectMachine(t, team, args, { home });
  const [target] = await toldOf(client);
  t.match(target, { state: 'new', name: 'pr-2' });
  const kept = join(home, '.local/state/porthole/client/machines/localhost/pr-2');
  t.equal(readFileSync(kept, 'utf8').trim(), target?.id);
  await client.said(/"live":2,"wanted":2/);
  client.kill();
  await client.exit;
  const again = connectMachine(t, team, args, { home });
  const [same] = await toldOf(again);
  t.match(same, { state: 'known', id: target?.id, name: 'pr-2' });
  t.equal((await toldOf(again)).length, 1, 'told once, not for each connection');
});

t.test('a person reads who the machine is, and how to get in', async (t) => {
  const machine = await SshMachine.start(t, { clients: [] });
  const client = connectMachine(t, team, ['pr-3', '--ssh', String(machine.port), '--target-name', 'pr-big']);
  const [, uuid] = await client.said(
    /this machine is the target pr-big \(([0-9a-f-]{36})\): porthole ssh pr-big/,
  );
  t.match(client.stderr, `ssh  ->  127.0.0.1:${String(machine.port)}`);
  t.equal(client.stdout, '', 'there is no URL');
  t.match(await team.told('ana', ['target', 'show', 'pr-big']), { id: uuid, env: 'pr-3', osUser: null });
});

t.test('an SSH server that listens later', async (t) => {
  const first = await SshMachine.start(t, { clients: [] });
  await first.kill();
  const client = connectMachine(t, team, ['pr-4', '--ssh', String(first.port), '--json']);
  await client.said(/"event":"upstream-refused"/);
  await SshMachine.start(t, { clients: [], port: first.port });
  t.match(await toldOf(client), [{ event: 'target', state: 'new', name: 'pr-4' }]);
});

t.test('something else listens there', async (t) => {
  const app = await startTextApp(t, 'no SSH');
  const client = connectMachine(t, team, ['pr-5', '--ssh', String(app.port), '--json']);
  t.match(await toldOf(client), [{ event: 'target-problem', state: 'ssh-server' }]);
  await client.said(/"event":"forward"/);
});

t.test('porthole.toml says it, and the command line takes it back', async (t) => {
  const machine = await SshMachine.start(t, { clients: [] });
  const cwd = scratchDir(t);
  const id = '6f1d9f3e-58a4-4c3a-9d3e-0123456789ab';
  const table = `{ target = ${String(machine.port)}, os-user = "dev", name = "pr-of-the-file", id = "${id}" }`;
  writeFileSync(join(cwd, 'porthole.toml'), `ssh = ${table}\ntarget = ${String(machine.port)}\n`);
  const client = connectMachine(t, team, ['pr-6', '--json'], { cwd });
  t.match(await toldOf(client), [{ state: 'new', name: 'pr-of-the-file', id }]);
  t.match(await team.told('ana', ['target', 'show', id]), { osUser: 'dev' });
  const without = connectMachine(t, team, ['pr-7', '--no-ssh', '--json'], { cwd });
  await without.said(/"event":"forward"/);
  t.notMatch(without.stdout, /"service":"ssh"/);
});

t.test('stock ssh reports itself, with the host keys on standard input', async (t) => {
  const machine = await SshMachine.start(t, { clients: [] });
  const keys = machine.hostKeys.map(({ line }) => `${line} root@vm\n`).join('');
  const { ssh } = await team.dialOut(machine, { env: 'pr-8' });
  const reported = team.program(
    'ssh',
    [
      ...['-F', team.config('vm'), '-p', String(team.gateway.port), '-o', 'HostKeyAlias=gateway'],
      ...['-o', 'ProxyJump=none', 'pr-8@127.0.0.1', 'target report'],
    ],
    {},
  );
  reported.write(keys);
  const { code, stdout } = await over(reported);
  t.equal(code, 0);
  t.match(stdout, /^pr-8 \([0-9a-f-]{36}\) is known from now on/);
  await until('it is there', async () => (await team.command('ana', 'target show pr-8')).code === 0);
  ssh.kill();
});
