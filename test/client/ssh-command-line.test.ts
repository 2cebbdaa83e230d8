import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { parseServer } from '../../client/server-url.ts';
import { shellCommand } from '../../client/shell-quote.ts';
import { sshCommand, type SshCommandOptions } from '../../client/ssh-command-line.ts';
import { forwardRequest, parseOffer, parseOffers } from '../../client/target.ts';
import { forwardKey, parseForward } from '../../core/forward.ts';
import { makeAuthority } from './certificates.ts';
import { ask, FakeGateway } from './fake-gateway.ts';
import { FakeSurroundings } from './fake-surroundings.ts';
import { echoServer } from './local-servers.ts';

function words(
  offers: readonly string[],
  options: Partial<SshCommandOptions> & { url?: string } = {},
): string[] {
  const server = parseServer(options.url ?? 'ssh://gw.example.com');
  const parsed = parseOffers(offers);
  if (!server.ok || !parsed.ok) throw new Error('bad test');
  const command = sshCommand({
    env: 'pr-1',
    server: server.value,
    offers: parsed.value,
    caFile: undefined,
    identityFile: undefined,
    knownHostsFile: undefined,
    ...options,
  });
  if (!command.ok) throw new Error(command.problem);
  return command.value;
}

/** What `ssh` itself understands of a command, after a real shell has split it. */
async function understood(command: readonly string[]): Promise<Map<string, string[]>> {
  const line = shellCommand(command).replace(/^ssh /, 'ssh -G -F none ');
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line]);
  const settings = new Map<string, string[]>();
  for (const [, name = '', value = ''] of stdout.matchAll(/^(\S+) (.*)$/gm))
    settings.set(name, [...(settings.get(name) ?? []), value]);
  return settings;
}

t.test('ssh understands what was meant', async (t) => {
  const settings = await understood(
    words(['3000', 'web=3001', 'api:8080=[::1]:8081', '9090=app.internal:1', 'db=unix:/run/db.sock']),
  );
  t.same(settings.get('remoteforward'), [
    '80 [localhost]:3000',
    '[web]:80 [localhost]:3001',
    '[api]:8080 [::1]:8081',
    '9090 [app.internal]:1',
    '[db]:80 /run/db.sock',
  ]);
  t.same(settings.get('user'), ['pr-1']);
  t.same(settings.get('hostname'), ['gw.example.com']);
  t.same(settings.get('port'), ['22']);
  t.same(settings.get('exitonforwardfailure'), ['yes']);
  t.same(settings.get('serveraliveinterval'), ['15']);
});

t.test('options take the socket form', async (t) => {
  const settings = await understood(
    words(['web=3000?access=public&host=app:80', '3001?scheme=https', 'localhost=3002', 'a%h=3003']),
  );
  t.same(settings.get('remoteforward'), [
    '/web?access=public&host=app:80 [localhost]:3000',
    '/?scheme=https [localhost]:3001',
    '/localhost [localhost]:3002',
    '/a%h [localhost]:3003',
  ]);
});

t.test('through TLS openssl verifies the certificate and the name', async (t) => {
  const settings = await understood(
    words(['3000'], { url: 'https://gw.example.com:8443', caFile: "/tmp/it's a 100% ca.pem" }),
  );
  const [proxy = ''] = settings.get('proxycommand') ?? [];
  t.match(
    proxy,
    '-alpn ssh -verify_hostname gw.example.com -servername gw.example.com -connect gw.example.com:8443',
  );
  t.match(proxy, '-verify_return_error');
  t.match(proxy, `-CAfile '/tmp/it'\\''s a 100%% ca.pem'`);
  const byAddress = await understood(words(['3000'], { url: 'https://[::1]' }));
  t.match(byAddress.get('proxycommand')?.[0], "-verify_ip ::1 -noservername -connect '[::1]:443'");
});

t.test('identity and known hosts', async (t) => {
  const user = new FakeSurroundings(t);
  for (const name of ['key', 'my key', 'my 100% "key"']) {
    const identityFile = user.write(name, 'a key');
    const files = { identityFile, certificateFile: identityFile, knownHostsFile: identityFile };
    const settings = await understood(words(['3000'], files));
    t.same(
      settings.get('certificatefile')?.map((file) => file.replaceAll('%%', '%')),
      [identityFile],
    );
    t.same(
      settings.get('identityfile')?.map((file) => file.replaceAll('%%', '%')),
      [identityFile],
    );
    t.same(settings.get('identitiesonly'), ['yes']);
    t.same(
      settings.get('userknownhostsfile')?.map((file) => file.replaceAll('%%', '%')),
      [identityFile],
    );
  }
});

t.test('an environment that ssh takes for no user name becomes its slug', async (t) => {
  for (const [env, wanted] of [
    ['Feature/Foo_Bar', 'Feature/Foo_Bar'],
    ['feat(x): it', /^feat-x-it-[a-z2-7]{6}$/],
    ['-x', /^x-[a-z2-7]{6}$/],
  ] as const) {
    t.match((await understood(words(['3000'], { env }))).get('user')?.[0], wanted);
  }
});

