import { connect, type Socket } from 'node:net';
import { lookup } from '../localhost-lookup.ts';
import { formatHostPort, type ServerAddress } from '../server-url.ts';
import { describeSocketError } from '../socket-error.ts';
import { failed, fine, type Verdict } from './check.ts';

export type TcpFacts =
  | { readonly kind: 'connected'; readonly address: string; readonly ms: number }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string };

const timeoutMs = 10_000;

/** Connects and hangs up. */
export function tryTcp({ host, port }: Pick<ServerAddress, 'host' | 'port'>): Promise<TcpFacts> {
  const start = performance.now();
  return new Promise((resolve) => {
    const settle = (facts: TcpFacts): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(facts);
    };
    const socket: Socket = connect({ host, port, lookup });
    const timer = setTimeout(() => settle({ kind: 'failed', code: 'ETIMEDOUT', reason: '' }), timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const { code = firstCode(error) } = error;
      settle({ kind: 'failed', code, reason: describeSocketError(error, formatHostPort(host, port)) });
    });
    socket.once('connect', () =>
      settle({ kind: 'connected', address: socket.remoteAddress ?? host, ms: performance.now() - start }),
    );
  });
}

export function judgeTcp({ host, port }: Pick<ServerAddress, 'host' | 'port'>, facts: TcpFacts): Verdict {
  const where = formatHostPort(host, port);
  if (facts.kind === 'connected')
    return fine(`${where} answers (${facts.address}, ${Math.max(1, Math.round(facts.ms))} ms)`);
  switch (facts.code) {
    case 'ECONNREFUSED':
      return failed(
        `nothing listens on ${where}`,
        `check the port in --server, and that portholed runs there; its log says "listening" with its addresses`,
      );
    case 'ETIMEDOUT':
      return failed(
        `${where} does not answer`,
        `a firewall on the way drops the connection: allow TCP to port ${port}, here (outgoing) and at the gateway`,
      );
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return failed(
        `there is no way to ${where} (${facts.code})`,
        "check this machine's network, VPN and routes",
      );
    default:
      return failed(`${where} cannot be reached: ${facts.reason}`, "check this machine's network");
  }
}

function firstCode(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return (first as NodeJS.ErrnoException | undefined)?.code ?? '';
}
