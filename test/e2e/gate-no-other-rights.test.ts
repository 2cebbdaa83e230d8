import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { startSshAgent } from '../support/ssh-agent.ts';

const team = await JumpTeam.start(t);
await team.machine();

t.test('a member gets no forward for a name that is not theirs', async (t) => {
  const forward = ['-o', 'ExitOnForwardFailure=yes', '-R', 'ssh:22:127.0.0.1:1'];
  const { code, stderr } = await over(team.ssh('bob', ['-N', ...forward, 'pr-1@gw']));
  t.equal(code, 255);
  t.match(stderr, /remote port forwarding failed/);
  // OpenSSH shows no reason for a forward; the gateway tells it in the banner of whoever comes again.
  const again = await over(team.ssh('bob', ['-N', ...forward, 'pr-1@gw']));
  t.match(`${stderr}${again.stderr}`, /may not use the name pr-1/, 'and is told why');
  t.match(await over(team.ssh('ana', ['pr-1', 'echo', 'unharmed'])), { code: 0, stdout: 'unharmed\n' });
});

t.test('X11 and the agent are not taken by the gateway', async (t) => {
  const agent = await startSshAgent(t);
  const env = { DISPLAY: '127.0.0.1:99', SSH_AUTH_SOCK: agent.socket };
  const words = ['-A', '-o', 'IdentityAgent=SSH_AUTH_SOCK', '-Y', '-o', 'XAuthLocation=/bin/true'];
  const { code, stderr } = await over(team.ssh('ana', [...words, 'gw', 'help'], env));
  t.equal(code, 0);
  t.match(stderr, /X11 forwarding request failed/);
});

t.test('what comes by the gate cannot be opened the other way', async (t) => {
  // The machine's own ssh may ask for nothing on the way that people use.
  const { code, stderr } = await over(team.ssh('vm', ['-W', 'pr-1:22', 'gw']));
  t.equal(code, 255);
  t.match(stderr, /administratively prohibited: .*machine.*\(ERR_[A-Z_]+\)/);
});
