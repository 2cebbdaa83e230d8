import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { TestScope } from '../support/scope.ts';

/** Starts a program for each connection, with the connection as its standard input and output; gives the port. */
export async function listenAsInetd(t: TestScope, file: string, args: readonly string[]): Promise<number> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    const child = spawn(file, args, { stdio: [socket, socket, 'ignore'] });
    child.on('error', (error) => {
      t.comment(`${file}: ${error.message}`);
    });
    // From here on the connection is the program's.
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
