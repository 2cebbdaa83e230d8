import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import ssh2 from 'ssh2';
import type { Test } from 'tap';
import t from 'tap';
import type { PipeResult } from '../../core/pipe.ts';
import { pipeBoth } from '../../core/pipe.ts';

/** Two ends that do not know each other, with the pipe between them: `left <-> a | b <-> right`. */
interface Bridge {
  left: Socket;
  right: Socket;
  a: Socket;
  b: Socket;
  result: Promise<PipeResult>;
}

async function listen(t: Test, path?: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true });
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return server;
}

async function pair(t: Test, server: Server): Promise<[outer: Socket, inner: Socket]> {
  const address = server.address();
  const where =
    typeof address === 'string' ? { path: address } : { port: address?.port ?? 0, host: '127.0.0.1' };
  const outer = connect({ ...where, allowHalfOpen: true });
  const [inner] = (await once(server, 'connection')) as [Socket];
  for (const socket of [outer, inner]) t.teardown(() => socket.destroy());
  return [outer, inner];
}

async function bridge(t: Test, path?: string): Promise<Bridge> {
  const server = await listen(t, path);
  const [left, a] = await pair(t, server);
  const [right, b] = await pair(t, server);
  return { left, right, a, b, result: pipeBoth(a, b) };
}

/** How the stream broke off; fails the test if it ended as if it were complete. */
async function failure(t: Test, socket: Socket): Promise<string> {
  socket.on('end', () => t.fail('a truncated stream ended cleanly'));
  socket.resume();
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  return error.code ?? error.message;
}

/** Reads on, and settles when it is gone, with the error that it broke off with. */
async function gone(socket: Socket): Promise<NodeJS.ErrnoException | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let failed: NodeJS.ErrnoException | undefined;
  socket.on('error', (error) => (failed = error));
  socket.once('close', resolve);
  socket.resume();
  await promise;
  return failed;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

t.test('both ways at once, with the bytes counted', async (t) => {
  const { left, right, result, a, b } = await bridge(t);
  left.end('to the right');
  right.end('to the left!!');
  t.equal(await text(right), 'to the right');
  t.equal(await text(left), 'to the left!!');
  t.same(await result, { aToB: 12, bToA: 13, reason: 'ended', error: undefined });
  t.ok(a.destroyed && b.destroyed);
});

for (const side of ['left', 'right'] as const) {
  t.test(`half-close: an answer to the end of the ${side} still arrives`, async (t) => {
    const { result, ...ends } = await bridge(t);
    const [asking, answering] = side === 'left' ? [ends.left, ends.right] : [ends.right, ends.left];
    asking.end('question');
    t.equal(await text(answering), 'question');
    answering.write('a long ');
    await nextTurn();
    answering.end('answer');
    t.equal(await text(asking), 'a long answer');
    t.equal((await result).reason, 'ended');
  });

  t.test(`a reset of the ${side} resets the other side`, async (t) => {
    const { result, ...ends } = await bridge(t);
    const [resetting, other] = side === 'left' ? [ends.left, ends.right] : [ends.right, ends.left];
    resetting.write('part');
    await once(other, 'data');
    const broken = failure(t, other);
    resetting.resetAndDestroy();
    t.equal(await broken, 'ECONNRESET');
    const { reason, error } = await result;
    t.equal(reason, side === 'left' ? 'a-failed' : 'b-failed');
    t.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
  });

  t.test(`a close of the ${side}'s stream without an end is an abort`, async (t) => {
    const { result, ...ends } = await bridge(t);
    const [closing, other] = side === 'left' ? [ends.a, ends.right] : [ends.b, ends.left];
    const broken = failure(t, other);
    closing.destroy();
    t.equal(await broken, 'ECONNRESET');
    t.match(await result, { reason: side === 'left' ? 'a-closed' : 'b-closed', error: undefined });
  });
}

