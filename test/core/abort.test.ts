import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Test } from 'tap';
import t from 'tap';
import { abort } from '../../core/abort.ts';

async function pair(t: Test): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const arrival = once(server, 'connection') as Promise<[Socket]>;
  const near = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const [far] = await arrival;
  for (const socket of [near, far]) socket.on('error', () => {});
  t.teardown(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

t.test('the peer of an aborted connection sees a reset', async (t) => {
  const { near, far } = await pair(t);
  const error = new Promise<NodeJS.ErrnoException>((resolve) => {
    far.once('error', resolve);
  });
  far.resume();
  abort(near);
  t.equal((await error).code, 'ECONNRESET');
});

t.test(
  'one that shuts down is destroyed without an error, and so is anything else that is no TCP connection',
  async (t) => {
    const { near } = await pair(t);
    const errors: unknown[] = [];
    near.on('error', (error) => errors.push(error));
    const closed = once(near, 'close');
    near.write(Buffer.alloc(1024));
    near.end();
    abort(near);
    await closed;
    t.same(errors, []);
    abort(near);
    const stream = new PassThrough();
    abort(stream);
    t.equal(stream.destroyed, true);
  },
);
