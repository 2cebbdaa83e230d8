import { join } from 'node:path';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { lowPort } from '../support/low-port.ts';
import { metricBecomes } from '../support/metrics.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { until } from '../support/until.ts';
import { startTextApp } from '../support/web-app.ts';

const team = await JumpTeam.start(t);
await team.machine();
const config = team.config('ana');

t.test('ten sessions, forwards and a copy on one connection, as an editor does it', async (t) => {
  const socket = join(scratchDir(t), 's');
  const shared = (...words: readonly string[]) => ['-F', config, '-S', socket, ...words];
  const master = team.program('ssh', shared('-M', '-N', 'pr-1'));
  await until(
    'the master to listen',
    async () => (await team.ran('ssh', shared('-O', 'check', 'pr-1'))).code === 0,
  );

  const sessions = Array.from({ length: 10 }, (_each, n) =>
    team.program('ssh', shared('pr-1', `cat; exit ${String(n)}`)),
  );
  for (const [n, session] of sessions.entries()) session.write(`session ${String(n)}\n`);
  for (const [n, session] of sessions.entries()) await session.said(new RegExp(`session ${String(n)}`));
  const codes = await Promise.all(sessions.map(async (session) => (await over(session)).code));
  t.same(codes, [...codes.keys()]);
  t.equal(await metricBecomes(team.gateway, 'porthole_gate_sessions', (value) => value === 1), 1);

  const app = await startTextApp(t, 'of the machine');
  const local = String(await lowPort());
  const forward = `127.0.0.1:${local}:127.0.0.1:${String(app.port)}`;
  t.match(await team.ran('ssh', shared('-O', 'forward', '-L', forward, 'pr-1')), { code: 0 });
  const get = async () =>
    (await fetch(`http://127.0.0.1:${local}/`, { headers: { connection: 'close' } })).text();
  t.equal(await get(), 'of the machine');
  t.match(await team.ran('ssh', shared('-O', 'cancel', '-L', forward, 'pr-1')), { code: 0 });
  await t.rejects(get());

  t.match(await team.ran('ssh', shared('-O', 'exit', 'pr-1')), { code: 0 });
  await master.exit;
  t.equal(await metricBecomes(team.gateway, 'porthole_gate_sessions', (value) => value === 0), 0);
});

t.test('many machines by one connection to the gateway', async (t) => {
  const socket = join(scratchDir(t), 's');
  const shared = ['-F', config, '-S', socket];
  const master = team.program('ssh', [...shared, '-M', '-N', 'gw']);
  await until(
    'the master to listen',
    async () => (await team.ran('ssh', [...shared, '-O', 'check', 'gw'])).code === 0,
  );
  const proxy = `ProxyCommand=ssh ${shared.join(' ')} -W %h:%p gw`;
  const sessions = Array.from({ length: 10 }, () =>
    team.program('ssh', ['-F', config, '-o', 'ProxyJump=none', '-o', proxy, 'pr-1', 'cat; exit 7']),
  );
  for (const session of sessions) session.write('here\n');
  await Promise.all(sessions.map((session) => session.said(/here/)));
  t.same(
    await Promise.all(sessions.map(async (session) => (await over(session)).code)),
    sessions.map(() => 7),
  );
  const logins = team.gateway.lines.filter((line) => line.msg === 'ssh login' && line['principal'] === 'ana');
  t.comment(`${String(logins.length)} logins`);
  t.match(await team.ran('ssh', [...shared, '-O', 'exit', 'gw']), { code: 0 });
  await master.exit;
});