t.test(
  'who closes right after the end is no abort: what came is still written, then all is over',
  async (t) => {
    const written = Promise.withResolvers<() => void>();
    let finished = false;
    const sink = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => written.resolve(done),
      final: (done) => {
        finished = true;
        done();
      },
    });
    // As a channel whose CLOSE comes right after its EOF.
    const source = new Duplex({ autoDestroy: false, read: () => undefined, write: (_c, _e, done) => done() });
    const result = pipeBoth(source, sink);
    source.once('end', () => source.destroy());
    source.push('all of it');
    source.push(null);
    await once(source, 'close');
    const release = await written.promise;
    t.notOk(sink.destroyed, 'it is given its time');
    release();
    t.match(await result, { aToB: 9, reason: 'a-closed', error: undefined });
    t.ok(finished, 'and told of the end');
    t.ok(sink.destroyed);
  },
);

t.test('one who ended and then stops reading breaks off the answer', async (t) => {
  const { left, right, result } = await bridge(t);
  left.end('question');
  t.equal(await text(right), 'question');
  const broken = gone(right);
  left.destroy();
  right.write(Buffer.alloc(16 * 1024 * 1024));
  t.match(await broken, { code: /^(ECONNRESET|EPIPE)$/ });
  t.match(await result, { reason: /^a-(failed|closed)$/ });
});

t.test('a unix socket, which knows no reset, is destroyed', async (t) => {
  const { left, right, a, b, result } = await bridge(t, join(t.testdir({}), 'socket'));
  left.on('error', () => undefined);
  a.destroy(new Error('cut'));
  t.match(await result, { reason: 'a-failed', error: { message: 'cut' } });
  t.equal(await text(right), '');
  t.ok(b.destroyed);
});

t.test('a stream that is already gone', async (t) => {
  const server = await listen(t);
  const [right, b] = await pair(t, server);
  const [, a] = await pair(t, server);
  a.destroy();
  const broken = failure(t, right);
  t.match(await pipeBoth(a, b), { aToB: 0, bToA: 0, reason: 'a-closed' });
  t.equal(await broken, 'ECONNRESET');
});

t.test('a stream that was already read to its end', async (t) => {
  const server = await listen(t);
  const [left, a] = await pair(t, server);
  const [right, b] = await pair(t, server);
  left.end();
  a.resume();
  await once(a, 'end');
  const result = pipeBoth(a, b);
  t.equal(await text(right), '');
  right.end('answer');
  t.equal(await text(left), 'answer');
  t.match(await result, { aToB: 0, bToA: 6, reason: 'ended' });
});

t.test('a stream that was paused flows', async (t) => {
  const server = await listen(t);
  const [left, a] = await pair(t, server);
  const [right, b] = await pair(t, server);
  a.pause();
  left.end('paused');
  void pipeBoth(a, b);
  t.equal(await text(right), 'paused');
});

t.test('a slow reader bounds what is held, and gets everything in the end', async (t) => {
  const { left, right, a, b, result } = await bridge(t);
  const totalBytes = 64 * 1024 * 1024;
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  for (let sent = 0; sent < totalBytes; sent += chunk.length) left.write(chunk);
  left.end();
  await until(() => b.writableNeedDrain && a.isPaused());
  let mostHeld = 0;
  for (let turn = 0; turn < 100; turn += 1) {
    await nextTurn();
    mostHeld = Math.max(mostHeld, a.readableLength + b.writableLength);
  }
  t.ok(mostHeld <= 512 * 1024, `${String(mostHeld)} bytes are held`);
  t.ok(left.writableLength > 0, 'the sender has to wait');
  right.end();
  t.equal((await buffer(right)).length, totalBytes);
  left.resume();
  t.match(await result, { aToB: totalBytes, reason: 'ended' });
});

/** A stream in memory whose writes wait until they are let through. */
class Held extends Duplex {
  readonly #waiting: (() => void)[] = [];

  constructor() {
    super({ highWaterMark: 16 });
  }

