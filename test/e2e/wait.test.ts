import t from 'tap';
import { dial, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { metricBecomes } from '../support/metrics.ts';
import type { Portholed } from '../support/portholed.ts';
import { visit, type Answer } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

interface Told {
  readonly code?: string;
  readonly env?: string;
  readonly state?: string;
  readonly message?: string;
}

function wait(gateway: Portholed, host: string, seconds: number): Promise<Answer> {
  return visit(gateway, `${host}.localhost/_porthole/wait?state=ready&timeout=${String(seconds)}`);
}

function told(answer: Answer): Told & { status: number } {
  return { ...(JSON.parse(answer.body) as Told), status: answer.status };
}

t.test('CI waits for a preview from before its first tunnel until its app listens', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const waiting = wait(gateway, 'pr-1', 120);
  await metricBecomes(gateway, 'porthole_requests_in_flight', (value) => value === 1);
  const machine = '127.0.71.1';
  const port = await freePort(machine);
  await dial(t, gateway, { key, forwards: [`80:${machine}:${String(port)}`] });

  const tooSoon = told(await wait(gateway, 'pr-1', 1));
  t.match(tooSoon, { status: 502, code: 'ERR_UPSTREAM_REFUSED', state: 'degraded' });
  t.match(tooSoon.message, /-R localhost:80/, 'it names what was dialled');

  await startTextApp(t, 'here', machine, port);
  t.match(told(await waiting), { status: 200, env: 'pr-1', state: 'ready' });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'here');
});

t.test('what is not there in time is told as it is', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--hold', '1s']);
  const { port } = await startTextApp(t, 'here');
  const { ssh, tunnelId } = await dial(t, gateway, { key, forwards: [`web:80:127.0.0.1:${String(port)}`] });
  const [unknown, noService] = await Promise.all([wait(gateway, 'nobody', 1), wait(gateway, 'api--pr-1', 1)]);
  t.match(told(unknown), { status: 404, code: 'ERR_ENV_UNKNOWN', state: undefined });
  t.match(told(noService), { status: 404, code: 'ERR_SERVICE_UNKNOWN' });

  const service = wait(gateway, 'api--pr-1', 120);
  await metricBecomes(gateway, 'porthole_held_requests', (value) => value === 1);
  await dial(t, gateway, { key, forwards: [`api:80:127.0.0.1:${String(port)}`] });
  t.match(told(await service), { status: 200, state: 'ready' });

  ssh.kill('SIGKILL');
  await tunnelGone(gateway, tunnelId);
  t.match(told(await wait(gateway, 'web--pr-1', 2)), { status: 404, code: 'ERR_SERVICE_UNKNOWN' });
});

t.test('strangers learn nothing by waiting', async (t) => {
  const { gateway, key } = await startGateway(t);
  const { port } = await startTextApp(t, 'secret');
  const { ssh } = await dial(t, gateway, { key, user: 'hidden', forwards: [`80:127.0.0.1:${String(port)}`] });
  const [hidden, nobody] = await Promise.all([wait(gateway, 'hidden', 60), wait(gateway, 'nobody', 60)]);
  const withoutId = (answer: Answer): string => answer.body.replace(/[\w-]{16,}/g, 'id');
  t.equal(hidden.status, 401);
  t.equal(withoutId(hidden), withoutId(nobody), 'both at once, and alike');
  ssh.kill();
});
