import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { metric, metricBecomes } from '../support/metrics.ts';

const stalledCount = 10;
/** What is on its way for each: the SSH window, and the small buffers around it. */
const boundBytes = stalledCount * (2 << 20) + (4 << 20);

t.test('engineers who stop reading hold nothing up but themselves', async (t) => {
  const team = await JumpTeam.start(t);
  await team.machine();
  const config = team.config('ana');
  const stalled = Array.from({ length: stalledCount }, () => {
    const words = ['-F', config, 'pr-1', 'exec cat /dev/zero'];
    // With its proxy it is a group of its own.
    const child = spawn('ssh', words, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    t.teardown(async () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const exit = once(child, 'exit');
      process.kill(-child.pid, 'SIGKILL');
      await exit;
    });
    return child;
  });
  await metricBecomes(team.gateway, 'porthole_gate_sessions', (value) => value === stalledCount);
  await Promise.all(stalled.map(({ stdout }) => once(stdout, 'readable')));
  for (const { pid } of stalled) if (pid !== undefined) process.kill(-pid, 'SIGSTOP');

  const ofMachine = 'porthole_gate_bytes_total{direction="down"}';
  let [flowed, unchanged] = [-1, 0];
  // All that can flow has flowed.
  await metricBecomes(team.gateway, ofMachine, (value) => {
    unchanged = value === flowed ? unchanged + 1 : 0;
    flowed = value;
    return unchanged === 20;
  });
  t.ok(flowed < boundBytes, `${String(flowed)} bytes were taken from the machine`);
  const buffered = await metric(team.gateway, 'porthole_buffered_bytes');
  t.ok(buffered < boundBytes, `${String(buffered)} bytes are held`);

  const other = team.ssh('ana', ['pr-1', 'head -c 5000000 /dev/zero | wc -c']);
  t.match(await over(other), { code: 0, stdout: '5000000\n' });
  const copied = await team.ran('sh', ['-c', `ssh -F ${config} pr-1 'head -c 20000000 /dev/zero' | wc -c`]);
  t.match(copied, { code: 0, stdout: '20000000\n' });

  for (const { pid } of stalled) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  await metricBecomes(team.gateway, 'porthole_gate_sessions', (value) => value === 0);
  await metricBecomes(team.gateway, 'porthole_buffered_bytes', (value) => value === 0);
});
