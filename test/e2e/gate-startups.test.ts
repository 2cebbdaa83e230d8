import t, { type Test } from 'tap';
import { JumpTeam, type MachineOfTeam } from '../support/jump.ts';

async function logInAtOnce(t: Test, count: number, machine: MachineOfTeam): Promise<JumpTeam> {
  const team = await JumpTeam.start(t);
  await team.machine(machine);
  const config = team.config('ana');
  const logins = Array.from({ length: count }, (_each, n) =>
    team.ran('ssh', ['-F', config, 'pr-1', `exit ${String(n)}`]),
  );
  const told = await Promise.all(logins);
  t.same(
    told.map(({ code, stderr }) => `${String(code)} ${stderr}`),
    told.map((_each, n) => `${String(n)} `),
  );
  return team;
}

t.test('forty logins at once all succeed, with an sshd as it comes', async (t) => {
  await logInAtOnce(t, 40, {});
});

t.test('so do some at one that lets two begin at a time', async (t) => {
  await logInAtOnce(t, 16, { config: ['MaxStartups 2'] });
});

t.test('at one that lets nobody in, whoever comes is told so', async (t) => {
  const team = await JumpTeam.start(t);
  const { machine } = await team.machine({ config: ['MaxStartups 1', 'LoginGraceTime 0'] });
  const config = team.config('ana');
  // Takes the only place, and keeps it.
  const taken = team.program('ssh', ['-F', config, '-W', 'pr-1:22', 'gw']);
  await taken.said(/SSH-2\.0-/);
  const { code, stderr } = await team.ran('ssh', ['-F', config, '-o', 'ConnectTimeout=50', 'pr-1', 'true']);
  t.equal(code, 255);
  t.match(stderr, /the SSH server of pr-1 takes no more logins at the moment.*\(ERR_BUSY\)/);
  t.match(machine.log, /MaxStartups/);
});
