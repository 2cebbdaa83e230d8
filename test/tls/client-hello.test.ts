import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import t from 'tap';
import type { TestScope } from '../support/scope.ts';
import { offeredProtocols } from '../../tls/client-hello.ts';

/** The first bytes of a real client. */
async function helloOf(t: TestScope, alpn: readonly string[]): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ALPNProtocols: [...alpn] });
  client.on('error', () => undefined);
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.on('error', () => undefined);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return bytes;
}

for (const alpn of [[], ['ssh'], ['h2', 'http/1.1'], ['ssh', 'http/1.1'], ['x'.repeat(255)]]) {
  t.test(`what a real client offers: ${alpn.join().slice(0, 20)}`, async (t) => {
    t.same(offeredProtocols(await helloOf(t, alpn)), alpn);
  });
}

t.test('one that is not there whole tells nothing, or what is there of it', async (t) => {
  const hello = await helloOf(t, ['ssh']);
  for (let length = 0; length < hello.length; length += 1) {
    t.equal(offeredProtocols(hello.subarray(0, length)), undefined, `${String(length)} bytes`);
  }
});

t.test('any bytes are read without a fault', async (t) => {
  const hello = await helloOf(t, ['h2', 'ssh']);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const found = offeredProtocols(Buffer.from(bytes));
      return found === undefined || Array.isArray(found);
    }),
  );
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, value) => {
      const changed = Buffer.from(hello);
      changed[at] = value;
      const found = offeredProtocols(changed);
      return found === undefined || found.every((name) => name.length < 256);
    }),
  );
});
