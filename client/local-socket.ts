import { Socket } from 'node:net';
import { describeSocketError } from './socket-error.ts';
import type { LocalTarget } from './target.ts';

export type LocalConnection =
  | { readonly kind: 'connected'; readonly socket: Socket }
  | { readonly kind: 'failed'; readonly code: string; readonly problem: string };

/**
 * A connection to a service on this machine, half-open on demand. Its first host's error is the one that is
 * told.
 */
export async function connectLocal(target: LocalTarget, timeoutMs: number): Promise<LocalConnection> {
  if (target.kind === 'unix') return connectOnce({ path: target.path }, timeoutMs);
  const { port, hosts } = target;
  const [firstHost, ...otherHosts] = hosts;
  const first = await connectOnce({ host: firstHost, port }, timeoutMs);
  for (const host of otherHosts) {
    if (first.kind === 'connected' || first.code !== 'ECONNREFUSED') break;
    const next = await connectOnce({ host, port }, timeoutMs);
    if (next.kind === 'connected') return next;
  }
  return first;
}

type Address = { readonly path: string } | { readonly host: string; readonly port: number };

function connectOnce(address: Address, timeoutMs: number): Promise<LocalConnection> {
  return new Promise((resolve) => {
    const where = 'path' in address ? address.path : `${address.host}:${address.port}`;
    const fail = (code: string, problem: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ kind: 'failed', code, problem });
    };
    const socket = new Socket({ allowHalfOpen: true }).setNoDelay(true);
    const timer = setTimeout(() => fail('ETIMEDOUT', `connect ETIMEDOUT ${where}`), timeoutMs);
    // Stays for the socket's whole life: who takes the socket over learns of errors by its own listener or
    // 'close'.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      fail(error.code ?? '', describeSocketError(error, where)),
    );
    socket.connect(address, () => {
      clearTimeout(timer);
      resolve({ kind: 'connected', socket });
    });
  });
}
