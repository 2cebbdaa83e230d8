// `porthole doctor` finds out what is wrong, and says what to do.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeAuthority } from '../client/certificates.ts';
import { FakeSurroundings } from '../client/fake-surroundings.ts';
import { echoServer, freePort } from '../client/local-servers.ts';
import { startGateway, type GatewayWithKey } from '../support/gateway-with-key.ts';
import { SshMachine } from '../support/ssh-machine.ts';
import { offer } from '../support/stock-ssh.ts';
import { startTextApp } from '../support/web-app.ts';

interface Told {
  readonly name: string;
  readonly ok: boolean;
  readonly status: string;
  readonly detail: string;
  readonly next?: string;
}

interface World extends GatewayWithKey {
  readonly user: FakeSurroundings;
  readonly flags: readonly string[];
}

async function world(t: Test, args: readonly string[] = []): Promise<World> {
  const started = await startGateway(t, args);
  const { gateway, key } = started;
  const flags = ['--server', `https://localhost:${gateway.port}`, '--ca', gateway.caFile, '-i', key.path];
  return { ...started, user: new FakeSurroundings(t), flags };
}

/** What it found, by the name of the check. */
async function examine(
  user: FakeSurroundings,
  ...args: readonly string[]
): Promise<{ code: number; told: Told[]; of: (name: string) => Told | undefined; failures: string[] }> {
  const code = await user.run('doctor', '--json', ...args);
  const told = JSON.parse(user.stdout.at(-1) ?? '') as Told[];
  const failures = told.filter(({ status }) => status === 'failed').map(({ name }) => name);
  return { code, told, of: (name) => told.find((each) => each.name === name), failures };
}

const shared = await world(t);

/** The same gateway for all who leave it as it is, each with a home of its own. */
function sharedWorld(t: Test): World {
  return { ...shared, user: new FakeSurroundings(t) };
}

t.test('all is well, and nothing is left behind', async (t) => {
  const here = sharedWorld(t);
  const { user, flags, gateway } = here;
  const app = await startTextApp(t, 'hello');
  await offer(t, here, { args: ['-R', `web:80:127.0.0.1:${app.port}`] });
  const { code, told } = await examine(user, 'pr-1', `web=${app.port}`, ...flags);
  t.same(
    told.map(({ name, ok }) => [name, ok]),
    ['dns', 'tcp', 'tls', 'ssh', 'keys', 'login', 'forward', 'url-dns', 'url', 'target web'].map((name) => [
      name,
      true,
    ]),
    told.map(({ detail }) => detail).join('\n'),
  );
  t.equal(code, 0);
  t.same(user.stderr, []);
  await gateway.line((line) => line.msg === 'forward gone' && String(line['service']).startsWith('doctor-'));
  await user.run('status', 'pr-1', '--json', ...flags);
  const status = JSON.parse(user.stdout.at(-1) ?? '') as { services: { service: string }[] };
  t.same(
    status.services.map(({ service }) => service),
    ['web'],
  );
  t.equal(await user.run('doctor', ...flags), 0, 'without an environment, for people');
  t.match(user.stdout.at(-1), /everything .* works/);
});

t.test('a bare SSH port, and a host key that is not known', async (t) => {
  const { user, gateway, key } = sharedWorld(t);
  const flags = ['--server', `ssh://localhost:${gateway.port}`, '--ca', gateway.caFile, '-i', key.path];
  const unknown = await examine(user, ...flags);
  t.same([unknown.code, unknown.failures], [1, ['ssh']]);
  t.match(unknown.of('ssh')?.detail, /not known/);
  t.equal(unknown.of('login')?.status, 'skipped');
  const listening = gateway.lines.find((line) => line.msg === 'listening');
  const known = await examine(user, ...flags, '--host-key', String(listening?.['hostKey']));
  t.same([known.code, known.failures], [0, []]);
});

t.test('TLS: another authority, another name, an old certificate', async (t) => {
  const { user, gateway, key } = sharedWorld(t);
  const server = ['--server', `https://localhost:${gateway.port}`, '-i', key.path];
  const authority = makeAuthority();
  const ca = user.write('ca.pem', authority.ca);
  const stranger = await examine(user, ...server, '--ca', ca);
  t.same([stranger.code, stranger.failures], [1, ['tls']]);
  t.match(stranger.of('tls')?.next, ca);
  t.equal(stranger.of('url')?.status, 'skipped');
  for (const [names, expired, reason] of [
    [['localhost'], true, /expired/],
    [['elsewhere.test'], false, /elsewhere\.test, not for localhost/],
  ] as const) {
    const issued = authority.issue({ dns: names, expired });
    const [cert, certKey] = [user.write('cert.pem', issued.cert), user.write('key.pem', issued.key)];
    const late = await startGateway(t, ['--domain', names[0], '--tls-cert', cert, '--tls-key', certKey]);
    const found = await examine(
      user,
      '--server',
      `https://localhost:${late.gateway.port}`,
      '--ca',
      ca,
      '-i',
      key.path,
    );
    t.same(found.failures, ['tls']);
    t.match(found.of('tls')?.detail, reason);
  }
});

