import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createLog } from '../../../core/log.ts';
import { isOriginOf } from '../../../server/access/origins.ts';
import type {
  ConnectionInfo,
  IngressDependencies,
  IngressLimits,
  RequestEntry,
} from '../../../server/ingress/dependencies.ts';
import { createIngress } from '../../../server/ingress/ingress.ts';
import type { Ingress } from '../../../server/ingress/ingress.ts';
import { FakeDoorkeeper } from './fake-doorkeeper.ts';
import { domain, FakeRouter } from './fake-router.ts';
import { listen } from './sockets.ts';
import type { Teardown } from './sockets.ts';

const publicAddress = { protocol: 'https', port: 443 } as const;

export const limits: IngressLimits = {
  headerTimeoutMs: 10_000,
  maxHeaderBytes: 32 * 1024,
  responseTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  streamIdleTimeoutMs: 20_000,
  holdMs: 10_000,
  maxHeldBytesPerEnv: 32 * 1024 * 1024,
  maxHeldBytes: 128 * 1024 * 1024,
  maxRequests: 512,
  maxRequestsTotal: 10_000,
  keepAliveMs: 10_000,
  tlsHandshakeTimeoutMs: 5000,
};

export interface GatewayOptions {
  readonly limits?: Partial<IngressLimits>;
  readonly deps?: Partial<IngressDependencies>;
  readonly info?: Partial<ConnectionInfo>;
  /** Peers of these addresses are proxies. */
  readonly trusted?: readonly string[];
}

export interface Gateway {
  readonly ingress: Ingress;
  readonly router: FakeRouter;
  readonly doorkeeper: FakeDoorkeeper;
  /** Connections to these are given to the ingress as if TLS had been ended; the first as HTTP/1.1, the second as HTTP/2. */
  readonly port: number;
  readonly http2Port: number;
  readonly plainPort: number;
  readonly entries: RequestEntry[];
  readonly lines: Record<string, unknown>[];
  readonly counted: { retried: number; reused: number; opened: number };
  /** Settles when so many requests are over. */
  over(count: number): Promise<readonly RequestEntry[]>;
}

export async function startGateway(t: Teardown, options: GatewayOptions = {}): Promise<Gateway> {
  const router = new FakeRouter();
  const doorkeeper = new FakeDoorkeeper();
  const entries: RequestEntry[] = [];
  const lines: Record<string, unknown>[] = [];
  const waiting: { count: number; resolve: (entries: readonly RequestEntry[]) => void }[] = [];
  const counted = { retried: 0, reused: 0, opened: 0 };
  const ingress = createIngress({
    router,
    doorkeeper,
    log: createLog({
      level: 'debug',
      format: 'json',
      destination: { write: (line) => lines.push(JSON.parse(line)) },
    }),
    metrics: {
      requestEnded: (entry) => {
        entries.push(entry);
        for (const waiter of waiting) if (entries.length >= waiter.count) waiter.resolve(entries);
      },
      requestRetried: () => (counted.retried += 1),
      channelUsed: (reused) => (reused ? (counted.reused += 1) : (counted.opened += 1)),
    },
    limits: { ...limits, ...options.limits },
    domain,
    publicAddress,
    publicByDefault: false,
    isTrustedProxy: (address) => options.trusted?.includes(address) === true,
    mayRead: (origin, env) => isOriginOf(origin, env, { domain, publicAddress }),
    ownerMark: ({ env, owner, sinceMs }) => `${env}-${owner}-${String(sinceMs)}`,
    ready: () => true,
    now: () => Date.now(),
    ...options.deps,
  });
  const info = (socket: Socket): ConnectionInfo => ({
    remoteAddress: socket.remoteAddress ?? '127.0.0.1',
    remotePort: socket.remotePort ?? 1,
    secure: true,
    servername: undefined,
    ...options.info,
  });
  const feed = (accept: (socket: Socket) => void): Promise<number> =>
    listen(
      t,
      createServer({ allowHalfOpen: true }, (socket) => accept(socket)),
    );
  const gateway: Gateway = {
    ingress,
    router,
    doorkeeper,
    port: await feed((socket) => ingress.handleHttp1(socket, info(socket))),
    http2Port: await feed((socket) => ingress.handleHttp2(socket, info(socket))),
    plainPort: await feed((socket) => ingress.handlePlainHttp(socket, { ...info(socket), secure: false })),
    entries,
    lines,
    counted,
    over: (count) =>
      new Promise((resolve) => {
        if (entries.length >= count) resolve(entries);
        else waiting.push({ count, resolve });
      }),
  };
  t.teardown(() => ingress.destroy('test over'));
  return gateway;
}
