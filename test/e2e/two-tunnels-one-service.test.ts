import type { ServerResponse } from 'node:http';
import t from 'tap';
import { dial, nextLine, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { freePort } from '../support/free-port.ts';
import { metric } from '../support/metrics.ts';
import { until } from '../support/until.ts';
import { visit, type Answer } from '../support/visitor.ts';
import { startApp, startTextApp } from '../support/web-app.ts';

const host = 'web--pr-1.localhost/';

/** How many environments are in the state, as the metrics tell it. */
function inState(gateway: Parameters<typeof metric>[0], state: string): Promise<number> {
  return metric(gateway, `porthole_environments{state="${state}"}`);
}

t.test('balance=true: who has less to do gets the request', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const open: ServerResponse[][] = [[], []];
  for (const waiting of open) {
    const app = await startApp(t, (_request, response) => void waiting.push(response));
    await dial(t, gateway, { key, forwards: [`/web?balance=true:127.0.0.1:${app.port}`] });
  }
  const [first, second] = open as [ServerResponse[], ServerResponse[]];
  const answers: Promise<Answer>[] = [];
  for (let i = 1; i <= 6; i += 1) {
    answers.push(visit(gateway, host));
    await until('the request has arrived', () => first.length + second.length === i);
    t.ok(Math.abs(first.length - second.length) <= 1, `${first.length} and ${second.length}`);
  }
  for (const response of first.splice(0)) response.end('first');
  await until('the first is free', async () => (await metric(gateway, 'porthole_requests_in_flight')) === 3);
  for (let i = 1; i <= 3; i += 1) {
    answers.push(visit(gateway, host));
    await until('the request has arrived', () => first.length === i);
  }
  t.equal(second.length, 3, 'busy as it was');
  for (const response of [...first, ...second]) response.end('done');
  for (const { status } of await Promise.all(answers)) t.equal(status, 200);
});

t.test('one of two is killed: no GET is lost, and the environment stays ready', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const app = await startTextApp(t, 'here');
  const forwards = [`web:80:127.0.0.1:${app.port}`];
  const states = (): unknown[] =>
    gateway.lines.filter(({ msg }) => msg === 'env state').map(({ state }) => state);
  let stop = false;
  const statuses = new Map<number, number>();
  const answered = [0, 0, 0, 0];
  const ask = async (_count: number, visitor: number): Promise<void> => {
    while (!stop) {
      const { status } = await visit(gateway, host);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      answered[visitor] = (answered[visitor] ?? 0) + 1;
    }
  };
  /** A request is sent again once: what was on the one that was killed must not be on the next one that is. */
  const allAnswered = async (): Promise<void> => {
    const before = [...answered];
    await until('each visitor has an answer', () => answered.every((count, at) => count > (before[at] ?? 0)));
  };
  let standby = await dial(t, gateway, { key, forwards });
  const visitors = answered.map(ask);
  for (let i = 0; i < 4; i += 1) {
    const newest = await dial(t, gateway, { key, forwards });
    const asked = statuses.get(200) ?? 0;
    await until('the newest serves', () => (statuses.get(200) ?? 0) > asked + 8);
    newest.ssh.child.kill('SIGKILL');
    await tunnelGone(gateway, newest.tunnelId);
    const next = await dial(t, gateway, { key, forwards });
    await allAnswered();
    standby.ssh.child.kill('SIGKILL');
    await tunnelGone(gateway, standby.tunnelId);
    await allAnswered();
    standby = next;
  }
  stop = true;
  await Promise.all(visitors);
  t.same([...statuses.keys()], [200]);
  t.same(states(), ['ready']);
});

t.test('the newest offers what does not run: the older one serves until it does', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const address = '127.0.0.87';
  const port = await freePort(address);
  const older = await startTextApp(t, 'older');
  await dial(t, gateway, { key, forwards: [`web:80:127.0.0.1:${older.port}`] });
  await dial(t, gateway, { key, forwards: [`web:80:${address}:${port}`] });
  const bodies = new Set<string>();
  for (let i = 0; i < 10; i += 1) {
    const { status, body } = await visit(gateway, host, { method: 'POST', body: 'once' });
    bodies.add(`${status} ${body}`);
  }
  t.same([...bodies], ['200 older']);
  t.ok((await metric(gateway, 'porthole_channel_open_total{result="refused"}')) >= 1);
  t.equal(await inState(gateway, 'ready'), 1);
  await startTextApp(t, 'newer', address, port);
  await until('the newer one serves', async () => {
    const { status, body } = await visit(gateway, host);
    t.equal(status, 200);
    return body === 'newer';
  });
});

t.test('an environment whose app does not run is degraded until it does', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const address = '127.0.0.88';
  const port = await freePort(address);
  const { tunnelId } = await dial(t, gateway, { key, forwards: [`web:80:${address}:${port}`] });
  const degraded = nextLine(gateway, ({ msg, state }) => msg === 'env state' && state === 'degraded');
  for (let i = 0; i < 5; i += 1) t.equal((await visit(gateway, host)).status, 502);
  t.match(await degraded, { level: 'info', env: 'pr-1', previous: 'ready' });
  t.equal(await inState(gateway, 'degraded'), 1);
  t.equal(await inState(gateway, 'ready'), 0);
  await startTextApp(t, 'now', address, port);
  t.match(await visit(gateway, host), { status: 200, body: 'now' });
  t.equal(await inState(gateway, 'ready'), 1);
  const lines = gateway.lines.filter(({ msg }) => msg === 'env state');
  t.same(
    lines.map(({ state }) => state),
    ['ready', 'degraded', 'ready'],
    'once for each change',
  );
  t.type(tunnelId, 'string');
});
