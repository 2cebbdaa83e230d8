import { Duplex } from 'node:stream';
import t from 'tap';
import { SendQueue } from '../../core/send-queue.ts';

const megabyte = 1024 * 1024;

/** A socket that takes nothing: what is written stays, until `systemTakes` says what the system took. */
class StuckSocket extends Duplex {
  readonly _handle = { bytesWritten: 0, writeQueueSize: 0 };
  #done: (() => void) | undefined;

  override _read(): void {
    // Nothing ever comes.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this._handle.bytesWritten += chunk.length;
    this._handle.writeQueueSize += chunk.length;
    this.#done = done;
  }

  /** The system sends bytes of the write that is under way. */
  systemTakes(bytes: number): void {
    this._handle.writeQueueSize -= bytes;
    if (this._handle.writeQueueSize === 0) this.#done?.();
  }
}

t.test('full above a megabyte, overflowing above sixteen', (t) => {
  const socket = new StuckSocket();
  const queue = new SendQueue(socket);
  socket.write(Buffer.alloc(megabyte));
  t.equal(queue.bytes, megabyte);
  t.equal(queue.full, false);
  socket.write('x');
  t.equal(queue.full, true);
  t.equal(queue.overflowing, false);
  socket.write(Buffer.alloc(15 * megabyte));
  t.equal(queue.overflowing, true);
  t.end();
});

t.test('stuck is what is full and does not move', (t) => {
  const socket = new StuckSocket();
  const queue = new SendQueue(socket);
  t.equal(queue.stuckTicks(), 0, 'empty');
  socket.write(Buffer.alloc(2 * megabyte));
  t.equal(queue.stuckTicks(), 1);
  t.equal(queue.stuckTicks(), 2);
  socket.write('a ping that waits behind the rest is no progress');
  t.equal(queue.stuckTicks(), 3);
  t.end();
});

t.test('a slow peer is not stuck, though a write counts only when its last byte is gone', (t) => {
  const socket = new StuckSocket();
  const queue = new SendQueue(socket);
  socket.write(Buffer.alloc(2 * megabyte));
  queue.stuckTicks();
  socket.systemTakes(1000);
  t.equal(queue.bytes, 2 * megabyte, 'Node does not show it');
  t.equal(queue.stuckTicks(), 0);
  t.equal(queue.stuckTicks(), 1);
  socket.write(Buffer.alloc(3 * megabyte));
  socket.systemTakes(socket._handle.writeQueueSize);
  t.equal(queue.stuckTicks(), 0, 'more was added than was sent, but it moves');
  t.end();
});

t.test('inside TLS, what counts is the TCP connection below', (t) => {
  const socket = new StuckSocket();
  const below = { bytesWritten: 10 * megabyte, writeQueueSize: 10 * megabyte };
  Object.assign(socket._handle, { _parent: below });
  const queue = new SendQueue(socket);
  socket.write(Buffer.alloc(2 * megabyte));
  queue.stuckTicks();
  t.equal(queue.stuckTicks(), 2);
  below.writeQueueSize -= 1000;
  t.equal(queue.stuckTicks(), 0);
  t.end();
});

t.test('a stream that is no socket counts by what Node says', (t) => {
  const stream = new Duplex({ read: () => undefined, write: () => undefined });
  const queue = new SendQueue(stream);
  stream.write(Buffer.alloc(2 * megabyte));
  t.equal(queue.stuckTicks(), 1);
  t.equal(queue.stuckTicks(), 2);
  t.end();
});
