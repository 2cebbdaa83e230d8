import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { listenOn } from '../../core/listen.ts';
import { problem, type Parsed } from '../../core/parsed.ts';
import { formatHostPort } from '../server-url.ts';
import { describeSocketError } from '../socket-error.ts';
import type { LocalAddress } from './forward-words.ts';

/** Ports below are for services of the system. */
const leastOwnPort = 1024;

/** A listening socket on this machine, and the connections that came by it. */
export class LocalListener {
  readonly host: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** On the port that was asked for; where none was, on the likely one, or any if that is not free. */
  static async open(
    { host, port }: LocalAddress,
    likelyPort: number | undefined,
    onSocket: (socket: Socket) => void,
  ): Promise<Parsed<LocalListener>> {
    if (port !== undefined) return listen({ host, port }, onSocket);
    if (likelyPort !== undefined && likelyPort >= leastOwnPort) {
      const likely = await listen({ host, port: likelyPort }, onSocket);
      if (likely.ok) return likely;
    }
    return listen({ host, port: 0 }, onSocket);
  }

  constructor(host: string, server: Server, sockets: Set<Socket>) {
    this.host = host;
    this.#server = server;
    this.#sockets = sockets;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `127.0.0.1:5432` */
  get address(): string {
    return formatHostPort(this.host, this.port);
  }

  /** Listens no more, and ends what came by it. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function listen(
  address: { readonly host: string; readonly port: number },
  onSocket: (socket: Socket) => void,
): Promise<Parsed<LocalListener>> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  try {
    await listenOn(server, address, 'alone');
  } catch (error) {
    return problem(
      `cannot listen: ${describeSocketError(error as Error, formatHostPort(address.host, address.port))}`,
    );
  }
  server.on('error', () => undefined);
  return { ok: true, value: new LocalListener(address.host, server, sockets) };
}
