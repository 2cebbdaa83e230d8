import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * A port for a program that cannot choose one itself. It stays free only if nothing else uses the address, so that each test takes a
 * loopback address of its own (all of 127.0.0.0/8 is this machine).
 */
export async function freePort(address: string): Promise<number> {
  const server = createServer();
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
