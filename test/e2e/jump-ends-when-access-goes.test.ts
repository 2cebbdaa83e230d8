import t, { type Test } from 'tap';
import { JumpTeam, type Name } from '../support/jump.ts';
import type { Program } from '../support/program.ts';

/** Somebody who is in, and stays. */
async function enter(team: JumpTeam, who: Name): Promise<Program> {
  const ssh = team.ssh(who, ['pr-1', 'echo in; cat']);
  await ssh.said(/in\n/);
  return ssh;
}

/** It ends by itself, and whoever was in reads why. */
async function endsWith(t: Test, session: Program, reason: RegExp): Promise<void> {
  t.equal((await session.exit).code, 255);
  t.match(session.stderr, /Received disconnect from 127\.0\.0\.1/);
  t.match(session.stderr, reason);
}

t.test('a key that is withdrawn', async (t) => {
  const team = await JumpTeam.start(t);
  await team.machine();
  const [ana, root] = [await enter(team, 'ana'), await enter(team, 'root')];
  team.withdraw('ana');
  await endsWith(t, ana, /access withdrawn: /);
  root.end();
  t.equal((await root.exit).code, 0, 'others go on');
});

t.test('a grant that is taken away, and one that ends by its time', async (t) => {
  const team = await JumpTeam.start(t);
  await team.machine();
  const granted = await team.told('root', ['grant', 'add', 'bob', '--env', 'pr-1', '--service', 'ssh']);
  const first = await enter(team, 'bob');
  await team.told('root', ['grant', 'rm', (granted as { id: string }).id]);
  await endsWith(t, first, /access withdrawn: /);
  await team.told('root', ['grant', 'add', 'bob', '--env', 'pr-1', '--expires', '3s']);
  await endsWith(t, await enter(team, 'bob'), /access withdrawn: your grant for pr-1 ended/);
});

t.test('one that somebody kills, and one whose time is over', async (t) => {
  const team = await JumpTeam.start(t, ['--gate-max-session', '3s']);
  await team.machine();
  const session = await enter(team, 'ana');
  const { session: id } = await team.gateway.line(({ msg }) => msg === 'gate opened');
  await team.told('root', ['kill', String(id), '--reason', 'the shift is over']);
  await endsWith(t, session, /the shift is over/);
  await endsWith(t, await enter(team, 'ana'), /it was open for 3s, as long as it may be/);
  await team.gateway.line(
    ({ msg, reason }) => msg === 'gate closed' && String(reason).includes('the shift is over'),
  );
});

t.test('one that says nothing', async (t) => {
  const team = await JumpTeam.start(t, ['--gate-idle-timeout', '1s']);
  await team.machine();
  await endsWith(t, await enter(team, 'ana'), /there was no byte either way for 1s/);
});
