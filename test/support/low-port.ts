import { once } from 'node:events';
import { createServer } from 'node:net';

const [from, to] = [10_000, 30_000];

/** A port of 127.0.0.1 that nothing uses now, for a program that cannot choose one itself; below those that the kernel gives to connections. */
export async function lowPort(): Promise<number> {
  for (;;) {
    const port = from + Math.floor(Math.random() * (to - from));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  const listening = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (!listening) return false;
  server.close();
  await once(server, 'close');
  return true;
}
