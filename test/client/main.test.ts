import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { ask, FakeGateway } from './fake-gateway.ts';
import { FakeSurroundings } from './fake-surroundings.ts';
import { echoServer } from './local-servers.ts';

const main = fileURLToPath(new URL('../../client/main.ts', import.meta.url));

function porthole(
  t: Test,
  user: FakeSurroundings,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], HOME: user.home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

async function exitCode(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

t.test('version and help', async (t) => {
  const user = new FakeSurroundings(t);
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  t.equal(await text(porthole(t, user, ['--version']).stdout!), `${version}\n`);
  const help = await text(porthole(t, user, ['connect', '--help']).stdout!);
  t.match(help, 'Examples:');
  t.match(help, '--server');
  const failed = porthole(t, user, ['connect', 'pr-1', 'nonsense']);
  t.match(await text(failed.stderr!), /^porthole: .*\n$/);
  t.equal(await exitCode(failed), 2);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  t.test(`${signal} withdraws the forwards, then ends with 0`, async (t) => {
    const gateway = await FakeGateway.start(t);
    const user = new FakeSurroundings(t);
    user.addKey();
    const { port } = await echoServer(t);
    const env = { PORTHOLE_SERVER: `ssh://127.0.0.1:${gateway.port}` };
    const child = porthole(
      t,
      user,
      ['connect', 'pr-1', `web=${port}`, '--host-key', gateway.fingerprint, '--json'],
      env,
    );
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const events: unknown[] = [];
    while (events.at(-1) !== 'forward') {
      const { value } = (await lines.next()) as { value: string };
      events.push((JSON.parse(value) as { event: string }).event);
    }
    t.same(events, ['connecting', 'connected', 'forward']);
    child.kill(signal);
    t.equal(await exitCode(child), 0);
    t.same(gateway.tunnels[0]?.cancelled, ['/web']);
  });
}

t.test('a reader of standard output that is stuck stops neither the tunnel nor its end', async (t) => {
  const gateway = await FakeGateway.start(t);
  const user = new FakeSurroundings(t);
  user.addKey();
  const { port } = await echoServer(t);
  const args = [
    'connect',
    'pr-1',
    `web=${port}`,
    '--server',
    `ssh://127.0.0.1:${gateway.port}`,
    '--host-key',
    gateway.fingerprint,
  ];
  // The pipe is full before the client starts, and nobody reads.
  const script = 'timeout 0.05 head -c 10000000 /dev/zero; exec "$@"';
  const child = spawn('/bin/sh', ['-c', script, 'sh', process.execPath, main, ...args], {
    env: { PATH: process.env['PATH'], HOME: user.home },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const tunnel = await gateway.next();
  const channel = await tunnel.open('/web');
  t.equal(await ask(channel, 'hello'), 'hello');
  child.kill('SIGTERM');
  t.equal(await exitCode(child), 0);
});
