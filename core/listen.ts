import { createServer, type Server } from 'node:net';

/** Where to listen: an address, or a socket that already listens and was handed over by its descriptor. */
export type ListenTarget = { readonly host: string; readonly port: number } | { readonly fd: number };

/**
 * With whom a listening socket shares its address. `alone`: with nobody, ever. `first`: with nobody who listens there now, but a successor
 * may join. `join`: with the process that it is the successor of.
 */
export type Sharing = 'alone' | 'first' | 'join';

/** Connections that the kernel keeps for us while the event loop is busy; it has its own, lower bound (`somaxconn`). */
const backlog = 4_096;

/**
 * Makes a server listen. Gives whether another process of this user may listen on the same address (SO_REUSEPORT; Linux spreads new
 * connections over them): false where the system cannot do that. Rejects with the system's error.
 */
export async function listenOn(server: Server, target: ListenTarget, sharing: Sharing): Promise<boolean> {
  if ('fd' in target) {
    await started(server, (done) => server.listen({ fd: target.fd }, backlog, done));
    return false;
  }
  if (sharing !== 'alone') {
    // SO_REUSEPORT would share the port with whatever else of this user has it too; a bind without it tells.
    if (sharing === 'first' && target.port !== 0) await probe(target);
    if (await listenShared(server, target, sharing)) return true;
  }
  await started(server, (done) => server.listen({ ...target, backlog }, done));
  return false;
}

/** False where the system cannot share a port. */
async function listenShared(
  server: Server,
  target: { readonly host: string; readonly port: number },
  sharing: Sharing,
): Promise<boolean> {
  try {
    await started(server, (done) => server.listen({ ...target, backlog, reusePort: true }, done));
    return true;
  } catch (error) {
    const unsupported = (error as NodeJS.ErrnoException).code === 'ENOTSUP';
    if (unsupported && sharing === 'first') return false;
    throw error;
  }
}

async function probe(target: { readonly host: string; readonly port: number }): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  await started(server, (done) => server.listen(target, done));
  await new Promise<void>((settle) => {
    server.close(() => settle());
  });
}

function started(server: Server, listen: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    listen(() => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Settles when, for several turns of the event loop, `count` has not grown: nothing is left in the accept queue. Bounded by `maxMs`. */
export async function acceptedAll(count: () => number, maxMs: number): Promise<void> {
  const end = performance.now() + maxMs;
  for (let quietTurns = 0, seen = count(); quietTurns < minQuietTurns && performance.now() < end;) {
    await new Promise<void>((settle) => void setImmediate(settle));
    quietTurns = count() === seen ? quietTurns + 1 : 0;
    seen = count();
  }
}

const minQuietTurns = 5;
