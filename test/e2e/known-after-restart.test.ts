import { statSync } from 'node:fs';
import t, { type Test } from 'tap';
import { dial, nextLine, tunnelGone, type Dialled } from '../support/dial.ts';
import { GatewayPlace } from '../support/gateway-place.ts';
import { metricBecomes } from '../support/metrics.ts';
import { openssh } from '../support/openssh.ts';
import type { Portholed } from '../support/portholed.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

const host = 'pr-1.localhost/';
const json = { headers: { accept: 'application/json' } };

interface Told {
  readonly code: string;
  readonly state?: string;
  readonly lastSeen?: string;
  readonly since?: string;
}

/** Brings an environment online, and waits until that would survive everything. */
async function online(t: Test, place: GatewayPlace, gateway: Portholed, text: string): Promise<Dialled> {
  const { port } = await startTextApp(t, text);
  const dialled = await dial(t, gateway, { key: place.key, forwards: [`80:127.0.0.1:${port}`] });
  t.equal((await visit(gateway, host)).body, text);
  await place.written(1);
  return dialled;
}

async function told(gateway: Portholed): Promise<Told & { status: number }> {
  const { status, body } = await visit(gateway, host, json);
  return { status, ...(JSON.parse(body) as Told) };
}

t.test('killed: requests wait for the tunnel that is about to be back', async (t) => {
  const place = new GatewayPlace(t);
  const first = await place.start('--hold', '1ms');
  const { ssh } = await online(t, place, first, 'before');
  await first.kill('SIGKILL');
  await ssh.exit;
  const second = await place.start('--hold', '1h');
  const held = visit(second, host, { method: 'POST', body: 'a body' });
  await metricBecomes(second, 'porthole_held_requests', (value) => value === 1);
  await online(t, place, second, 'after');
  const answer = await held;
  t.equal(answer.status, 200);
  t.equal(answer.body, 'after');
  t.equal(second.stderr, '', 'users are told nothing about how it is stored');
});

t.test(
  'killed: one that does not come back is offline since before, for its visitors and its owner',
  async (t) => {
    const place = new GatewayPlace(t);
    const before = Date.now();
    const first = await place.start();
    await online(t, place, first, 'before');
    await first.kill('SIGKILL');
    const killed = Date.now();
    const second = await place.start('--hold', '1ms');
    const answer = await told(second);
    t.match(answer, { status: 503, code: 'ERR_ENV_OFFLINE', state: 'offline' });
    for (const time of [answer.lastSeen, answer.since]) {
      const at = Date.parse(String(time));
      t.ok(at >= before - 1000 && at <= killed, `${String(time)} is when the first gateway knew it`);
    }

    const refused = nextLine(second, (line) => line.msg === 'forward refused');
    const theft = openssh(t, { port: second.port, key: place.other, args: ['-R', '80:127.0.0.1:1'] });
    await theft.said(/refused: -R localhost:80: the name pr-1 belongs to somebody else/u);
    t.match(await refused, { env: 'pr-1' });
    await place.written(0);
    await second.kill('SIGKILL');
    const third = await place.start('--hold', '1h');
    t.match(
      await told(third),
      { status: 503, since: answer.since, lastSeen: answer.lastSeen },
      'no longer waited for',
    );
    await online(t, place, third, 'its owner');
  },
);

t.test('stopped: it was online until then, and is waited for', async (t) => {
  const place = new GatewayPlace(t);
  const first = await place.start();
  const { ssh } = await online(t, place, first, 'before');
  const before = Date.now();
  t.equal(await first.kill('SIGTERM'), 0);
  await ssh.exit;
  t.equal(statSync(place.database).mode & 0o777, 0o600);
  const second = await place.start('--hold', '1h');
  const held = t.rejects(visit(second, host));
  await metricBecomes(second, 'porthole_held_requests', (value) => value === 1);
  await second.kill('SIGKILL');
  await held;
  const third = await place.start('--hold', '1ms');
  const answer = await told(third);
  t.match(answer, { status: 503, code: 'ERR_ENV_OFFLINE' });
  t.ok(Date.parse(String(answer.lastSeen)) >= before - 1000, 'last seen when the gateway stopped');
});

t.test('a private one is told to nobody after a restart either', async (t) => {
  const place = new GatewayPlace(t);
  const first = await place.start();
  const { port } = await startTextApp(t, 'secret');
  await dial(t, first, { key: place.key, forwards: [`/?access=private:127.0.0.1:${port}`] });
  await place.written(1);
  await first.kill('SIGKILL');
  const second = await place.start('--hold', '1ms');
  t.match(await told(second), { status: 404, code: 'ERR_ENV_UNKNOWN' });
});

t.test('replaced: what was known, up to the last moment, is known to the successor', async (t) => {
  const place = new GatewayPlace(t);
  const first = await place.start('--hold', '1ms');
  const { ssh, tunnelId } = await online(t, place, first, 'before');
  ssh.kill('SIGKILL');
  await tunnelGone(first, tunnelId);
  const gone = await told(first);
  t.match(gone, { status: 503, code: 'ERR_ENV_OFFLINE' });
  const second = await place.start('--hold', '1ms', '--replace');
  t.match(await told(second), { status: 503, since: gone.since, lastSeen: gone.lastSeen });
  t.equal(await first.exit(), 0);
  await online(t, place, second, 'after');
  await second.kill('SIGKILL');
  const third = await place.start('--hold', '1ms');
  t.match(await told(third), { status: 503, code: 'ERR_ENV_OFFLINE' }, 'and it notes what comes next');
});
