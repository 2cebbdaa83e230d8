import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import t, { type Test } from 'tap';
import { dial, startPublicGateway } from '../support/dial.ts';
import type { GatewayWithKey } from '../support/gateway-with-key.ts';
import { dialIn, startDialling, type Machine } from '../support/machine.ts';
import { metric, metricBecomes } from '../support/metrics.ts';
import { openssh } from '../support/openssh.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { until } from '../support/until.ts';
import { open, visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

const kib = 1024;
const windowBytes = 2_200_000;
const hostile = 'bad.localhost/';

interface Setting extends GatewayWithKey {
  /** Dials in as the environment `bad`, with a default service whose channels do as the test says. */
  readonly misbehave: () => Promise<Machine>;
  /** Another environment is served as if nothing were; the process is the same. */
  readonly assertUnharmed: () => Promise<void>;
}

async function setUp(t: Test, args: readonly string[] = []): Promise<Setting> {
  const keyed = await startPublicGateway(t, ['--hold', '250ms', ...args]);
  const { gateway, key } = keyed;
  const { port } = await startTextApp(t, 'served');
  await dial(t, gateway, { key, user: 'good', forwards: [`80:127.0.0.1:${port}`] });
  const misbehave = async (): Promise<Machine> => {
    const machine = await dialIn(t, gateway.port, { key, user: 'bad' });
    await machine.forward('localhost', 80);
    return machine;
  };
  const assertUnharmed = async (): Promise<void> => {
    t.equal((await visit(gateway, 'good.localhost/')).body, 'served');
    t.equal(gateway.child.exitCode, null);
  };
  return { ...keyed, misbehave, assertUnharmed };
}

/** Why the tunnel of the environment `bad` was closed. */
async function closedFor({ gateway }: Setting): Promise<unknown> {
  const line = await gateway.line((each) => each.msg === 'tunnel closed' && each['env'] === 'bad');
  return line['reason'];
}

t.test('a key that is not known, and a signature that is not of the key', async (t) => {
  const setting = await setUp(t);
  const { gateway, key, assertUnharmed } = setting;
  const stranger = makeKey(t);
  const refused = openssh(t, { port: gateway.port, key: stranger, args: ['-N', '-R', '80:localhost:1'] });
  await refused.said(/key refused: this key is not known here/u);
  t.equal((await refused.exit).code, 255);

  const known = ssh2.utils.parseKey(key.privateKey);
  const own = ssh2.utils.parseKey(stranger.privateKey);
  if (known instanceof Error || own instanceof Error) throw new Error('ssh2 does not read its own keys');
  const forged = Object.assign(Object.create(known) as typeof known, { sign: own.sign.bind(own) });
  const noticed = gateway.line((line) => line.msg === 'login refused' && line['user'] === 'bad');
  const machine = startDialling(t, gateway.port, {
    ...{ key, user: 'bad' },
    config: { authHandler: [{ type: 'publickey', username: 'bad', key: forged }] } as object,
  });
  let ready = false;
  machine.client.on('ready', () => {
    ready = true;
  });
  t.match(await noticed, { reason: 'the signature is wrong' });
  await machine.closed;
  t.notOk(ready);
  await assertUnharmed();
});

t.test('a client that sends more than it may is cut off, and what it sent is not kept', async (t) => {
  const setting = await setUp(t);
  const { gateway, misbehave, assertUnharmed } = setting;
  const machine = await misbehave();
  machine.onChannel((channel) => {
    const { id } = (channel as unknown as { outgoing: { id: number } }).outgoing;
    const send = (data: Buffer): void => {
      if (!machine.socket.destroyed) machine.protocol.channelData(id, data);
    };
    send(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n'));
    const flood = setInterval(() => {
      for (let i = 0; i < 64; i += 1) send(Buffer.alloc(32 * kib));
    }, 1);
    void machine.closed.then(() => {
      clearInterval(flood);
    });
  });
  const answer = await open(gateway, hostile);
  t.equal(await closedFor(setting), 'the peer sent more than its window');
  t.equal(await metricBecomes(gateway, 'porthole_buffered_bytes', (value) => value === 0), 0);
  await t.rejects(answer.toArray());
  await assertUnharmed();
});

t.test('a client that never answers an opening', async (t) => {
  const setting = await setUp(t, ['--channel-open-timeout', '500ms', '--max-channels', '3']);
  const { gateway, misbehave, assertUnharmed } = setting;
  const machine = await misbehave();
  machine.onOpening(() => undefined);
  const answers = Promise.all(Array.from({ length: 5 }, () => visit(gateway, hostile)));
  await assertUnharmed();
  const codes = (await answers).map(({ headers }) => String(headers['porthole-error']));
  t.same(codes.toSorted(), [
    ...['ERR_BUSY', 'ERR_BUSY'],
    ...['ERR_UPSTREAM_TIMEOUT', 'ERR_UPSTREAM_TIMEOUT', 'ERR_UPSTREAM_TIMEOUT'],
  ]);
  t.equal((await visit(gateway, hostile)).status, 503, 'those that may still be answered count');
  machine.client.end();
  t.equal((await metricBecomes(gateway, 'porthole_channels', (value) => value <= 1)) <= 1, true);
  await assertUnharmed();
});

t.test('a client that answers every opening with a failure', async (t) => {
  const { gateway, misbehave, assertUnharmed } = await setUp(t);
  const machine = await misbehave();
  machine.onOpening((_accept, reject) => {
    reject();
  });
  for (let i = 0; i < 20; i += 1) {
    const answer = await visit(gateway, hostile);
    t.equal(answer.headers['porthole-error'], 'ERR_UPSTREAM_REFUSED');
  }
  await assertUnharmed();
});

t.test('a client that asks for everything and reads nothing', async (t) => {
  const setting = await setUp(t, ['--keepalive-interval', '300ms']);
  const { gateway, misbehave, assertUnharmed } = setting;
  const machine = await misbehave();
  const taken = new Promise<void>((resolve) => {
    machine.onChannel((channel) => {
      const { id } = (channel as unknown as { outgoing: { id: number } }).outgoing;
      machine.protocol.channelWindowAdjust(id, 0x7000_0000);
      machine.socket.pause();
      resolve();
    });
  });
  // It shows signs of life all the same.
  const talking = setInterval(() => {
    if (!machine.socket.destroyed) machine.protocol.ping();
  }, 20);
  t.teardown(() => {
    clearInterval(talking);
  });
  const upload = visit(gateway, hostile, { method: 'POST', body: Buffer.alloc(64 * 1024 * kib) });
  upload.catch(() => undefined);
  await taken;
  let most = 0;
  const isCut = (): boolean => gateway.lines.some((line) => line.msg === 'tunnel closed');
  while (!isCut()) most = Math.max(most, await metric(gateway, 'porthole_buffered_bytes'));
  t.equal(await closedFor(setting), 'the peer stopped reading');
  t.ok(most < windowBytes, `${most} bytes were held`);
  await assertUnharmed();
});

async function send(t: Test, port: number, bytes: Buffer, from = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  t.teardown(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  return socket;
}

t.test('garbage on the port', async (t) => {
  const deadlines = ['--sniff-timeout', '--tls-handshake-timeout', '--login-grace', '--header-timeout'];
  const limits = deadlines.flatMap((flag) => [flag, '300ms']);
  const { gateway, assertUnharmed } = await setUp(t, limits);
  const cases = [
    ...Array.from({ length: 50 }, (_, i) => randomBytes(1 + i * 40)),
    ...[Buffer.from('1603010200', 'hex'), Buffer.from('16030102000100', 'hex'), Buffer.from('16', 'hex')],
    ...[Buffer.from('16030100050100000100', 'hex'), Buffer.from('16ffffffff'.repeat(100), 'hex')],
    ...['SSH-1.5-old\r\n', 'SSH-2.0-x\r\nnot a packet at all, and a long one', 'SSH-', 'S'].map((text) =>
      Buffer.from(text),
    ),
    Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), randomBytes(64 * kib)]),
    ...['GET', 'GET / HTTP/1.1\r\nHost: x', 'PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n', '\r\n\r\n'].map((text) =>
      Buffer.from(text),
    ),
  ];
  const sockets = await Promise.all(cases.map((bytes) => send(t, gateway.port, bytes)));
  await until('all are closed', () => sockets.every((socket) => socket.closed));
  t.equal(await metricBecomes(gateway, 'porthole_pending_sockets', (value) => value === 0), 0);
  await assertUnharmed();
});

t.test('two hundred silent connections stop neither a visitor nor a login', async (t) => {
  const { gateway, key, assertUnharmed } = await setUp(t);
  const none = Buffer.alloc(0);
  await Promise.all(Array.from({ length: 200 }, () => send(t, gateway.port, none, '127.0.0.2')));
  await assertUnharmed();
  await gateway.line((line) => line.level === 'warn' && line['remote'] === '127.0.0.2');
  const { port } = await startTextApp(t, 'new');
  await dial(t, gateway, { key, user: 'new', forwards: [`80:127.0.0.1:${port}`] });
  t.equal((await visit(gateway, 'new.localhost/')).body, 'new');
  await assertUnharmed();
});
