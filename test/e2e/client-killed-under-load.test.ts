import t from 'tap';
import { startPublicGateway } from '../support/dial.ts';
import { porthole, reaching, urlsOf } from '../support/porthole.ts';
import type { Program } from '../support/program.ts';
import { steadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';
import { startApp } from '../support/web-app.ts';

const host = 'pr-1.localhost';

t.test('a client that is killed and started again loses nothing but what had been sent', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  let posts = 0;
  const { port } = await startApp(t, (request, response) => {
    let bytes = 0;
    if (request.method === 'POST') posts += 1;
    request.on('data', (data: Buffer) => (bytes += data.length));
    request.on('end', () => response.end(`${String(request.method)} ${String(bytes)}`));
  });
  const connect = async (): Promise<Program> => {
    const words = ['connect', 'pr-1', String(port), ...reaching(gateway), '-i', key.path, '--json'];
    const client = porthole(t, words);
    await urlsOf(client);
    return client;
  };
  let client = await connect();
  const load = steadyLoad(gateway, host);
  for (let kill = 1; kill <= 2; kill += 1) {
    const before = load.answered;
    await until('load', () => load.answered > before + 30);
    client.kill('SIGKILL');
    await client.exit;
    client = await connect();
  }
  const before = load.answered;
  await until('load after the last kill', () => load.answered > before + 30);
  await load.stop();
  const lost = load.failures.filter((failure) => /^POST: 502 .*ERR_UPSTREAM_LOST/s.test(failure));
  t.same(
    load.failures.filter((failure) => !lost.includes(failure)),
    [],
    'only POSTs that had been sent',
  );
  t.ok(posts <= load.answered + lost.length, 'and none of them twice');
});
