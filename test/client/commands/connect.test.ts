import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeAuthority } from '../certificates.ts';
import { ask, FakeGateway, makeKey } from '../fake-gateway.ts';
import { FakeSurroundings } from '../fake-surroundings.ts';
import { echoServer, freePort } from '../local-servers.ts';

function overSsh(gateway: FakeGateway): string[] {
  return ['--server', `ssh://127.0.0.1:${gateway.port}`, '--host-key', gateway.fingerprint];
}

t.test('a service gets its URL, and channels reach it', async (t) => {
  const gateway = await FakeGateway.start(t);
  const user = new FakeSurroundings(t);
  user.addKey();
  const upstream = await echoServer(t);
  const urlFile = join(user.home, 'urls');
  writeFileSync(urlFile, 'of an earlier run');
  const running = user.run(
    'connect',
    'PR-1',
    `web=${upstream.port}`,
    ...overSsh(gateway),
    '--json',
    '--url-file',
    urlFile,
  );
  const forward = await user.event('forward');
  t.match(forward, {
    service: 'web',
    port: null,
    url: 'https://web--pr-1.example.test/',
    target: `127.0.0.1:${upstream.port}`,
  });
  t.match(await user.event('connected'), { env: 'pr-1' });
  t.equal(readFileSync(urlFile, 'utf8'), 'https://web--pr-1.example.test/\n');
  const [tunnel] = gateway.tunnels;
  t.same(tunnel?.forwards, ['/web']);
  const channel = await tunnel!.open('/web');
  t.equal(await ask(channel, 'over and out'), 'over and out', 'the answer comes back after the half-close');
  user.signal();
  t.equal(await running, 0);
  t.same(tunnel?.cancelled, ['/web'], 'the forward is withdrawn before the end');
  t.match(user.events('exit'), [{ code: 0 }]);
  t.throws(() => readFileSync(urlFile), 'the URL file does not outlive the tunnel');
});

t.test('several services, with options of their own and in common', async (t) => {
  const gateway = await FakeGateway.start(t);
  const user = new FakeSurroundings(t);
  user.addKey();
  const socketPath = join(user.home, 'app.sock');
  await echoServer(t, { path: socketPath });
  const args = [
    '3000',
    'api:8080=[::1]:4000?access=team',
    `db=unix:${socketPath}`,
    '--access',
    'public',
    '--ttl',
    '2h',
  ];
  const running = user.run('connect', 'pr-1', ...args, ...overSsh(gateway), '--json');
  const tunnel = await gateway.next();
  t.same(tunnel.forwards, [
    '/?access=public&ttl=2h',
    '/api/8080?access=team&ttl=2h',
    '/db?access=public&ttl=2h',
  ]);
  const channel = await tunnel.open('/db?access=public&ttl=2h');
  t.equal(await ask(channel, 'by a unix socket'), 'by a unix socket');
  user.signal();
  t.equal(await running, 0);
  t.equal(tunnel.cancelled.length, 3);
  t.same(tunnel.forwards, []);
});

t.test('a service that does not listen is told at once, and the visitor gets the reason', async (t) => {
  const gateway = await FakeGateway.start(t);
  const user = new FakeSurroundings(t);
  user.addKey();
  const port = await freePort(t);
  const running = user.run('connect', 'pr-1', `web=${port}`, ...overSsh(gateway), '--json');
  t.match(await user.event('upstream-refused'), {
    service: 'web',
    code: 'ECONNREFUSED',
    target: `127.0.0.1:${port}`,
  });
  const [tunnel] = gateway.tunnels;
  const refusal = {
    reason: 2,
    message: `(SSH) Channel open failure: connect ECONNREFUSED 127.0.0.1:${port}`,
  };
  await t.rejects(tunnel!.open('/web'), refusal);
  await t.rejects(tunnel!.open('/web'), refusal);
  t.equal(user.events('upstream-refused').length, 1, 'once, not for each request');
  await echoServer(t, { port });
  (await tunnel!.open('/web')).end();
  await user.event('upstream-listening');
  user.signal();
  t.equal(await running, 0);
});

t.test('a lost connection is made again, and the URLs stay', async (t) => {
  const gateway = await FakeGateway.start(t);
  const user = new FakeSurroundings(t);
  user.addKey();
  const { port } = await echoServer(t);
  const running = user.run('connect', 'pr-1', `web=${port}`, ...overSsh(gateway), '--json');
  await user.event('forward');
  gateway.tunnels[0]?.socket.destroy();
  t.match(await user.event('disconnected'), { reason: /./ });
  const { inMs } = await user.event('retrying');
  t.ok(Number(inMs) >= 250, 'never at once: a thousand clients lost the same gateway');
  await user.event('forward', 2);
  t.same(gateway.tunnels[1]?.forwards, ['/web']);
  user.signal();
  t.equal(await running, 0);
});

