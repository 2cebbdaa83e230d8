import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Teardown } from './fake-gateway.ts';

export interface LocalServer {
  readonly server: Server;
  readonly port: number;
  /** Connections so far. */
  readonly sockets: readonly Socket[];
}

/** A service on this machine: what it does with a connection is up to the test. */
export async function localServer(
  t: Teardown,
  onSocket: (socket: Socket) => void,
  listen: { port?: number; host?: string } | { path: string } = {},
): Promise<LocalServer> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen('path' in listen ? listen : { port: listen.port ?? 0, host: listen.host ?? '127.0.0.1' });
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { server, port: typeof address === 'string' ? 0 : (address as AddressInfo).port, sockets };
}

export function echoServer(
  t: Teardown,
  listen: { port?: number; host?: string } | { path: string } = {},
): Promise<LocalServer> {
  return localServer(t, (socket) => socket.pipe(socket), listen);
}

/** A port that nothing listens on. */
export async function freePort(t: Teardown): Promise<number> {
  const { server, port } = await echoServer(t);
  server.close();
  await once(server, 'close');
  return port;
}
