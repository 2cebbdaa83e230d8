// Whose a name is: the first to dial in for it, until they give it away, or an administrator does.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nextLine } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { porthole, reaching } from '../support/porthole.ts';
import { Portholed } from '../support/portholed.ts';
import type { Program } from '../support/program.ts';
import type { TestScope } from '../support/scope.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey, type SshKey } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

interface People {
  readonly gateway: Portholed;
  readonly args: readonly string[];
  readonly root: SshKey;
  readonly ana: SshKey;
  readonly bob: SshKey;
}

/** A gateway with an administrator, a member and a machine, whom a restart of it lets in too. */
async function start(t: TestScope, flags: readonly string[] = []): Promise<People> {
  const [root, ana, bob] = [makeKey(t), makeKey(t), makeKey(t)];
  const keysFile = join(scratchDir(t), 'authorized_keys');
  const lines = [
    `principal="root",role="admin" ${root.line}`,
    `principal="ana",role="member",env="pr-*" ${ana.line}`,
    `principal="bob",role="machine",env="pr-*,bob" ${bob.line}`,
  ];
  writeFileSync(keysFile, `${lines.join('\n')}\n`);
  const args = [
    ...['--state-dir', scratchDir(t), '--authorized-keys', keysFile, '--access', 'public'],
    ...['--hold', '10ms', '--contact', 'the preview team', ...flags],
  ];
  return { gateway: await Portholed.start(t, args), args, root, ana, bob };
}

/** Dials in with a session, which shows what happens. */
async function offer(
  t: TestScope,
  { gateway }: People,
  { key, user = 'pr-1', port }: { key: SshKey; user?: string; port: number },
): Promise<Program> {
  const args = ['-R', `80:127.0.0.1:${port}`];
  const session = openssh(t, { port: gateway.port, key, user, args });
  await session.said(/Requests appear below/);
  return session;
}