t.test('--once ends with the connection', async (t) => {
  const gateway = await FakeGateway.start(t);
  const user = new FakeSurroundings(t);
  user.addKey();
  const running = user.run('connect', 'pr-1', '3000', ...overSsh(gateway), '--once', '--json');
  await user.event('forward');
  gateway.tunnels[0]?.socket.destroy();
  t.equal(await running, 1);
  t.match(user.stderr, [/^porthole: ./]);
  t.same(user.events('retrying'), []);
});

t.test('a gateway that is not there is tried again until it is stopped', async (t) => {
  const user = new FakeSurroundings(t);
  user.addKey();
  const port = await freePort(t);
  const running = user.run('connect', 'pr-1', '3000', '--server', `ssh://127.0.0.1:${port}`, '--json');
  t.match(await user.event('retrying', 2), { reason: /ECONNREFUSED/ });
  user.signal();
  t.equal(await running, 0);
});

t.test('a key that the gateway does not admit ends it for good', async (t) => {
  const gateway = await FakeGateway.start(t, {
    admitted: [],
    banner: 'porthole: key refused: nobody knows it\n',
  });
  const user = new FakeSurroundings(t);
  const key = user.addKey();
  t.equal(await user.run('connect', 'pr-1', '3000', ...overSsh(gateway), '--json'), 3);
  const [line = ''] = user.stderr;
  t.equal(user.stderr.length, 1);
  t.match(line, 'nobody knows it');
  t.match(line, key);
  t.match(user.events('exit'), [{ code: 3 }]);
  t.equal(gateway.tunnels.length, 0);
});

t.test('a login that is cut after too many keys is a refusal too', async (t) => {
  const gateway = await FakeGateway.start(t, { admitted: [], maxTries: 3 });
  const user = new FakeSurroundings(t);
  for (const name of ['id_ed25519', 'id_ecdsa', 'id_rsa']) user.addKey(name);
  t.equal(await user.run('connect', 'pr-1', '3000', ...overSsh(gateway)), 3);
});

t.test('the keys are tried one after the other', async (t) => {
  const user = new FakeSurroundings(t);
  user.addKey('id_ed25519');
  const second = user.addKey('id_rsa');
  const gateway = await FakeGateway.start(t, { admitted: [second] });
  const running = user.run('connect', 'pr-1', '3000', ...overSsh(gateway), '--json');
  await user.event('forward');
  user.signal();
  t.equal(await running, 0);
});

t.test('a name that belongs to somebody else ends it with the reason', async (t) => {
  const gateway = await FakeGateway.start(t, { refusal: () => 'the name belongs to somebody else' });
  const user = new FakeSurroundings(t);
  user.addKey();
  t.equal(await user.run('connect', 'pr-1', 'web=3000', 'api=4000', ...overSsh(gateway)), 3);
  t.match(user.stderr.at(-1), 'web: the name belongs to somebody else');
});

t.test('a connection that is lost while its forwards are settled is made again', async (t) => {
  let tries = 0;
  const gateway = await FakeGateway.start(t, {
    refusal: () => {
      if (tries++ === 0) gateway.tunnels[0]?.socket.destroy();
      return undefined;
    },
  });
  const user = new FakeSurroundings(t);
  user.addKey();
  const running = user.run('connect', 'pr-1', 'web=3000', ...overSsh(gateway), '--json');
  await user.event('forward');
  t.equal(user.events('retrying').length, 1);
  user.signal();
  t.equal(await running, 0);
});

t.test('one refused forward is told, and the others stay up', async (t) => {
  const gateway = await FakeGateway.start(t, {
    refusal: (path) => (path === '/api' ? 'no more than one' : undefined),
  });
  const user = new FakeSurroundings(t);
  user.addKey();
  const running = user.run('connect', 'pr-1', 'web=3000', 'api=4000', ...overSsh(gateway), '--json');
  t.match(await user.event('forward-refused'), { service: 'api', reason: 'no more than one' });
  t.match(await user.event('forward'), { service: 'web' });
  user.signal();
  t.equal(await running, 0);
});