  override _read(): void {
    // What it gives is pushed by the test.
  }

  override _write(_chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#waiting.push(callback);
  }

  letThrough(): void {
    this.#waiting.shift()?.();
  }
}

t.test('the source waits exactly as long as its destination is full', async (t) => {
  const [a, b] = [new Held(), new Held()];
  void pipeBoth(a, b);
  a.push(Buffer.alloc(20));
  await until(() => a.isPaused());
  a.push(Buffer.alloc(8));
  await nextTurn();
  t.equal(b.writableLength, 20);
  b.letThrough();
  await until(() => b.writableLength === 8);
  t.equal(a.isPaused(), false);
  b.destroy();
  await until(() => a.destroyed);
});

t.test('a side that has given and taken everything may fail; the other still gets the rest', async (t) => {
  const [a, b] = [new Held(), new Held()];
  const result = pipeBoth(a, b);
  a.push('the rest');
  a.push(null);
  b.push(null);
  await until(() => a.writableFinished && b.writableEnded);
  a.emit('error', new Error('too late to matter'));
  t.equal(b.destroyed, false);
  b.letThrough();
  t.match(await result, { aToB: 8, reason: 'ended' });
});

t.test('a late error of a stream that was left is harmless', async (t) => {
  const [a, b] = [new Held(), new Held()];
  const result = pipeBoth(a, b);
  a.destroy(new Error('first'));
  t.match(await result, { reason: 'a-failed', error: { message: 'first' } });
  b.emit('error', new Error('second'));
  a.emit('error', new Error('third'));
});

/** Made by Node, since ssh2's generator now and then writes an Ed25519 key that its parser refuses. */
function hostKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

/** A real SSH connection; the server pipes each channel that is opened to a socket of its own. */
async function sshBridge(
  t: Test,
): Promise<{ left: ssh2.ClientChannel; right: Socket; result: Promise<PipeResult> }> {
  const [right, inner] = await pair(t, await listen(t));
  const { promise: result, resolve } = Promise.withResolvers<PipeResult>();
  const server = new ssh2.Server({ hostKeys: [hostKey()] }, (connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => context.accept());
    connection.on('tcpip', (accept) => resolve(pipeBoth(accept(), inner)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new ssh2.Client();
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  client.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, username: 'pr-42' });
  await once(client, 'ready');
  const left = await new Promise<ssh2.ClientChannel>((opened, failed) => {
    client.forwardOut('127.0.0.1', 1, '127.0.0.1', 2, (error, channel) => {
      if (error === undefined) opened(channel);
      else failed(error);
    });
  });
  return { left, right, result };
}

t.test('half-close over an ssh2 server channel: what comes after our end is not lost', async (t) => {
  const { left, right, result } = await sshBridge(t);
  const big = 'x'.repeat(5_000_000);
  const closed = once(left, 'close');
  right.end(big);
  t.equal((await text(left)).length, big.length);
  left.end('a late answer');
  t.equal(await text(right), 'a late answer');
  t.match(await result, { aToB: 13, bToA: big.length, reason: 'ended' });
  await closed;
});

t.test('an ssh2 channel that its reader closes mid-way breaks off the socket', async (t) => {
  const { left, right, result } = await sshBridge(t);
  const broken = gone(right);
  right.write(Buffer.alloc(16 * 1024 * 1024));
  await once(left, 'data');
  left.pause();
  left.close();
  t.match(await broken, { code: /^(ECONNRESET|EPIPE)$/ });
  t.match(await result, { reason: 'a-closed' });
});

t.test('an upload that stops mid-way over an ssh2 channel resets the socket', async (t) => {
  const { left, right, result } = await sshBridge(t);
  left.write('half of the upl');
  await once(right, 'data');
  const broken = failure(t, right);
  left.close();
  t.equal(await broken, 'ECONNRESET');
  t.equal((await result).reason, 'a-closed');
});
