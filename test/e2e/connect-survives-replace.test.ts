import t from 'tap';
import { porthole, urlsOf } from '../support/porthole.ts';
import { startReplaceable } from '../support/replaceable.ts';
import { steadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';
import { open, visit } from '../support/visitor.ts';

const host = 'pr-1.localhost';

t.test('the bundled client moves to the new gateway before it lets go of the old one', async (t) => {
  const replaceable = await startReplaceable(t, ['--grace', '1h']);
  const { gateway, key, appPort, open: answers } = replaceable;
  const server = ['--server', `https://localhost:${String(gateway.port)}`, '--ca', gateway.caFile];
  const client = porthole(t, ['connect', 'pr-1', String(appPort), ...server, '-i', key.path, '--json']);
  await urlsOf(client);
  const load = steadyLoad(gateway, host);
  const download = await open(gateway, `${host}/slow`);
  await until('load', () => load.answered > 20);

  const next = replaceable.successor();
  await client.said(/"event":"draining","graceMs":3600000/);
  await client.said(/"event":"moved"/);
  const before = load.answered;
  await until('load after the move', () => load.answered > before + 100);
  t.equal((await visit(next, `${host}/`)).body, 'GET 0');
  for (const answer of answers) answer.end('done\n');
  const chunks = (await download.toArray()) as Buffer[];
  t.equal(Buffer.concat(chunks).toString(), 'begun\ndone\n', 'what ran on the old connection is whole');
  t.equal(await gateway.exit(), 0, 'the old gateway ends when nothing runs any more');
  await load.stop();
  t.same(load.failures, [], 'nothing was lost');
  t.notMatch(client.stdout, /"event":"(?:disconnected|retrying)"/);
  client.kill();
  t.equal((await client.exit).code, 0);
});
