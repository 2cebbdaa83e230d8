import t from 'tap';
import { JumpTeam } from '../support/jump.ts';
import { issueTo, logInThere, machineWithAgent, reportCertificates } from '../support/machine-with-agent.ts';

t.test(
  'the machine holds its own limits, whatever the gateway grants; one that knows them keeps within',
  async (t) => {
    const team = await JumpTeam.start(t);
    const there = await machineWithAgent(t, team);
    const words = ['--target-id', there.targetId, '--user', 'root', '--longest-certificate', '2m'];
    const done = await there.agent('setup', ...words);
    t.equal(done.code, 0, done.stderr);
    await reportCertificates(team, there);
    const long = await issueTo(team, 'pr-1', '--os-user', 'root');
    t.not((await logInThere(t, team, { env: 'pr-1', certificate: long.certificate })).code, 0, 'ten minutes');
    await there.machine.logged(/Certificate does not contain an authorized principal/);

    await reportCertificates(team, there, ['--certificate-user', 'root', '--longest-certificate', '2m']);
    const short = await issueTo(team, 'pr-1', '--os-user', 'root');
    const inside = await logInThere(t, team, { env: 'pr-1', certificate: short.certificate });
    t.equal(inside.code, 0, inside.stderr);
    const refused = await team.command('ana', ['target', 'cert', 'pr-1', '--os-user', 'nobody']);
    t.equal(refused.code, 3);
    t.match(refused.stderr, /takes certificates for root/);
  },
);
