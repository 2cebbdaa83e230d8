// Somebody is let into a machine for a while, and no longer: by an administrator, and by the owner of the environment.
import { makeKey } from '../support/ssh-keys.ts';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { until } from '../support/until.ts';
import { commandsBySsh } from '../support/admin-by-ssh.ts';

const team = await JumpTeam.start(t, ['--hold', '10ms']);
await team.machine({ env: 'pr-1' });

interface Grant {
  readonly id: string;
}

t.test('a member of other environments is let in, until the grant is taken back', async (t) => {
  t.match(await over(team.ssh('bob', ['pr-1', 'true'])), { code: 255, stderr: /ERR_TARGET_UNKNOWN/ });
  const given = (await team.told('root', [
    'grant',
    'add',
    'bob',
    '--env',
    'pr-*',
    '--expires',
    '1h',
  ])) as Grant;
  t.match(given, { principal: 'bob', env: ['pr-*'], services: [], osUsers: [], expired: false });
  const live = team.ssh('bob', ['pr-1', 'echo in; cat']);
  await live.said(/in/);
  t.match(await team.command('bob', 'grant list'), {
    code: 0,
    stdout: /bob +pr-\* +all +any +.* UTC \(in .*\) +root/,
  });
  t.match(await team.command('ana', 'grant list'), { code: 0, stdout: '', stderr: /no grants/ });
  t.match(await team.command('bob', `grant rm ${given.id}`), { code: 3, stderr: /not yours to take back/ });
  t.match(await team.command('root', `grant rm ${given.id}`), {
    code: 0,
    stdout: /took back what let bob into pr-\*/,
  });
  t.not((await live.exit).code, 0, 'what it let in ends');
  t.match(await over(team.ssh('bob', ['pr-1', 'true'])), { code: 255, stderr: /ERR_TARGET_UNKNOWN/ });
});

t.test('a grant that ends during a session ends the session', async (t) => {
  t.match(await team.command('root', 'grant add bob --env pr-1 --expires 3s'), { code: 0 });
  const live = team.ssh('bob', ['pr-1', 'echo in; cat']);
  await live.said(/in/);
  t.not((await live.exit).code, 0);
  t.match(await team.command('root', 'grant list --json'), {
    stdout: '[]\n',
    stderr: /1 expired: --all shows it/,
  });
  t.match(await team.command('root', 'grant list bob --all'), { code: 0, stdout: /\(expired\)/ });
});

t.test('an owner lets others into what is theirs, and into nothing else', async (t) => {
  const owner = makeKey(t);
  const add = ['key', 'add', '--name', 'laptop', '--principal', 'vm', '--role', 'member', '--env', 'pr-*'];
  t.match(await team.command('root', add, owner.line), { code: 0 });
  const mine = commandsBySsh(t, team.gateway, owner);
  t.match(await mine('grant add bob --env pr-1 --service ssh'), {
    code: 0,
    stderr: /lets bob into pr-1; services ssh; for good/,
  });
  t.match(await mine('grant add bob --env pr-*'), {
    code: 3,
    stderr: /the pattern pr-\* is for administrators/,
  });
  t.match(await mine('grant add bob --env pr-2'), { code: 3, stderr: /no environment pr-2 of yours/ });
  t.match(await mine('grant list --json'), { code: 0, stdout: /"principal":"bob","env":\["pr-1"\]/ });
  const [, id = ''] = /^(\w+)\n$/.exec((await mine('grant add bob --env pr-1')).stdout) ?? [];
  t.match(await mine(`grant rm ${id}`), { code: 0 });
  await until(
    'the other grant to let bob in',
    async () => (await over(team.ssh('bob', ['pr-1', 'true']))).code === 0,
  );
});

t.test('what is said wrong, or to nobody', async (t) => {
  t.match(await team.command('root', 'grant add bob'), { code: 2, stderr: /--env is missing/ });
  t.match(await team.command('root', 'grant add bob --env PR-1'), { code: 2, stderr: /lower case/ });
  t.match(await team.command('root', 'grant add bob --env pr-1 --expires 2020-01-01'), {
    code: 2,
    stderr: /passed/,
  });
  t.match(await team.command('root', 'grant add nobody --env pr-1'), {
    code: 0,
    stderr: /nobody is known here as nobody/,
  });
  t.match(await team.command('root', 'grant add eve --env pr-1'), { code: 0 });
  t.match(await team.command('root', 'grant rm nothing'), { code: 1, stderr: /there is no grant nothing/ });
  t.match(await team.command('vm', 'grant add eve --env pr-1'), { code: 3, stderr: /lets nobody in/ });
});
