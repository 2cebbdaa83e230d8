import t from 'tap';
import { commandsBySsh } from '../support/admin-by-ssh.ts';
import { JumpTeam, over } from '../support/jump.ts';
import { Portholed } from '../support/portholed.ts';
import { connectMachine, toldOf } from '../support/reporting-machine.ts';
import { SshMachine } from '../support/ssh-machine.ts';
import { until } from '../support/until.ts';

t.test('a machine is reached by its UUID after the gateway was replaced', async (t) => {
  const team = await JumpTeam.start(t);
  const machine = await SshMachine.start(t, { clients: [team.keys.ana] });
  const args = ['pr-1', '--ssh', String(machine.port), '--connections', '2', '--json'];
  const client = connectMachine(t, team, args);
  const [target] = await toldOf(client);
  await client.said(/"live":2,"wanted":2/);
  const uuid = target?.id ?? '';
  team.trust(uuid, machine);

  const listen = `127.0.0.1:${String(team.gateway.port)}`;
  const same = ['--state-dir', team.gateway.stateDir, '--listen', listen];
  const successor = await Portholed.start(t, [...team.args, ...same, '--replace']);
  await client.said(/"event":"moved"/);
  const show = commandsBySsh(t, successor, team.keys.ana);
  await until('it has reported to the successor', async () => {
    const { stdout } = await show(`target show ${uuid} --json`);
    return (JSON.parse(stdout) as { state: string }).state === 'online';
  });
  const inside = await over(team.ssh('ana', [`${machine.user}@${uuid}`, 'echo', 'inside']));
  t.match(inside, { code: 0, stdout: 'inside\n' });
  t.equal((await toldOf(client)).length, 1, 'it is the same machine as before: no news');
});
