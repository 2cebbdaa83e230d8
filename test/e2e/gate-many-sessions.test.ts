import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { metricBecomes } from '../support/metrics.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { until } from '../support/until.ts';

t.test('forty logins at once all get in, with what Debian lets begin at a time', async (t) => {
  const team = await JumpTeam.start(t);
  const { machine } = await team.machine();
  const config = team.config('ana');
  const logins = Array.from({ length: 40 }, (_each, n) =>
    team.ran('ssh', ['-F', config, 'pr-1', `exit ${String(n)}`]),
  );
  const told = await Promise.all(logins);
  t.same(
    told.map(({ code, stderr }) => ({ code, stderr })),
    told.map((_each, n) => ({ code: n, stderr: '' })),
  );
  t.notMatch(machine.log, /MaxStartups|drop connection/);
});

t.test('a hundred sessions at a time, each of which answers', async (t) => {
  const team = await JumpTeam.start(t);
  const echo = createServer({ allowHalfOpen: true }, (socket) =>
    socket.on('error', () => undefined).pipe(socket),
  );
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  t.teardown(() => echo.close());
  const { port } = echo.address() as AddressInfo;
  await team.machine({ forwards: [`echo:7:127.0.0.1:${String(port)}`] });

  const config = team.config('ana');
  const shared = ['-F', config, '-S', join(scratchDir(t), 's')];
  const master = team.program('ssh', [...shared, '-M', '-N', 'gw']);
  await until(
    'the master to listen',
    async () => (await team.ran('ssh', [...shared, '-O', 'check', 'gw'])).code === 0,
  );
  const shells = Array.from({ length: 10 }, () => team.program('ssh', ['-F', config, 'pr-1', 'cat']));
  const streams = Array.from({ length: 90 }, () =>
    team.program('ssh', [...shared, '-W', 'echo.pr-1:7', 'gw']),
  );
  const all = [...shells, ...streams];
  for (const [n, session] of all.entries()) session.write(`session ${String(n)}\n`);
  await Promise.all(all.map((session, n) => session.said(new RegExp(`^session ${String(n)}\n`))));
  t.equal(await metricBecomes(team.gateway, 'porthole_gate_sessions', (value) => value === 100), 100);

  for (const [n, session] of all.entries()) session.write(`once more ${String(n)}\n`);
  const told = await Promise.all(all.map(over));
  t.same(
    told.map(({ stdout }) => stdout),
    told.map((_each, n) => `session ${String(n)}\nonce more ${String(n)}\n`),
  );
  t.equal(await metricBecomes(team.gateway, 'porthole_gate_sessions', (value) => value === 0), 0);
  master.kill();
});
