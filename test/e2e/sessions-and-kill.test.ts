// Who is in which machine is seen by those whom it concerns, and ended by them at once.
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { until } from '../support/until.ts';

const team = await JumpTeam.start(t, ['--hold', '10ms']);
await team.machine({ env: 'pr-1' });

interface Session {
  readonly id: string;
  readonly principal: string;
  readonly bytesDown: number;
}
const sessions = async (): Promise<readonly Session[]> =>
  (await team.told('root', ['sessions'])) as readonly Session[];

t.test('a live session is listed, killed, and then among those that are over', async (t) => {
  t.match(await team.command('ana', 'sessions'), { code: 0, stdout: '', stderr: /nobody is in a machine/ });
  const live = team.ssh('ana', ['pr-1', 'echo in; cat']);
  await live.said(/in/);
  const [session, ...others] = await sessions();
  t.equal(others.length, 0);
  t.match(session, {
    ...{ id: /^[a-z2-7]{8}$/, principal: 'ana', fingerprint: /^SHA256:/, from: '127.0.0.1', gate: 'default' },
    ...{ env: 'pr-1', service: 'ssh', port: null, since: /^\d{4}-.*Z$/, active: /Z$/ },
  });
  t.ok((session?.bytesDown ?? 0) > 0);
  t.match(await team.command('ana', 'sessions'), {
    code: 0,
    stdout:
      /^ID +WHO +FROM +TO +SINCE +IDLE +BYTES +GATE\n\w{8} +ana +127\.0\.0\.1 +pr-1 +.*UTC .* up, .* down +default\n$/,
  });
  t.match(await team.command('bob', 'sessions --json'), { code: 0, stdout: '[]\n' });
  const id = session?.id ?? '';
  t.match(await team.command('bob', `kill ${id}`), {
    code: 1,
    stderr: new RegExp(`no session ${id} of yours`),
  });
  t.match(await team.command('vm', `kill ${id}`), { code: 3 });

  t.match(await team.command('root', ['kill', id, '--reason', 'the shift is over']), {
    code: 0,
    stdout: `ended session ${id} of ana to pr-1\n`,
  });
  t.equal((await live.exit).code, 255);
  t.match(live.stderr, /ended by root: the shift is over/);
  t.match(await team.command('root', `kill ${id}`), { code: 1, stderr: /there is no session/ });
  t.match(await sessions(), []);
  await until(
    'its end to be noted',
    async () => (await team.command('ana', 'sessions --ended')).stdout !== '',
  );
  t.match(await team.told('ana', ['sessions', '--ended']), [
    {
      id,
      principal: 'ana',
      env: 'pr-1',
      service: 'ssh',
      reason: 'ended by root: the shift is over',
      ended: /Z$/,
    },
  ]);
  t.match(await team.command('bob', 'sessions --ended --json'), { stdout: '[]\n' });
  t.match(await team.command('root', 'sessions --ended --principal ana --limit 1'), {
    stdout: /WHY IT ENDED\n\w{8} +ana .* ended by root: the shift is over\n$/,
  });
  t.match(await team.command('root', 'audit --action kill --json'), {
    stdout: /"action":"kill".*"of":"ana"/,
  });
});

t.test('whose session it is may end it, too', async (t) => {
  const live = team.ssh('ana', ['pr-1', 'echo in; cat']);
  await live.said(/in/);
  const [session] = await sessions();
  t.match(await team.command('ana', `kill ${session?.id ?? ''}`), { code: 0 });
  t.equal((await live.exit).code, 255);
  t.match(await over(team.ssh('ana', ['pr-1', 'echo again'])), { code: 0, stdout: 'again\n' });
});
