import { once } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import t from 'tap';
import { startPublicGateway } from '../support/dial.ts';
import { metric, metricBecomes } from '../support/metrics.ts';
import { openssh } from '../support/openssh.ts';
import type { Portholed } from '../support/portholed.ts';
import { visit, visitorOptions } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

const host = 'pr-1.localhost';
/** Each makes a line of more than that in the log. */
const pathBytes = 1000;
const round = 3000;
/** More than a pipe and the gateway itself may keep. */
const maxKeptBytes = 5 * 1024 * 1024;
const visitors = 16;

/** Many requests, and how many of them were served. */
async function serve(gateway: Portholed, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: visitors });
  const path = `/${'a'.repeat(pathBytes)}`;
  let served = 0;
  let asked = 0;
  const visitor = async (): Promise<void> => {
    while (asked < count) {
      asked += 1;
      const outgoing = httpsRequest({
        ...visitorOptions(gateway, host),
        agent,
        path,
        headers: { host },
      }).end();
      const [answer] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
      answer.resume();
      await once(answer, 'end');
      if (answer.statusCode === 200) served += 1;
    }
  };
  await Promise.all(Array.from({ length: visitors }, visitor));
  agent.destroy();
  return served;
}

t.test('a gateway whose log nobody reads serves on, in bounded memory', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const { port } = await startTextApp(t, 'served');
  const session = openssh(t, { port: gateway.port, key, args: ['-R', `80:127.0.0.1:${port}`] });
  await session.said(/Requests appear below/u);

  gateway.child.stdout?.pause();
  t.equal(await serve(gateway, round), round);
  t.equal(await serve(gateway, round), round);
  const dropped = await metricBecomes(gateway, 'porthole_log_lines_dropped_total', (value) => value > 0);
  const keptBytes = (2 * round - dropped) * pathBytes;
  t.ok(keptBytes < maxKeptBytes, `${dropped} lines were dropped`);

  gateway.child.stdout?.resume();
  const line = await gateway.line((each) => each['dropped'] !== undefined);
  t.equal(line.level, 'warn', 'read again, it tells how many lines are missing');
  t.equal((await visit(gateway, `${host}/last`)).body, 'served');
  await gateway.line((each) => each.msg === 'request' && each['path'] === '/last');
  t.ok((await metric(gateway, 'porthole_log_lines_dropped_total')) >= Number(line['dropped']));
});
