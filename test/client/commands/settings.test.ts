import { Command, type CommanderError } from 'commander';
import t, { type Test } from 'tap';
import { connectCommand } from '../../../client/commands/connect.ts';
import { applySettings } from '../../../client/commands/settings.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';

/** The options of `porthole connect` after all sources were read. */
async function flagsOf(
  t: Test,
  { args = [], env = {}, file }: { args?: string[]; env?: Record<string, string>; file?: string },
): Promise<Record<string, unknown>> {
  const around = new FakeSurroundings(t, { env });
  if (file !== undefined) around.write('porthole.toml', file);
  const command = connectCommand(around, () => undefined);
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  command.parseOptions(args);
  await applySettings(command, around);
  return command.opts();
}

t.test('defaults < file < environment < flags', async (t) => {
  const file = 'server = "https://file"\nconnections = 2';
  const env = { PORTHOLE_SERVER: 'https://env', PORTHOLE_CONNECTIONS: '3' };
  t.match(await flagsOf(t, {}), { server: 'https://localhost:8443', connections: undefined });
  t.match(await flagsOf(t, { file }), { server: 'https://file', connections: '2' });
  t.match(await flagsOf(t, { file, env }), { server: 'https://env', connections: '3' });
  t.match(await flagsOf(t, { file, env, args: ['--server', 'https://flag'] }), {
    server: 'https://flag',
    connections: '3',
  });
  t.match(
    await flagsOf(t, { file, env: { PORTHOLE_SERVER: '' } }),
    { server: 'https://file' },
    'empty is absent',
  );
});

t.test('every variable', async (t) => {
  const env = {
    PORTHOLE_CA: '/ca',
    PORTHOLE_IDENTITY: '/key',
    PORTHOLE_KNOWN_HOSTS: '/hosts',
    PORTHOLE_HOST_KEY: 'SHA256:a, SHA256:b',
    PORTHOLE_ENV: 'pr-1',
    PORTHOLE_URL_FILE: '/urls',
  };
  t.match(await flagsOf(t, { env }), {
    ca: '/ca',
    identity: '/key',
    knownHosts: '/hosts',
    hostKey: ['SHA256:a', 'SHA256:b'],
    env: 'pr-1',
    urlFile: '/urls',
  });
});

t.test('the SSH server may be offered, or not', async (t) => {
  const ssh = async (args: string[], file?: string) => {
    const flags = await flagsOf(t, file === undefined ? { args } : { args, file });
    return [flags['ssh'], flags['osUser'], flags['targetName'], flags['targetId']];
  };
  t.same(await ssh([]), [undefined, undefined, undefined, undefined]);
  t.same(await ssh(['--ssh']), [true, undefined, undefined, undefined]);
  for (const args of [['--ssh', '2222'], ['--ssh=2222']]) t.match(await ssh(args), ['2222']);
  t.match(await ssh(['--ssh', '10.0.0.7:22', 'pr-1']), ['10.0.0.7:22']);
  t.match(await ssh(['--no-ssh']), [false]);
  const table = 'ssh = { target = 23, os-user = "dev", name = "big" }';
  t.same(await ssh([], table), ['23', 'dev', 'big', undefined]);
  t.same(await ssh(['--ssh', '--os-user', 'ops'], table), [true, 'ops', 'big', undefined]);
  t.match(await ssh(['--no-ssh'], table), [false]);
  t.match(await ssh([], 'ssh = true'), [true]);
  t.same(await ssh([], 'ssh = false'), [false, undefined, undefined, undefined]);
});

t.test('Docker may be asked for, or not', async (t) => {
  t.match(await flagsOf(t, {}), { docker: undefined });
  t.match(await flagsOf(t, { args: ['--docker'] }), { docker: true });
  t.match(await flagsOf(t, { file: 'docker = true' }), { docker: true });
  t.match(await flagsOf(t, { file: 'docker = true', args: ['--no-docker'] }), { docker: false });
  t.match(await flagsOf(t, { file: 'docker = { project = "x", host = "unix:///y" }' }), {
    docker: true,
    dockerProject: 'x',
    dockerHost: 'unix:///y',
  });
});

t.test('options for all services', async (t) => {
  const file = 'access = "team"\nttl = "2h"\nbalance = true';
  t.match(await flagsOf(t, { file }), { access: 'team', ttl: '2h', balance: true });
  t.match(await flagsOf(t, { file: 'robots = "index"' }), { robots: 'index' });
  t.match(await flagsOf(t, { file: 'from = "192.0.2.0/24"' }), { from: '192.0.2.0/24' });
  t.match(await flagsOf(t, { file, args: ['--access', 'public'] }), { access: 'public', ttl: '2h' });
});

t.test('--config names another file, and a wrong one ends the command', async (t) => {
  const around = new FakeSurroundings(t);
  const other = around.write('other.toml', 'server = "https://other"');
  t.match(await flagsOf(t, { file: 'server = "https://file"', args: ['--config', other] }), {
    server: 'https://other',
  });
  t.match(await flagsOf(t, { env: { PORTHOLE_CONFIG: other } }), { server: 'https://other' });
  const exitCodeOf = async (sources: Parameters<typeof flagsOf>[1]): Promise<unknown> => {
    try {
      return await flagsOf(t, sources);
    } catch (error) {
      return (error as CommanderError).exitCode;
    }
  };
  t.equal(await exitCodeOf({ args: ['--config', '/nowhere.toml'] }), 2);
  t.equal(await exitCodeOf({ file: 'x = 1' }), 2);
});

t.test('commands without a gateway are left alone', async (t) => {
  const around = new FakeSurroundings(t);
  around.write('porthole.toml', 'x = 1');
  await applySettings(new Command('other'), around);
});