t.test('SSH in TLS goes by the certificate', async (t) => {
  const authority = makeAuthority();
  const user = new FakeSurroundings(t);
  user.addKey();
  const ca = user.write('ca.pem', authority.ca);
  const overTls = (gateway: FakeGateway, host = 'localhost'): string[] => [
    '--server',
    `https://${host}:${gateway.port}`,
  ];

  await t.test('trusted: the host key needs no other proof', async (t) => {
    const gateway = await FakeGateway.start(t, { tls: authority.issue({ dns: ['localhost'] }) });
    const running = user.run('connect', 'pr-1', '3000', ...overTls(gateway), '--ca', ca, '--json');
    await user.event('forward');
    user.signal();
    t.equal(await running, 0);
  });
  await t.test('trusted by an address in the certificate', async (t) => {
    const gateway = await FakeGateway.start(t, { tls: authority.issue({ ip: ['127.0.0.1'] }) });
    const seen = user.events('forward').length;
    user.env['PORTHOLE_CA'] = ca;
    const running = user.run('connect', 'pr-1', '3000', ...overTls(gateway, '127.0.0.1'), '--json');
    await user.event('forward', seen + 1);
    user.signal();
    t.equal(await running, 0);
    delete user.env['PORTHOLE_CA'];
  });
  await t.test('issued by nobody we trust', async (t) => {
    const gateway = await FakeGateway.start(t, { tls: authority.issue({ dns: ['localhost'] }) });
    t.equal(await user.run('connect', 'pr-1', '3000', ...overTls(gateway)), 3);
    t.match(user.stderr.at(-1), /certificate of localhost:\d+ is not trusted.*--ca/);
    t.equal(gateway.tunnels.length, 0);
  });
  await t.test('for another name', async (t) => {
    const gateway = await FakeGateway.start(t, { tls: authority.issue({ dns: ['other.test'] }) });
    t.equal(await user.run('connect', 'pr-1', '3000', ...overTls(gateway), '--ca', ca), 3);
    t.match(user.stderr.at(-1), 'ERR_TLS_CERT_ALTNAME_INVALID');
  });
  await t.test('expired', async (t) => {
    const gateway = await FakeGateway.start(t, {
      tls: authority.issue({ dns: ['localhost'], expired: true }),
    });
    t.equal(await user.run('connect', 'pr-1', '3000', ...overTls(gateway), '--ca', ca), 3);
    t.match(user.stderr.at(-1), 'CERT_HAS_EXPIRED');
  });
  await t.test('a pinned host key is checked as well', async (t) => {
    const gateway = await FakeGateway.start(t, { tls: authority.issue({ dns: ['localhost'] }) });
    const pin = ['--host-key', makeKey().fingerprint];
    t.equal(await user.run('connect', 'pr-1', '3000', ...overTls(gateway), '--ca', ca, ...pin), 3);
    t.match(user.stderr.at(-1), gateway.fingerprint);
  });
});

t.test('bare SSH goes by known_hosts', async (t) => {
  const hostKey = makeKey();
  const gateway = await FakeGateway.start(t, { hostKey: hostKey.private });
  const user = new FakeSurroundings(t);
  user.addKey();
  const server = ['--server', `ssh://127.0.0.1:${gateway.port}`];
  const knownHosts = join(user.home, '.ssh', 'known_hosts');

  await t.test('an unknown key is refused, with the line that would accept it', async (t) => {
    t.equal(await user.run('connect', 'pr-1', '3000', ...server), 3);
    t.match(user.stderr.at(-1), hostKey.fingerprint);
    t.match(user.stderr.at(-1), `[127.0.0.1]:${gateway.port} ${gateway.hostKeyLine}`);
    t.equal(gateway.tunnels.length, 0, 'nothing was signed for a server that is not known');
  });
  await t.test('that line works', async (t) => {
    const line = / (\[127\.0\.0\.1\]:\d+ ssh-ed25519 .*)$/.exec(user.stderr.at(-1) ?? '')?.[1] ?? '';
    writeFileSync(knownHosts, `${line}\n`);
    const running = user.run('connect', 'pr-1', '3000', ...server, '--json');
    await user.event('forward');
    user.signal();
    t.equal(await running, 0);
  });
  await t.test('a changed key is refused', async (t) => {
    const other = makeKey();
    writeFileSync(knownHosts, `[127.0.0.1]:${gateway.port} ${other.public}\n`);
    t.equal(await user.run('connect', 'pr-1', '3000', ...server), 3);
    t.match(user.stderr.at(-1), /has changed/);
    t.match(user.stderr.at(-1), other.fingerprint);
  });
  await t.test('a revoked key is refused though it is known', async (t) => {
    writeFileSync(
      knownHosts,
      `[127.0.0.1]:${gateway.port} ${hostKey.public}\n@revoked * ${hostKey.public}\n`,
    );
    t.equal(await user.run('connect', 'pr-1', '3000', ...server), 3);
    t.match(user.stderr.at(-1), /revoked/);
  });
});