t.test('a port where nobody is, and ports where somebody else is', async (t) => {
  const { user, flags } = sharedWorld(t);
  const closed = await examine(user, ...flags, '--server', `https://localhost:${await freePort(t)}`);
  t.same([closed.code, closed.failures], [1, ['tcp']]);
  t.match(closed.of('tcp')?.detail, /nothing listens/);
  const app = await startTextApp(t, 'hello');
  const web = await examine(user, ...flags, '--server', `https://localhost:${app.port}`);
  t.same(web.failures, ['tls']);
  t.match(web.of('tls')?.detail, /does not speak TLS/);
  const bare = await examine(user, ...flags, '--server', `ssh://localhost:${app.port}`);
  t.same(bare.failures, ['ssh']);
  t.match(bare.of('ssh')?.detail, /speaks HTTP/);
  const echo = await echoServer(t);
  const mirror = await examine(user, ...flags, '--server', `ssh://localhost:${echo.port}`);
  t.same(mirror.failures, ['ssh']);
  const nowhere = await examine(user, ...flags, '--server', 'https://no-such-host.invalid');
  t.same(nowhere.failures, ['dns']);
});

t.test('keys: none, one that nobody knows, and one that may not have the name', async (t) => {
  const { user, flags, gateway, key, keysFile } = await world(t);
  const server = flags.slice(0, 4);
  const none = await examine(user, ...server);
  t.same([none.code, none.failures], [1, ['keys']]);
  t.equal(none.of('ssh')?.status, 'ok', 'the rest is tried all the same');
  const stranger = new FakeSurroundings(t);
  const line = stranger.addPublicKey();
  const refused = await examine(stranger, 'pr-1', ...server);
  t.same([refused.code, refused.failures], [1, ['login']]);
  t.match(refused.of('login')?.next, line.split(' ').slice(0, 2).join(' '));
  const before = gateway.lines.length;
  writeFileSync(keysFile, `${key.line}\nrole="machine",env="qa-*" ${line}\n`);
  await gateway.line((each) => gateway.lines.indexOf(each) >= before && /key/i.test(each.msg));
  const limited = await examine(stranger, 'pr-1', ...server);
  t.same([limited.code, limited.failures], [1, ['forward']]);
  t.match(limited.of('forward')?.detail, /qa-\*/);
  t.equal((await examine(stranger, 'qa-1', ...server)).code, 0);
});

t.test('a service on this machine that does not listen', async (t) => {
  const { user, flags } = sharedWorld(t);
  const port = await freePort(t);
  writeFileSync(join(user.cwd, 'porthole.toml'), `[services]\nweb = ${port}\n`);
  const found = await examine(user, 'pr-1', ...flags);
  t.same([found.code, found.failures], [1, ['target web']]);
  t.match(found.of('target web'), {
    detail: `nothing listens on 127.0.0.1:${port}`,
    next: /start the service/,
  });
  const engine = await examine(user, ...flags, '--docker-host', `unix://${join(user.home, 'docker.sock')}`);
  t.same(engine.failures, ['target web', 'docker']);
  t.match(engine.of('docker')?.detail, /docker\.sock is not there/);
  t.equal(await user.run('doctor', 'pr-1', 'nonsense', ...flags), 2);
  t.equal(await user.run('doctor', '--docker-host', 'nonsense', ...flags), 2);
});

t.test('previews that are elsewhere', async (t) => {
  const port = await freePort(t);
  const { user, flags } = await world(t, ['--public-url', `https://localhost:${port}`]);
  const found = await examine(user, 'pr-1', ...flags);
  t.same([found.code, found.failures], [1, ['url']]);
  t.match(found.of('url'), { detail: /cannot be reached/, next: /public-url/ });
});

t.test('the SSH server that is offered to the gate', async (t) => {
  const { user, flags } = sharedWorld(t);
  const machine = await SshMachine.start(t, { clients: [] });
  const well = await examine(user, 'pr-1', '--ssh', String(machine.port), ...flags);
  t.match(well.of('ssh-server'), { ok: true, detail: /shows its host keys: ssh-ed25519 SHA256:/ });
  await machine.kill();
  user.write('porthole.toml', `ssh = ${String(machine.port)}\n`);
  const { code, of } = await examine(user, 'pr-1', ...flags);
  t.equal(code, 1);
  t.match(of('ssh-server'), { ok: false, status: 'failed', detail: /cannot be reached/, next: /--ssh PORT/ });
  t.equal((await examine(user, 'pr-1', '--no-ssh', ...flags)).of('ssh-server'), undefined);
});