t.test('what does not fit into 107 bytes is refused', async (t) => {
  const problem = (offer: string): unknown => {
    const parsed = parseOffer(offer);
    const server = parseServer('ssh://x');
    if (!parsed.ok || !server.ok) throw new Error('bad test');
    const options = {
      env: 'e',
      server: server.value,
      caFile: undefined,
      identityFile: undefined,
      knownHostsFile: undefined,
    };
    return sshCommand({ ...options, offers: [parsed.value] });
  };
  const host = (bytes: number): string => `${'a'.repeat(bytes - 40)}.${'b'.repeat(39)}`;
  const path = forwardKey(forwardRequest({ service: 'web', port: undefined, words: [`host=${host(97)}`] }));
  t.equal(path.length, 107);
  t.match(problem(`web=3000?host=${host(97).replace(/a{57}/, 'a'.repeat(57))}`), { ok: true });
  t.match(problem(`web=3000?host=${host(98)}`), { ok: false, problem: /107 bytes/ });
  t.match(problem(`web=unix:/${'x'.repeat(107)}`), { ok: false, problem: /107 bytes/ });
});

t.test('the gateway reads the same from ssh as from porthole connect', async (t) => {
  const service = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9._-]{0,12}$/);
  const option = fc.constantFrom('', '?access=public', '?host=a.test:80&scheme=https', '?ttl=2h');
  const offer = fc
    .tuple(service, fc.integer({ min: 1, max: 65535 }), option)
    .map(([name, port, query]) => `${name}:${port}=3000${query}`);
  await fc.assert(
    fc.asyncProperty(offer, async (text) => {
      const [forward = ''] = (await understood(words([text]))).get('remoteforward') ?? [];
      const [listen = ''] = forward.split(' ');
      const [, bindAddr = '', bindPort = ''] = /^\[(.*)\]:(\d+)$/.exec(listen) ?? [];
      const asked = parseForward(
        listen.startsWith('/')
          ? { kind: 'streamlocal', socketPath: listen }
          : { kind: 'tcpip', bindAddr, bindPort: Number(bindPort) },
      );
      const parsed = parseOffer(text);
      if (!parsed.ok) throw new Error('bad test');
      t.same(asked, parseForward(forwardRequest(parsed.value)), text);
    }),
    { numRuns: 25 },
  );
});

async function runSsh(t: Test, user: FakeSurroundings, args: readonly string[]): Promise<void> {
  t.equal(await user.run('ssh-command', ...args), 0);
  const line = (user.stdout.at(-1) ?? '').replace(/^ssh /, 'exec ssh -N -F none -o BatchMode=yes ');
  const child = spawn('/bin/sh', ['-c', line], {
    env: { PATH: process.env['PATH'], HOME: user.home },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  t.teardown(async () => {
    child.kill('SIGKILL');
    if (!t.passing()) t.comment(await said);
  });
}

t.test('the printed command works as it is', async (t) => {
  const user = new FakeSurroundings(t);
  user.addKey();
  const identity = ['-i', join(user.home, '.ssh', 'id_ed25519')];
  const { port } = await echoServer(t);
  const loggedIn = async (gateway: FakeGateway, forwards: number): Promise<string[]> => {
    while ((gateway.tunnels[0]?.forwards.length ?? 0) < forwards) await gateway.activity();
    return gateway.tunnels[0]?.forwards ?? [];
  };

  await t.test('bare', async (t) => {
    const gateway = await FakeGateway.start(t);
    const hosts = user.write('hosts', `[127.0.0.1]:${gateway.port} ${gateway.hostKeyLine}\n`);
    const server = ['--server', `https://127.0.0.1:${gateway.port}`, '--raw', '--known-hosts', hosts];
    await runSsh(t, user, ['pr-1', `web=${port}`, `api=${port}?access=public`, ...server, ...identity]);
    t.same(await loggedIn(gateway, 2), ['web:80', '/api?access=public']);
    const channel = await gateway.tunnels[0]!.open('/api?access=public');
    t.equal(await ask(channel, 'through ssh'), 'through ssh');
  });
  await t.test('in TLS', async (t) => {
    const authority = makeAuthority();
    const gateway = await FakeGateway.start(t, { tls: authority.issue({ dns: ['localhost'] }) });
    const server = [
      '--server',
      `https://localhost:${gateway.port}`,
      '--ca',
      user.write('ca.pem', authority.ca),
    ];
    const hosts = ['--known-hosts', join(user.home, 'new-hosts')];
    await runSsh(t, user, ['pr-1', `web=${port}`, ...server, ...identity, ...hosts]);
    t.same(await loggedIn(gateway, 1), ['web:80']);
  });
  await t.test('in TLS, but for another name', async (t) => {
    const authority = makeAuthority();
    const gateway = await FakeGateway.start(t, { tls: authority.issue({ dns: ['other.test'] }) });
    const server = [
      '--server',
      `https://localhost:${gateway.port}`,
      '--ca',
      user.write('ca.pem', authority.ca),
    ];
    t.equal(await user.run('ssh-command', 'pr-1', `web=${port}`, ...server, ...identity), 0);
    const child = spawn(
      '/bin/sh',
      ['-c', (user.stdout.at(-1) ?? '').replace(/^ssh /, 'exec ssh -N -F none -o BatchMode=yes ')],
      { stdio: 'ignore' },
    );
    const [code] = (await once(child, 'exit')) as [number];
    t.equal(code, 255);
    t.equal(gateway.tunnels.length, 0);
  });
});

t.test('openssl is there to test with', async (t) => {
  t.match(execFileSync('openssl', ['version'], { encoding: 'utf8' }), /^OpenSSL/);
});