t.test('a person reads URLs first, and everything else on standard error', async (t) => {
  const shareUrl = 'https://web--pr-1.example.test/_porthole/share?token=x';
  const gateway = await FakeGateway.start(t, { shareUrl });
  const user = new FakeSurroundings(t);
  user.addKey();
  const port = await freePort(t);
  const running = user.run('connect', 'pr-1', `web=${port}`, `longer-name=${port}`, ...overSsh(gateway));
  await user.until(() => user.stdout.length >= 4 && user.stderr.length >= 4);
  t.same(user.stdout, [
    `https://web--pr-1.example.test/          ->  127.0.0.1:${port}  (private)`,
    `${shareUrl}  opens it for whoever has this link`,
    `https://longer-name--pr-1.example.test/  ->  127.0.0.1:${port}  (private)`,
    `${shareUrl}  opens it for whoever has this link`,
  ]);
  t.match(user.stderr.join('\n'), `nothing listens on 127.0.0.1:${port} - start it, the URL stays`);
  gateway.tunnels[0]?.socket.destroy();
  await gateway.next();
  await user.until(() => user.stderr.filter((line) => line.startsWith('connected')).length === 2);
  t.equal(user.stdout.length, 4, 'URLs that stayed are not said again');
  user.signal();
  t.equal(await running, 0);
});

t.test('the word after --ssh is its address only if it can be one', async (t) => {
  const gateway = await FakeGateway.start(t);
  const cases: [args: string[], env: string, forwards: string[], target: string][] = [
    [['--ssh', 'pr-1', '3000'], 'pr-1', ['/', '/ssh'], '127.0.0.1:22'],
    [['pr-1', '--ssh'], 'pr-1', ['/ssh'], '127.0.0.1:22'],
    [['pr-1', '3000', '--ssh', '2222'], 'pr-1', ['/', '/ssh'], '127.0.0.1:2222'],
    [['--ssh=10.0.0.7:22', 'pr-1', 'web=3000'], 'pr-1', ['/web', '/ssh'], '10.0.0.7:22'],
    [['--ssh', '[::1]:2222', 'pr-1'], 'pr-1', ['/ssh'], '[::1]:2222'],
    [['pr-1', 'ssh=2222', '--ssh'], 'pr-1', ['/ssh'], '127.0.0.1:2222'],
    [['pr-1', '--ssh', '--access', 'public', '--ttl', '2h'], 'pr-1', ['/ssh?ttl=2h'], '127.0.0.1:22'],
    [['--ssh', '2222', 'pr-1', '3000'], 'pr-1', ['/', '/ssh'], '127.0.0.1:2222'],
    [['--ssh', '2222', '3000', '--env', 'pr-1'], 'pr-1', ['/', '/ssh'], '127.0.0.1:2222'],
    [['--ssh=2222', '3000', '--env', 'pr-1'], 'pr-1', ['/', '/ssh'], '127.0.0.1:2222'],
    [['--ssh', '--', 'pr-1', '3000'], 'pr-1', ['/', '/ssh'], '127.0.0.1:22'],
  ];
  for (const [args, env, forwards, target] of cases) {
    const user = new FakeSurroundings(t);
    user.addKey();
    const running = user.run('connect', ...overSsh(gateway), '--json', ...args);
    t.match(await gateway.next(), { user: env, forwards }, args.join(' '));
    await user.until(() => user.events('forward').some(({ service }) => service === 'ssh'));
    const ssh = user.events('forward').find(({ service }) => service === 'ssh');
    t.match(ssh, { url: '', target }, args.join(' '));
    user.signal();
    t.equal(await running, 0);
  }
});

