// `porthole wait` ends when the preview serves, and tells the truth when it does not.
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FakeSurroundings } from '../client/fake-surroundings.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway, type GatewayWithKey } from '../support/gateway-with-key.ts';
import { offer, shareLinkOf } from '../support/stock-ssh.ts';
import { startTextApp } from '../support/web-app.ts';

interface World extends GatewayWithKey {
  readonly user: FakeSurroundings;
  /** With a key; without `--identity` it has none. */
  readonly withKey: readonly string[];
  readonly withoutKey: readonly string[];
}

async function world(t: Test, args: readonly string[] = []): Promise<World> {
  const started = await startGateway(t, ['--hold', '10ms', ...args]);
  const { gateway, key } = started;
  const withoutKey = ['--server', `https://localhost:${gateway.port}`, '--ca', gateway.caFile];
  return { ...started, user: new FakeSurroundings(t), withoutKey, withKey: [...withoutKey, '-i', key.path] };
}

function webUrl({ gateway }: World, label = 'web--pr-1'): string {
  return `https://${label}.localhost:${gateway.port}/`;
}

const privately = await world(t);
const publicly = await world(t, ['--access', 'public']);

/** The same gateway, for somebody else. */
function again(t: Test, here: World): World {
  return { ...here, user: new FakeSurroundings(t) };
}

t.test('a private preview that comes later, with the key', async (t) => {
  const here = again(t, privately);
  const { user, withKey } = here;
  const waiting = user.run('wait', 'pr-1', ...withKey);
  await user.until(() => user.stderr.length > 0);
  t.match(user.stderr, [/no environment pr-1/]);
  const app = await startTextApp(t, 'hello');
  await offer(t, here, { args: ['-R', `web:80:127.0.0.1:${app.port}`] });
  t.equal(await waiting, 0);
  t.same(user.stdout, [webUrl(here)]);
  t.equal(await user.run('wait', 'PR-1', '--service', 'web', '--json', ...withKey), 0);
  t.same(JSON.parse(user.stdout.at(-1) ?? ''), { state: 'ready', urls: [webUrl(here)] });
});

t.test('a URL needs no key, and a private one its share link', async (t) => {
  const here = again(t, privately);
  const { user, withoutKey } = here;
  const app = await startTextApp(t, 'hello');
  const session = await offer(t, here, { args: ['-R', `web:80:127.0.0.1:${app.port}`] });
  t.equal(await user.run('wait', shareLinkOf(session), ...withoutKey), 0);
  t.same(user.stdout, [webUrl(here)], 'without the token');
  t.equal(await user.run('wait', webUrl(here), '--timeout', '1', ...withoutKey), 1);
  t.match(user.stderr.at(-1), /not ready: .*share link/);
});

t.test('a service that does not listen yet is waited for', async (t) => {
  const here = again(t, publicly);
  const { user, withoutKey } = here;
  const address = '127.0.71.1';
  const port = await freePort(address);
  await offer(t, here, { args: ['-R', `web:80:${address}:${port}`] });
  t.equal(await user.run('wait', webUrl(here), '--timeout', '1s', '--json', ...withoutKey), 1);
  t.match(JSON.parse(user.stdout.at(-1) ?? ''), { code: 'ERR_UPSTREAM_REFUSED', reason: String });
  const waiting = user.run('wait', webUrl(here), ...withoutKey);
  const app = await startTextApp(t, 'hello', address, port);
  t.equal(await waiting, 0);
  t.equal(app.port, port);
  t.equal(user.stdout.at(-1), webUrl(here));
});

t.test('the truth when the time is over', async (t) => {
  const here = again(t, publicly);
  const { user, withKey, withoutKey } = here;
  const app = await startTextApp(t, 'hello');
  const session = await offer(t, here, { args: ['-R', `web:80:127.0.0.1:${app.port}`] });
  session.kill('SIGKILL');
  await session.exit;
  await here.gateway.line((line) => line.msg === 'env state' && line['state'] === 'offline');
  t.equal(await user.run('wait', webUrl(here), '--timeout', '1s', '--json', ...withoutKey), 1);
  t.match(JSON.parse(user.stdout.at(-1) ?? ''), { state: 'offline', code: 'ERR_ENV_OFFLINE' });
  t.equal(await user.run('wait', 'never', '--timeout', '1s', ...withKey), 1);
  t.match(user.stderr.at(-1), /no environment never/);
});

t.test('what waiting cannot change ends it at once', async (t) => {
  const here = again(t, privately);
  const { user, gateway, withKey } = here;
  const server = ['--server', `https://localhost:${gateway.port}`];
  t.equal(await user.run('wait', webUrl(here), ...server), 1, 'an authority that is not trusted');
  t.match(user.stderr.at(-1), /--ca/);
  const stranger = new FakeSurroundings(t);
  stranger.addKey();
  const identity = ['-i', join(stranger.home, '.ssh', 'id_ed25519')];
  t.equal(await stranger.run('wait', 'pr-1', ...here.withoutKey, ...identity), 3, 'a key that nobody knows');
  const app = await startTextApp(t, 'an app');
  t.equal(await user.run('wait', `http://127.0.0.1:${app.port}/`, ...server), 1);
  t.match(user.stderr.at(-1), /not served by a Porthole gateway/);
  for (const args of [['--timeout', 'soon'], ['--timeout', '2d'], ['--service', 'a b'], ['https://']])
    t.equal(await user.run('wait', 'pr-1', ...withKey, ...args), 2, args.join(' '));
});

t.test('Ctrl-C ends it', async (t) => {
  const { user, withKey } = again(t, privately);
  const waiting = user.run('wait', 'pr-9', ...withKey);
  await user.until(() => user.stderr.length > 0);
  user.signal();
  t.equal(await waiting, 1);
  t.match(user.stderr.at(-1), /stopped/);
});
