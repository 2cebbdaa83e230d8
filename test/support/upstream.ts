import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestScope } from './scope.ts';

/** A TCP server on this machine, for the far end of a tunnel. */
export async function startUpstream(
  t: Pick<TestScope, 'teardown'>,
  onSocket: (socket: Socket) => void,
): Promise<{ port: number; sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

/** One that sends back what it gets, and ends when its peer does. */
export function startEcho(
  t: Pick<TestScope, 'teardown'>,
): Promise<{ port: number; sockets: readonly Socket[] }> {
  return startUpstream(t, (socket) => socket.pipe(socket));
}
