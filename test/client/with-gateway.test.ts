// The client against the gateway itself, both as their own processes' users see them.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Portholed } from '../support/portholed.ts';
import { visit } from '../support/visitor.ts';
import { FakeSurroundings } from './fake-surroundings.ts';
import { freePort } from './local-servers.ts';

async function app(t: Test, name: string, port = 0): Promise<number> {
  const server = createServer((request, response) => {
    response.end(`${name} got ${request.method ?? ''} ${request.url ?? ''}`);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface World {
  readonly gateway: Portholed;
  readonly owner: FakeSurroundings;
  readonly stranger: FakeSurroundings;
  /** The flags that reach the gateway through TLS. */
  readonly flags: readonly string[];
}

async function world(t: Test, args: readonly string[] = []): Promise<World> {
  const owner = new FakeSurroundings(t);
  const stranger = new FakeSurroundings(t);
  const keys = [owner.addPublicKey(), stranger.addPublicKey()];
  const file = owner.write('authorized_keys', keys.join('\n'));
  const gateway = await Portholed.start(t, [
    '--authorized-keys',
    file,
    '--access',
    'public',
    '--hold',
    '10ms',
    ...args,
  ]);
  return {
    gateway,
    owner,
    stranger,
    flags: ['--server', `https://localhost:${gateway.port}`, '--ca', gateway.caFile, '--json'],
  };
}

t.test('the URL that is told answers', async (t) => {
  const { gateway, owner, flags } = await world(t);
  const running = owner.run(
    'connect',
    'Feature/One',
    `web=${await app(t, 'web')}`,
    String(await app(t, 'own')),
    ...flags,
  );
  await owner.event('forward', 2);
  const urls = owner.events('forward').map((event) => String(event['url']));
  t.match(urls[0], /^https:\/\/web--feature-one-[a-z2-7]{6}\.localhost:\d+\/$/);
  t.match(await visit(gateway, urls[0] ?? ''), { status: 200, body: 'web got GET /' });
  t.match(await visit(gateway, `${urls[1] ?? ''}path`), { status: 200, body: 'own got GET /path' });
  owner.signal();
  t.equal(await running, 0);
  t.equal((await visit(gateway, urls[0] ?? '')).status, 503, 'withdrawn');
});

t.test('a service that does not listen is named to the visitor', async (t) => {
  const { gateway, owner, flags } = await world(t);
  const port = await freePort(t);
  const running = owner.run('connect', 'pr-1', `web=${port}`, ...flags);
  const { url } = await owner.event('forward');
  const answer = await visit(gateway, String(url), { headers: { accept: 'application/json' } });
  t.match(answer, { status: 502, headers: { 'porthole-error': 'ERR_UPSTREAM_REFUSED' } });
  t.match(answer.body, `127.0.0.1:${port}`);
  await app(t, 'late', port);
  t.match(await visit(gateway, String(url)), { status: 200 });
  owner.signal();
  t.equal(await running, 0);
});

t.test('bare SSH on the same port, with the fingerprint that the gateway prints', async (t) => {
  const { gateway, owner } = await world(t);
  const listening = gateway.lines.find((line) => line.msg === 'listening');
  const server = ['--server', `ssh://127.0.0.1:${gateway.port}`];
  t.equal(await owner.run('status', ...server), 3, 'unknown');
  t.equal(await owner.run('status', ...server, '--host-key', String(listening?.['hostKey'])), 0);
  const [, type = '', key = ''] = String(listening?.['knownHosts']).split(' ');
  writeFileSync(join(owner.home, '.ssh', 'known_hosts'), `[127.0.0.1]:${gateway.port} ${type} ${key}\n`);
  t.equal(await owner.run('status', ...server), 0);
});

t.test('a name that somebody else holds ends it with 3 and the reason', async (t) => {
  const { owner, stranger, flags } = await world(t);
  const port = await app(t, 'web');
  const running = owner.run('connect', 'pr-1', `web=${port}`, ...flags);
  await owner.event('forward');
  t.equal(await stranger.run('connect', 'pr-1', `web=${port}`, ...flags), 3);
  t.match(stranger.stderr.at(-1), /belongs to somebody else/);
  owner.signal();
  t.equal(await running, 0);
});

t.test('a key that nobody knows ends it with 3 and the reason', async (t) => {
  const { flags } = await world(t);
  const nobody = new FakeSurroundings(t);
  const fingerprint = nobody.addKey();
  t.equal(await nobody.run('connect', 'pr-1', '3000', ...flags), 3);
  t.match(nobody.stderr.at(-1), fingerprint);
});

t.test('a newer connection of the same owner takes over, and the older one is not disturbed', async (t) => {
  const { gateway, owner, flags } = await world(t);
  const second = new FakeSurroundings(t);
  const identity = ['-i', join(owner.home, '.ssh', 'id_ed25519')];
  const older = owner.run('connect', 'pr-1', `web=${await app(t, 'older')}`, ...flags);
  const { url } = await owner.event('forward');
  const newer = second.run('connect', 'pr-1', `web=${await app(t, 'newer')}`, ...flags, ...identity);
  await second.event('forward');
  t.match((await visit(gateway, String(url))).body, /^newer/);
  second.signal();
  t.equal(await newer, 0);
  t.match((await visit(gateway, String(url))).body, /^older/);
  t.same(owner.events('disconnected'), []);
  owner.signal();
  t.equal(await older, 0);
});

t.test('a gateway that was killed is found again', async (t) => {
  const { gateway, owner, flags } = await world(t);
  const running = owner.run('connect', 'pr-1', `web=${await app(t, 'web')}`, ...flags);
  await owner.event('forward');
  await gateway.kill('SIGKILL');
  await owner.event('disconnected');
  const keys = join(owner.home, 'authorized_keys');
  const args = [
    '--state-dir',
    gateway.stateDir,
    '--listen',
    `127.0.0.1:${gateway.port}`,
    '--access',
    'public',
    '--authorized-keys',
    keys,
  ];
  const again = await Portholed.start(t, args);
  const { url } = await owner.event('forward', 2);
  t.match(await visit(again, String(url)), { status: 200 });
  owner.signal();
  t.equal(await running, 0);
});
