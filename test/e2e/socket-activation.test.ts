import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fakeSystemdNotify } from '../support/fake-systemd-notify.ts';
import { freePort } from '../support/free-port.ts';
import { MovingMachine } from '../support/moving-machine.ts';
import { Portholed, type LogLine } from '../support/portholed.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { startApp } from '../support/web-app.ts';
import { steadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const host = 'pr-1.localhost';
const address = '127.0.0.88';

t.test('with a socket of systemd, a reload hands it to a new process and loses nothing', async (t) => {
  const port = await freePort(address);
  const key = makeKey(t);
  const keysFile = join(scratchDir(t), 'authorized_keys');
  writeFileSync(keysFile, `${key.line}\n`);
  const notifier = fakeSystemdNotify(t);
  const gateway = Portholed.spawn(t, ['--authorized-keys', keysFile, '--access', 'public'], {
    env: notifier.env,
    enter: [
      ...['systemd-socket-activate', '--listen', `${address}:${String(port)}`, '--fdname', 'shared'],
      ...['-E', 'PATH', '-E', 'HOME', '-E', 'NOTIFY_SOCKET'],
    ],
  });
  const pids = new Set<number>();
  t.teardown(() => {
    for (const line of gateway.lines) if (typeof line['pid'] === 'number') pids.add(line['pid']);
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  const first = await untilConnected(port);
  t.teardown(() => first.destroy());
  const listening = await gateway.line((line) => line.msg === 'listening');
  t.same(listening['addresses'], [`${address}:${String(port)}`], 'not the configured address');
  await until('READY', () => notifier.told().length === 1);
  t.match(notifier.told(), [/^READY=1\|STATUS=serving https:/]);

  const app = await startApp(t, (request, response) => {
    let length = 0;
    request.on('data', (chunk: Buffer) => (length += chunk.length));
    request.on('end', () => response.end(`${request.method ?? ''} ${String(length)}`));
  });
  await MovingMachine.start(t, { port, host: address, key, appPort: app.port });
  const load = steadyLoad(gateway, host, { address });
  await until('load', () => load.answered > 20);
  gateway.child.kill('SIGHUP');
  const successor = await gateway.line((line) => line.msg === 'listening' && 'replaced' in line);
  t.same(successor['addresses'], listening['addresses']);
  await gateway.line((line) => line.msg === 'stopped' && line['reason'] === 'replaced');
  const before = load.answered;
  await until('load after the replace', () => load.answered > before + 50);
  await load.stop();
  t.same(load.failures, []);
  await until('MAINPID', () => notifier.told().length === 3);
  t.match(notifier.told().slice(1), [
    /^RELOADING=1\|MONOTONIC_USEC=\d+\|STATUS=being replaced\|$/,
    new RegExp(`^MAINPID=${pidOf(successor)}\\|READY=1\\|`),
  ]);

  process.kill(Number(pidOf(successor)), 'SIGTERM');
  await gateway.line((line) => line.msg === 'stopped' && line['pid'] === successor['pid']);
  await until('STOPPING', () => notifier.told().length === 4);
  t.match(notifier.told()[3], /^STOPPING=1\|/);
});

function pidOf(line: LogLine): string {
  return String(line['pid']);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The program is started by the first connection; that waits for it. */
async function untilConnected(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, address);
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    if (connected) return socket;
  }
}
