import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import { JumpTeam, over } from '../support/jump.ts';
import { startSshAgent } from '../support/ssh-agent.ts';
import { makeKey } from '../support/ssh-keys.ts';

t.test('the agent is at hand on the machine, and never at the gateway', async (t) => {
  const team = await JumpTeam.start(t);
  await team.machine();
  const agent = await startSshAgent(t);
  const other = makeKey(t);
  agent.add(other.path);
  const env = { SSH_AUTH_SOCK: agent.socket };

  const with_ = team.ssh('ana', ['-A', '-o', 'IdentityAgent=SSH_AUTH_SOCK', 'pr-1', 'ssh-add -l'], env);
  const told = await over(with_);
  t.equal(told.code, 0, told.stderr);
  t.match(told.stdout, fingerprint(other.blob));

  const without = await over(
    team.ssh('ana', ['-a', '-o', 'IdentityAgent=SSH_AUTH_SOCK', 'pr-1', 'ssh-add -l'], env),
  );
  t.equal(without.code, 2, 'no agent');

  // The gateway has no use for one, and refuses to be given it.
  const atGateway = team.ssh('ana', ['-v', '-A', '-o', 'IdentityAgent=SSH_AUTH_SOCK', 'gw', 'help'], env);
  const { code, stderr } = await over(atGateway);
  t.equal(code, 0);
  t.match(stderr, /Requesting authentication agent forwarding/);
  t.notMatch(stderr, /auth-agent@openssh\.com.*(?:open|new)/);
});
