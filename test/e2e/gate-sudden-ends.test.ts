import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { metric, metricBecomes } from '../support/metrics.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const ofEngineer = 'porthole_gate_bytes_total{direction="up"}';

t.test('a machine that dies during scp ends it, and it is never taken for done', async (t) => {
  const team = await JumpTeam.start(t);
  const { machine, dialled } = await team.machine();
  const large = join(scratchDir(t), 'large');
  writeFileSync(large, Buffer.alloc(64 << 20, 'x'));
  // So slow that it runs for as long as it takes.
  const words = ['-l', '8000', '-F', team.config('ana'), large, `pr-1:${machine.dir}/large`];
  const scp = team.program('scp', words);
  await metricBecomes(team.gateway, ofEngineer, (value) => value > 500_000);
  dialled.ssh.kill('SIGKILL');
  t.not((await scp.exit).code, 0);
  t.match(scp.stderr, /the connection to pr-1 was lost/);
  t.equal(await metricBecomes(team.gateway, 'porthole_gate_sessions', (value) => value === 0), 0);
});

t.test('an engineer who dies leaves nothing behind on the machine', async (t) => {
  const team = await JumpTeam.start(t);
  const { machine } = await team.machine();
  const ssh = team.ssh('ana', ['pr-1', 'echo here; cat']);
  await ssh.said(/here/);
  ssh.kill('SIGKILL');
  await metricBecomes(team.gateway, 'porthole_gate_sessions', (value) => value === 0);
  await machine.logged(/Connection closed by|Disconnected from|Close session/);
  t.equal(await metricBecomes(team.gateway, 'porthole_channels', (value) => value === 0), 0);
  t.ok((await metric(team.gateway, ofEngineer)) > 0);
});

t.test('a gateway that is killed ends its sessions at once', async (t) => {
  const team = await JumpTeam.start(t);
  await team.machine();
  const ssh = team.ssh('ana', ['pr-1', 'echo here; cat']);
  await ssh.said(/here/);
  await team.gateway.kill('SIGKILL');
  t.equal((await ssh.exit).code, 255);
});

t.test('a gateway that is told to end lets sessions finish, and tells those that do not why', async (t) => {
  const team = await JumpTeam.start(t, ['--grace', '2s']);
  await team.machine();
  const [finishes, stays] = [0, 1].map(() => team.ssh('ana', ['pr-1', 'echo here; cat; exit 9']));
  await finishes?.said(/here/);
  await stays?.said(/here/);
  team.gateway.child.kill('SIGTERM');
  await team.gateway.line((line) => line.msg === 'drain' || line.msg.startsWith('draining'));
  finishes?.write('the rest\n');
  if (finishes !== undefined) t.match(await over(finishes), { code: 9, stdout: 'here\nthe rest\n' });
  t.equal((await stays?.exit)?.code, 255);
  t.match(stays?.stderr, /Received disconnect from [^:]+(?::\d+|.*port \d+): ?\S+.*|gateway/i);
  t.equal(await team.gateway.exit(), 0);
});