interface Told {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command by stock ssh; what the banner says is on standard error too. */
async function tell(t: TestScope, people: People, key: SshKey, ...command: string[]): Promise<Told> {
  const ssh = openssh(t, { port: people.gateway.port, key, user: 'any', command });
  const { code } = await ssh.exit;
  return { code, stdout: ssh.stdout, stderr: ssh.stderr };
}

interface Listed {
  readonly environments: readonly { readonly env: string; readonly owner: string; readonly own: boolean }[];
}

async function listed(t: TestScope, people: People, key: SshKey): Promise<string[]> {
  const { stdout } = await tell(t, people, key, 'env', 'list', '--json');
  return (JSON.parse(stdout) as Listed).environments.map(({ env, owner }) => `${env} ${owner}`);
}

t.test(
  'the first to dial in owns the name; whoever is refused hears whom to ask, not whose it is',
  async (t) => {
    const people = await start(t);
    const { gateway, ana, bob, root } = people;
    const [mine, theirs] = [await startTextApp(t, 'of ana'), await startTextApp(t, 'of bob')];
    await offer(t, people, { key: ana, port: mine.port });
    const thief = openssh(t, { port: gateway.port, key: bob, args: ['-R', `80:127.0.0.1:${theirs.port}`] });
    t.equal((await thief.exit).code, 1);
    const words = /pr-1 belongs to somebody else; use another, or ask the preview team/;
    t.match(thief.stdout, words, 'in the session');
    t.match(thief.stderr, words, 'in the banner');
    t.notMatch(thief.stdout + thief.stderr, /\bana\b/);
    const client = porthole(t, [
      'connect',
      'pr-1',
      String(theirs.port),
      '-i',
      bob.path,
      ...reaching(gateway),
    ]);
    t.equal((await client.exit).code, 3);
    t.match(client.stderr, words, 'in the client');
    t.equal((await visit(gateway, 'pr-1.localhost')).body, 'of ana');
    const narrow = openssh(t, { port: gateway.port, key: bob, user: 'main', args: ['-R', '80:127.0.0.1:9'] });
    t.equal((await narrow.exit).code, 1);
    t.match(
      narrow.stdout,
      /may not use the name main \(it may use pr-\*, bob\); for more, ask the preview team/,
    );
    t.same(await listed(t, people, ana), ['pr-1 ana']);
    t.same(await listed(t, people, bob), []);
    t.same(await listed(t, people, root), ['pr-1 ana']);
  },
);

t.test('given to somebody else: at once, for good, and after a restart', async (t) => {
  const people = await start(t);
  const { gateway, args, ana, bob, root } = people;
  const [mine, theirs] = [await startTextApp(t, 'of ana'), await startTextApp(t, 'of bob')];
  const session = await offer(t, people, { key: ana, port: mine.port });
  const client = porthole(t, ['connect', 'pr-1', `api=${mine.port}`, '-i', ana.path, ...reaching(gateway)]);
  await gateway.line((line) => line.msg === 'forward added' && line['service'] === 'api');
  const nobody = await tell(t, people, root, 'env', 'transfer', 'pr-1', 'bobb');
  t.match(nobody, { code: 1, stdout: '', stderr: /no principal bobb \(did you mean bob\?\)/ });
  const foreign = await tell(t, people, bob, 'env', 'release', 'pr-1', '--force');
  t.match(foreign, { code: 1, stderr: /there is no environment pr-1 of yours/ });
  t.match(await tell(t, people, root, 'env', 'transfer', 'pr-1', 'bob'), {
    code: 0,
    stdout: /pr-1 belongs to bob now/,
  });
  // Nothing more is written in time: what was answered must be on the disk.
  await gateway.kill('SIGKILL');
  t.match(session.stderr, /Received disconnect .*: the name pr-1 belongs to somebody else now/);
  t.not((await session.exit).code, 0);

  const again = {
    ...people,
    gateway: await Portholed.start(t, [...args, '--listen', `127.0.0.1:${gateway.port}`]),
  };
  t.equal((await client.exit).code, 3, 'the client came back, and gives up');
  t.match(client.stderr, /pr-1 belongs to somebody else; use another, or ask the preview team/);
  const late = openssh(t, { port: again.gateway.port, key: ana, args: ['-R', `80:127.0.0.1:${mine.port}`] });
  t.equal((await late.exit).code, 1);
  t.equal((await visit(again.gateway, 'pr-1.localhost')).status, 404, 'nothing tells of what ana offered');
  await offer(t, again, { key: bob, port: theirs.port });
  t.equal((await visit(again.gateway, 'pr-1.localhost')).body, 'of bob');
  t.same(await listed(t, again, root), ['pr-1 bob']);
  const { stdout } = await tell(t, again, root, 'audit', '--action', 'env', '--json');
  t.match(stdout, /env\.transfer/);
});

t.test('given back: whoever dials it next owns it', async (t) => {
  const people = await start(t);
  const { gateway, ana, bob, root } = people;
  const [mine, theirs] = [await startTextApp(t, 'of ana'), await startTextApp(t, 'of bob')];
  const session = await offer(t, people, { key: ana, port: mine.port });
  t.match(await tell(t, people, ana, 'env', 'release', 'pr-1'), { code: 1, stderr: /is online: .*--force/ });
  t.equal((await visit(gateway, 'pr-1.localhost')).body, 'of ana');
  t.match(await tell(t, people, root, 'env', 'release', 'pr-1', '--force'), {
    code: 0,
    stdout: /released pr-1/,
  });
  t.not((await session.exit).code, 0);
  t.match(session.stderr, /Received disconnect .*: the name pr-1 was released/);
  t.equal((await visit(gateway, 'pr-1.localhost')).headers['porthole-error'], 'ERR_ENV_UNKNOWN');
  const own = await offer(t, people, { key: bob, port: theirs.port });
  t.equal((await visit(gateway, 'pr-1.localhost')).body, 'of bob');
  const gone = nextLine(gateway, (line) => line.msg === 'env state' && line['state'] === 'offline');
  own.kill('SIGKILL');
  await gone;
  t.match(await tell(t, people, ana, 'env', 'release', 'pr-1'), { code: 1 }, 'it is not hers');
  t.equal((await tell(t, people, bob, 'env', 'release', 'pr-1')).code, 0);
  await offer(t, people, { key: ana, port: mine.port });
  t.equal((await visit(gateway, 'pr-1.localhost')).body, 'of ana');
});

t.test('whoever gives a name away on the very connection that offers it gets the answer first', async (t) => {
  const people = await start(t);
  const { gateway, ana } = people;
  const { port } = await startTextApp(t, 'of ana');
  const shared = ['-S', join(scratchDir(t), 'ssh')];
  const args = [...shared, '-M', '-R', `80:127.0.0.1:${port}`];
  const session = openssh(t, { port: gateway.port, key: ana, args });
  await session.said(/Requests appear below/);
  const command = ['env', 'transfer', 'pr-1', 'bob'];
  const asking = openssh(t, { port: gateway.port, key: ana, args: shared, command });
  t.equal((await asking.exit).code, 0);
  t.match(asking.stdout, /pr-1 belongs to bob now/);
  t.not((await session.exit).code, 0);
});

t.test('a claim ends when the name was not seen for claim-ttl', async (t) => {
  const people = await start(t, ['--claim-ttl', '1ms']);
  const { gateway, ana, bob } = people;
  const app = await startTextApp(t, 'served');
  const first = await offer(t, people, { key: ana, port: app.port });
  const thief = openssh(t, { port: gateway.port, key: bob, args: ['-R', `80:127.0.0.1:${app.port}`] });
  t.equal((await thief.exit).code, 1, 'not while it is online');
  const gone = nextLine(gateway, (line) => line.msg === 'env state' && line['state'] === 'offline');
  first.kill('SIGKILL');
  await gone;
  t.match(await tell(t, people, ana, 'env', 'list'), {
    stdout: /no name is taken/,
    stderr: /1 more, free again/,
  });
  await offer(t, people, { key: bob, port: app.port });
  t.same(await listed(t, people, bob), ['pr-1 bob']);
});
