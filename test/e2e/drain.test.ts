import { once } from 'node:events';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import { dial, startPublicGateway } from '../support/dial.ts';
import type { GatewayWithKey } from '../support/gateway-with-key.ts';
import { openssh } from '../support/openssh.ts';
import type { Portholed } from '../support/portholed.ts';
import { RawVisitor } from '../support/raw-visitor.ts';
import { until } from '../support/until.ts';
import { open, visit } from '../support/visitor.ts';
import { startApp } from '../support/web-app.ts';
import { echoOf, openWebSocket } from '../support/web-socket.ts';

const host = 'pr-1.localhost';

interface Setting extends GatewayWithKey {
  readonly port: number;
  /** Ends the downloads that run. */
  readonly finish: () => void;
}

/** An app behind a tunnel: its downloads begin and wait, its WebSockets echo. */
async function setUp(t: Test, args: readonly string[] = []): Promise<Setting> {
  const finishers: (() => void)[] = [];
  const app = await startApp(t, (_request, response) => {
    response.write('begun ');
    finishers.push(() => response.end('and finished'));
  });
  const sockets = new WebSocketServer({ server: app.server });
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      socket.send(data.toString());
    });
  });
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  const keyed = await startPublicGateway(t, args);
  await dial(t, keyed.gateway, { key: keyed.key, forwards: [`80:127.0.0.1:${app.port}`] });
  const finish = (): void => {
    for (const each of finishers) each();
  };
  return { ...keyed, port: app.port, finish };
}

async function readiness(gateway: Portholed): Promise<number> {
  const address = gateway.lines.find((line) => line.msg === 'listening')?.['metrics'];
  return (await fetch(`http://${String(address)}/readyz`)).status;
}

t.test('SIGTERM: what runs may finish, nothing new is taken, and the exit is clean', async (t) => {
  const { gateway, key, port, finish } = await setUp(t, ['--grace', '1h']);
  const watching = openssh(t, {
    ...{ port: gateway.port, key, user: 'pr-2' },
    args: ['-R', `80:127.0.0.1:${port}`],
  });
  await watching.said(/pr-2 is online/u);
  const download = await open(gateway, `${host}/`);
  const socket = await openWebSocket(t, gateway, host);
  t.equal(await readiness(gateway), 200);

  gateway.child.kill('SIGTERM');
  await gateway.line((line) => line.msg === 'draining');
  await t.rejects(visit(gateway, `${host}/`), { code: 'ECONNREFUSED' });
  t.equal(await readiness(gateway), 503);
  t.equal(await echoOf(socket, 'still here'), 'still here');
  finish();
  const chunks = (await download.toArray()) as Buffer[];
  t.equal(Buffer.concat(chunks).toString(), 'begun and finished');
  t.equal(await echoOf(socket, 'me too'), 'me too');
  socket.close(1000);
  const [code] = (await once(socket, 'close')) as [number];
  t.equal(code, 1000);

  await watching.said(/disconnect.*: the gateway is shutting down/u);
  t.equal((await watching.exit).code, 255, 'so that whoever started it dials again');
  t.equal(await gateway.exit(), 0);
  t.equal(gateway.lines.at(-1)?.msg, 'stopped');
  t.equal(gateway.stderr, '');
});

t.test('a connection that a visitor keeps gets one more answer, and no reset', async (t) => {
  const { gateway, finish } = await setUp(t, ['--grace', '1h']);
  const download = await open(gateway, `${host}/`);
  const kept = await RawVisitor.connect(t, gateway, host);
  const ask = (): void => kept.write(`GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  ask();
  await until('an answer', () => kept.received.includes('HTTP/1.1 200'));
  gateway.child.kill('SIGTERM');
  await gateway.line((line) => line.msg === 'draining');
  ask();
  const received = await kept.end();
  t.match(received, /HTTP\/1\.1 503/);
  t.match(received, /Connection: close/i);
  finish();
  await download.toArray();
  t.equal(await gateway.exit(), 0);
});

t.test('what does not finish is cut off at the end of the grace period', async (t) => {
  const { gateway } = await setUp(t, ['--grace', '1s']);
  const download = await open(gateway, `${host}/`);
  const socket = await openWebSocket(t, gateway, host);
  const closed = once(socket, 'close');
  gateway.child.kill('SIGTERM');
  await t.rejects(download.toArray(), 'a download that is cut off has no clean end');
  t.equal(((await closed) as [number])[0], 1006, 'nor has a WebSocket');
  t.equal(await gateway.exit(), 0);
  t.ok(gateway.lines.some((line) => line.level === 'warn' && line['inFlight'] === 2));
});

t.test('a second SIGTERM ends it at once', async (t) => {
  const { gateway } = await setUp(t, ['--grace', '1h']);
  const download = await open(gateway, `${host}/`);
  gateway.child.kill('SIGTERM');
  await gateway.line((line) => line.msg === 'draining');
  gateway.child.kill('SIGTERM');
  await t.rejects(download.toArray());
  t.equal(await gateway.exit(), 0);
  await gateway.line((line) => line.msg === 'stopped' && line['reason'] === 'second SIGTERM');
});

t.test('with nothing to finish, SIGTERM and SIGINT end it soon', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { gateway } = await setUp(t, ['--grace', '1h']);
    t.equal(await gateway.kill(signal), 0, signal);
  }
});
