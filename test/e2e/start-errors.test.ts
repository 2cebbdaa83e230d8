import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Portholed } from '../support/portholed.ts';
import { scratchDir } from '../support/scratch-dir.ts';

interface Failure {
  readonly code: number | null;
  /** What it said on standard error, line by line. */
  readonly said: readonly string[];
}

async function failureOf(t: Test, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Failure> {
  const gateway = Portholed.spawn(t, args, { env });
  const code = await gateway.exit();
  t.notOk(
    gateway.lines.some((line) => line.msg === 'listening'),
    'it never said that it listens',
  );
  return { code, said: gateway.stderr.split('\n').filter(Boolean) };
}

/** One clear message, and the exit code of a start that failed. */
async function failsWith(t: Test, args: readonly string[], words: RegExp): Promise<void> {
  const { code, said } = await failureOf(t, args);
  t.equal(code, 1);
  t.equal(said.length, 1, said.join('\n'));
  t.match(said[0], /^portholed: /u);
  t.match(said[0], words);
}

async function takenPort(t: Test): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function fileWith(t: Test, text: string): string {
  const path = join(scratchDir(t), 'file');
  writeFileSync(path, text);
  return path;
}

function makeCertificate(t: Test): { cert: string; key: string } {
  const dir = scratchDir(t);
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,DNS:*.localhost'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], {
    stdio: 'pipe',
  });
  return { cert, key };
}

t.test('a port that is in use, and nothing is left behind', async (t) => {
  const taken = await takenPort(t);
  const stateDir = join(scratchDir(t), 'state');
  await failsWith(t, ['--listen', taken, '--state-dir', stateDir], new RegExp(`${taken}.*in use`, 'u'));
  const metrics = ['--metrics-listen', taken, '--state-dir', stateDir];
  await failsWith(t, metrics, /metrics-listen.*(?:in use|EADDRINUSE)/u);
  const gateway = await Portholed.start(t, ['--state-dir', stateDir]);
  t.equal(await gateway.kill('SIGTERM'), 0, 'the same state directory serves');
});

t.test('a certificate that cannot be used', async (t) => {
  const first = makeCertificate(t);
  const second = makeCertificate(t);
  const using = (cert: string, key: string): string[] => ['--tls-cert', cert, '--tls-key', key];
  await failsWith(t, using('/nowhere/cert.pem', first.key), /\/nowhere\/cert\.pem/u);
  await failsWith(t, using(first.cert, '/nowhere/key.pem'), /\/nowhere\/key\.pem/u);
  await failsWith(t, using(first.cert, second.key), /key/u);
  await failsWith(t, using(fileWith(t, 'nothing'), first.key), /certificate/u);
  const gateway = await Portholed.start(t, using(first.cert, first.key));
  t.equal(await gateway.kill('SIGTERM'), 0);
});

t.test('authorized keys that cannot be read', async (t) => {
  await failsWith(t, ['--authorized-keys', '/nowhere/keys'], /\/nowhere\/keys/u);
  await failsWith(t, ['--authorized-keys', scratchDir(t)], /authorized keys/u);
});

t.test('a state directory that cannot be used', async (t) => {
  const file = fileWith(t, 'in the way');
  await failsWith(t, ['--state-dir', file], /state directory/u);
  await failsWith(t, ['--state-dir', join(file, 'below')], /state directory/u);
  const damaged = scratchDir(t);
  mkdirSync(join(damaged, 'ca-key.pem'));
  mkdirSync(join(damaged, 'ca.pem'));
  await failsWith(t, ['--state-dir', damaged], /ca/u);
  if (process.getuid?.() !== 0) {
    const readOnly = scratchDir(t);
    chmodSync(readOnly, 0o500);
    await failsWith(t, ['--state-dir', readOnly], /state directory/u);
  }
});

t.test('a second process on one state directory, while the first one lives', async (t) => {
  const stateDir = join(scratchDir(t), 'state');
  const first = await Portholed.start(t, ['--state-dir', stateDir]);
  await failsWith(t, ['--state-dir', stateDir], /another portholed/u);
  t.ok(existsSync(stateDir));
  await first.kill('SIGKILL');
  const next = await Portholed.start(t, ['--state-dir', stateDir]);
  t.equal(await next.kill('SIGTERM'), 0, 'one that was killed leaves nothing in the way');
});

t.test('all that is wrong with the configuration is told at once', async (t) => {
  const config = fileWith(t, 'hold = "soon"\nunknown-key = 1\n');
  const args = ['--config', config, '--listn', '127.0.0.1:0', '--grace', '5', '--tls-cert', 'cert.pem'];
  const { code, said } = await failureOf(t, args, { PORTHOLE_MAX_REQUEST: '5', PORTHOLE_LOG_LEVEL: 'loud' });
  t.equal(code, 2);
  const problems = [
    ...[/--listn.*--listen/u, /--grace/u, /--tls-cert.*tls-key/u],
    ...[/hold/u, /unknown-key/u, /PORTHOLE_MAX_REQUEST.*PORTHOLE_MAX_REQUESTS/u, /PORTHOLE_LOG_LEVEL/u],
  ];
  for (const problem of problems)
    t.ok(
      said.some((line) => line.startsWith('portholed: ') && problem.test(line)),
      String(problem),
    );
  t.equal(said.length, problems.length, said.join('\n'));
  t.match((await failureOf(t, ['--config', '/nowhere/config.toml'])).said, [/\/nowhere\/config\.toml/u]);
  t.equal((await failureOf(t, ['--config', fileWith(t, 'hold = ')])).code, 2);
});

t.test('questions that start nothing', async (t) => {
  const ask = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const gateway = Portholed.spawn(t, args, { env });
    t.equal(await gateway.exit(), 0, args.join(' '));
    t.equal(gateway.stderr, '');
    return gateway.lines.map((line) => line.msg).join('\n');
  };
  const help = await ask(['--help']);
  for (const flag of ['--listen', '--state-dir', '--authorized-keys', '--print-config'])
    t.ok(help.includes(flag), flag);
  t.match(await ask(['--version']), /\d+\.\d+\.\d+/u);
  const stateDir = join(scratchDir(t), 'state');
  const config = fileWith(t, 'grace = "7s"\n');
  const printed = await ask(['--print-config', '--config', config, '--hold', '3s', '--state-dir', stateDir], {
    PORTHOLE_MAX_HELD: '7',
  });
  t.match(printed, /hold\W+3s.*--hold/u);
  t.match(printed, /grace\W+7s.*file/u);
  t.match(printed, /max-held\W+7\b.*PORTHOLE_MAX_HELD/u);
  t.match(printed, /max-requests\W+512.*default/u);
  t.notOk(existsSync(stateDir), 'nothing was made');
});
