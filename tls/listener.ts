import type { Server, Socket } from 'node:net';
import { createServer, isIPv6 } from 'node:net';
import { PortholeError } from '../core/errors.ts';
import type { Closable } from '../core/lifecycle.ts';
import { Latch } from '../core/lifecycle.ts';
import { acceptedAll, listenOn, type ListenTarget, type Sharing } from '../core/listen.ts';

export interface ListenerOptions {
  readonly onSocket: (socket: Socket) => void;
  /** A connection could not be accepted, for want of descriptors for example. The listener goes on. */
  readonly onError: (error: Error) => void;
  /** `alone` if not given. */
  readonly sharing?: Sharing;
}

/** How long it may take until what the kernel has accepted for us is taken. */
const maxLastAcceptMs = 1000;

/** `HOST:PORT`, an IPv6 host in brackets. */
export function formatListenAddress({ host, port }: { host: string; port: number }): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${String(port)}`;
}

/**
 * A listening TCP socket and the connections that it accepted. `close()` stops listening at once and lets the connections
 * live; `destroy()` ends them too; `closed` settles when there are none left.
 */
export class Listener implements Closable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #ended = new Latch<string>();
  #shared = false;
  #accepted = 0;
  #reason: string | undefined;

  /** Rejects with ERR_PORT_IN_USE, or with ERR_CONFIG for any other reason that it cannot listen there. */
  static async open(target: ListenTarget, options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    await listener.#listen(target, options.sharing ?? 'alone');
    listener.#server.on('error', options.onError);
    return listener;
  }

  private constructor({ onSocket }: ListenerOptions) {
    // Half-open: a peer that has finished sending still gets its answer.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#accepted += 1;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      onSocket(socket);
    });
    this.#server.on('close', () => this.#ended.settle(this.#reason ?? 'closed'));
  }

  /** The address in use, with the port that the system chose if it was asked to (port 0). */
  get address(): { readonly host: string; readonly port: number } {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return { host: address ?? '', port: 0 };
    return { host: address.address, port: address.port };
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  /** Another process of this user may listen beside this one. */
  get shared(): boolean {
    return this.#shared;
  }

  /** Stops listening at once. */
  close(): Promise<void> {
    this.#server.close();
    return Promise.resolve();
  }

  /** Stops listening as soon as nothing is left in the kernel's queue: what is there at the close is reset. */
  async closeAfterLast(): Promise<void> {
    await acceptedAll(() => this.#accepted, maxLastAcceptMs);
    this.#server.close();
  }

  destroy(reason: string): void {
    this.#reason ??= reason;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listen(target: ListenTarget, sharing: Sharing): Promise<void> {
    try {
      this.#shared = await listenOn(this.#server, target, sharing);
    } catch (error) {
      throw listenError(error as NodeJS.ErrnoException, target);
    }
    if (typeof this.#server.address() !== 'string') return;
    this.#server.close();
    throw listenError(new Error('it is not a TCP socket'), target);
  }
}

/** What the system's error means for the operator. */
export function listenError(error: NodeJS.ErrnoException, target: ListenTarget): PortholeError {
  const where = 'fd' in target ? `descriptor ${String(target.fd)}` : formatListenAddress(target);
  if (error.code === 'EADDRINUSE') {
    return new PortholeError('ERR_PORT_IN_USE', {
      cause: error,
      message: `cannot listen on ${where}: the port is in use`,
    });
  }
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new PortholeError('ERR_CONFIG', { cause: error, message: `cannot listen on ${where}: ${reason}` });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'not permitted; ports below 1024 need the capability CAP_NET_BIND_SERVICE, or root',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is not known',
  EINVAL: 'it is not a listening socket',
  ENOTSUP: 'this system cannot share a port between two processes',
};