t.test('the machine is reported once what it offers stands', async (t) => {
  const reports: { command: string; stdin: string }[] = [];
  const gateway = await FakeGateway.start(t, {
    run: (command, stdin) => {
      if (!command.startsWith('target report')) return undefined;
      reports.push({ command, stdin });
      return { stderr: 'unknown command "target"', code: 2 };
    },
  });
  const user = new FakeSurroundings(t);
  user.addKey();
  // The fake gateway is an SSH server, too.
  const address = `127.0.0.1:${String(gateway.port)}`;
  const args = ['pr-1', '--ssh', address, '--os-user', 'dev', '--target-name', 'big'];
  const running = user.run('connect', ...args, ...overSsh(gateway), '--json');
  t.match(await user.event('target-problem'), { state: 'unsupported' });
  t.match(reports, [{ command: /^target report --id=\S+ --name=big --os-user=dev --json$/ }]);
  t.equal(reports[0]?.stdin, `${gateway.hostKeyLine}\n`);
  t.equal(user.events('exit').length, 0, 'an older gateway serves all the same');
  user.signal();
  t.equal(await running, 0);
});

t.test('wrong usage is told before anything is dialled', async (t) => {
  const user = new FakeSurroundings(t);
  const cases: Readonly<Record<string, readonly string[]>> = {
    'no target': ['connect', 'pr-1'],
    'no name, and no branch': ['connect', '3000'],
    'too many connections': ['connect', 'pr-1', '3000', '--connections', '9'],
    'no such configuration': ['connect', 'pr-1', '3000', '--config', '/nowhere.toml'],
    'a Docker engine that cannot be': ['connect', 'pr-1', '--docker-host', 'ssh://x'],
    'no user without an SSH server': ['connect', 'pr-1', '3000', '--os-user', 'dev'],
    'a bad address of the SSH server': ['connect', 'pr-1', '3000', '--ssh=localhost'],
    'a bad id of the machine': ['connect', 'pr-1', '--ssh', '--target-id', 'x'],
    'a number that may be the environment': ['connect', '--ssh', '42', '3000'],
    'the same, with a service': ['connect', '--ssh', '42', 'web=3000'],
    'the SSH server twice': ['connect', 'pr-1', 'ssh=22', '--ssh=23'],
    'a bad target': ['connect', 'pr-1', 'web=nowhere'],
    'an unknown option of a service': ['connect', 'pr-1', '3000?colour=red'],
    'a bad access': ['connect', 'pr-1', '3000', '--access', 'everybody'],
    'a bad server': ['connect', 'pr-1', '3000', '--server', 'gopher://x'],
    'a bad fingerprint': ['connect', 'pr-1', '3000', '--host-key', 'MD5:00'],
    'no such CA file': ['connect', 'pr-1', '3000', '--ca', '/nowhere/ca.pem'],
    'a CA file without a certificate': [
      'connect',
      'pr-1',
      '3000',
      '--ca',
      user.write('empty.pem', 'nothing'),
    ],
    'no such known_hosts': [
      'connect',
      'pr-1',
      '3000',
      '--server',
      'ssh://x',
      '--known-hosts',
      '/nowhere/known_hosts',
    ],
    'a URL file that cannot be': ['connect', 'pr-1', '3000', '--url-file', '/nowhere/urls'],
    'an env with control characters': ['connect', 'pr\u0007', '3000'],
    'an unknown flag': ['connect', 'pr-1', '3000', '--colour'],
    'an unknown command': ['conect', 'pr-1', '3000'],
    'no command': [],
  };
  for (const [name, args] of Object.entries(cases)) t.equal(await user.run(...args), 2, name);
  t.ok(user.stderr.every((line) => line !== ''));
});

t.test('without any key it makes one, and says where it must be known', async (t) => {
  const gateway = await FakeGateway.start(t, { admitted: [] });
  const user = new FakeSurroundings(t);
  t.equal(await user.run('connect', 'pr-1', '3000', ...overSsh(gateway), '--json'), 3);
  const file = join(user.home, '.local', 'state', 'porthole', 'client', 'id_ed25519');
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim();
  t.match(user.events('key-created'), [{ file, publicKey }]);
  t.match(user.stderr.at(-1), publicKey, 'the refusal says what to do');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(await user.run('connect', 'pr-1', '3000', ...overSsh(gateway)), 3);
  t.equal(user.events('key-created').length, 1, 'made once');
  t.equal(readFileSync(`${file}.pub`, 'utf8').trim(), publicKey);
});

t.test('a second Ctrl-C does not wait', async (t) => {
  const gateway = await FakeGateway.start(t);
  const user = new FakeSurroundings(t);
  user.addKey();
  const { port } = await echoServer(t);
  const running = user.run('connect', 'pr-1', `web=${port}`, ...overSsh(gateway), '--json');
  await user.event('forward');
  const channel = await gateway.tunnels[0]!.open('/web');
  channel.on('error', () => undefined);
  user.signal();
  user.signal();
  t.equal(await running, 1);
});
