import t from 'tap';
import { tunnelGone } from '../support/dial.ts';
import { JumpTeam, over } from '../support/jump.ts';
import { metricBecomes } from '../support/metrics.ts';

t.test('a machine that freezes is noticed, and its sessions end with the reason', async (t) => {
  const team = await JumpTeam.start(t, ['--keepalive-interval', '300ms']);
  const { dialled } = await team.machine();
  const sessions = Array.from({ length: 3 }, () => team.ssh('ana', ['pr-1', 'cat']));
  for (const session of sessions) session.write('echo\n');
  await Promise.all(sessions.map((session) => session.said(/echo/)));

  dialled.ssh.kill('SIGSTOP');
  for (const session of sessions) {
    // Its standard input is left open: the end comes from the gateway.
    t.equal((await session.exit).code, 255);
    t.match(session.stderr, /pr-1.*no sign of life/);
  }
  t.equal(await tunnelGone(team.gateway, dialled.tunnelId), 'no sign of life');
  t.equal(await metricBecomes(team.gateway, 'porthole_gate_sessions', (value) => value === 0), 0);
  t.match(JSON.stringify(await team.told('root', ['audit', '--action', 'gate.close'])), /"reason"/);
});

t.test('a machine that never answers the open', async (t) => {
  const team = await JumpTeam.start(t, ['--keepalive-interval', '1h', '--channel-open-timeout', '300ms']);
  const { dialled } = await team.machine();
  dialled.ssh.kill('SIGSTOP');
  const { code, stderr } = await over(team.ssh('ana', ['pr-1', 'true']));
  t.equal(code, 255);
  t.match(stderr, /open failed: administratively prohibited: \S.*pr-1.*\(ERR_[A-Z_]+\)/);

  dialled.ssh.kill('SIGCONT');
  t.match(await over(team.ssh('ana', ['pr-1', 'true'])), { code: 0 });
});

t.test('a machine whose sshd never greets, or is not there', async (t) => {
  const team = await JumpTeam.start(t);
  const { machine } = await team.machine();
  machine.signal('SIGSTOP');
  const silent = await over(team.ssh('ana', ['pr-1', 'true']));
  t.equal(silent.code, 255);
  t.match(silent.stderr, /open failed: \S.*pr-1.*\(ERR_[A-Z_]+\)/);

  machine.signal('SIGCONT');
  t.match(await over(team.ssh('ana', ['pr-1', 'true'])), { code: 0 });
  await machine.kill();
  const gone = await over(team.ssh('ana', ['pr-1', 'true']));
  t.equal(gone.code, 255);
  t.match(gone.stderr, /open failed: \S.*pr-1.*\(ERR_[A-Z_]+\)/);
});
