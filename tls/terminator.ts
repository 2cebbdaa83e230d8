import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, createServer } from 'node:tls';
import type { SecureContext, SecureContextOptions, Server, TLSSocket } from 'node:tls';
import type { CertificatePair, CertificateSource } from './certificate-source.ts';
import { Lru } from './lru.ts';
import * as policy from './policy.ts';

export interface TerminatorOptions {
  readonly certificates: CertificateSource;
  readonly handshakeTimeoutMs: number;
  /** Told of every handshake that failed, with OpenSSL's or Node's code. */
  readonly onError: (code: string) => void;
  readonly ticketKeyLifetimeMs?: number;
}

/** A context is some 50 KB, and costs about as much to make as a handshake. */
const maxNamedContexts = 256;

/**
 * Ends TLS: turns a socket that starts with a ClientHello into a TLS socket. It is one real `tls.Server` that never
 * listens, because only that enforces the handshake timeout; certificates are swapped without touching live connections.
 */
export class Terminator {
  readonly #server: Server;
  readonly #options: TerminatorOptions;
  /** The handshakes that run, by the addresses of the connection: all that both kinds of socket have in common. */
  readonly #handshakes = new Map<string, (socket: TLSSocket) => void>();
  readonly #named = new Lru<SecureContext>(maxNamedContexts);
  readonly #endings: readonly (() => void)[];
  #ticketKeys = randomBytes(48);

  constructor(options: TerminatorOptions) {
    this.#options = options;
    this.#server = this.#createServer();
    this.#server.on('secureConnection', (socket) => {
      this.#secured(socket);
    });
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      options.onError(error.code ?? 'ERR_TLS');
      socket.destroy();
    });
    const rotation = setInterval(() => {
      this.#ticketKeys = randomBytes(48);
      this.#server.setTicketKeys(this.#ticketKeys);
    }, options.ticketKeyLifetimeMs ?? policy.ticketKeyLifetimeMs).unref();
    this.#endings = [
      () => {
        clearInterval(rotation);
      },
      options.certificates.onChange(() => {
        this.#reload();
      }),
    ];
  }

  /** The TLS socket, or `undefined` if the handshake failed; in that case the socket is or will be destroyed. */
  handshake(socket: Socket): Promise<TLSSocket | undefined> {
    if (socket.destroyed) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<TLSSocket | undefined>();
    const key = connectionKey(socket);
    const onSecure = (tlsSocket: TLSSocket): void => {
      this.#handshakes.delete(key);
      socket.off('close', onClose);
      resolve(tlsSocket);
    };
    const onClose = (): void => {
      // The peer may already use the same port again.
      if (this.#handshakes.get(key) === onSecure) this.#handshakes.delete(key);
      resolve(undefined);
    };
    this.#handshakes.set(key, onSecure);
    socket.once('close', onClose);
    // A peer that ends in the middle of a handshake has given up: half-open counts only once it is done.
    const { allowHalfOpen } = socket;
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
    socket.allowHalfOpen = allowHalfOpen;
    return promise;
  }

  /** Stops following the certificates. */
  close(): void {
    for (const end of this.#endings) end();
  }

  #createServer(): Server {
    const { certificates, handshakeTimeoutMs } = this.#options;
    return createServer({
      ...this.#contextOptions(certificates.current),
      handshakeTimeout: handshakeTimeoutMs,
      ALPNProtocols: [...policy.alpnProtocols],
      ...(certificates.forName === undefined
        ? {}
        : {
            SNICallback: (servername: string, done: (error: null, context?: SecureContext) => void) => {
              done(null, this.#contextFor(servername.toLowerCase()));
            },
          }),
    });
  }

  #contextOptions(pair: CertificatePair): SecureContextOptions {
    return {
      cert: pair.cert,
      key: pair.key,
      minVersion: policy.minVersion,
      ciphers: policy.cipherSuites,
      ecdhCurve: policy.groups,
      secureOptions: policy.secureOptions,
      // A session is good for any certificate that we have or will have: it is ours by its ticket key.
      sessionIdContext: 'porthole',
      sessionTimeout: policy.sessionLifetimeSeconds,
      ticketKeys: this.#ticketKeys,
    };
  }

  #reload(): void {
    this.#named.clear();
    this.#server.setSecureContext(this.#contextOptions(this.#options.certificates.current));
  }

  #contextFor(servername: string): SecureContext | undefined {
    const known = this.#named.get(servername);
    if (known !== undefined) return known;
    const pair = this.#options.certificates.forName?.(servername);
    if (pair === undefined) return undefined;
    const context = createSecureContext(this.#contextOptions(pair));
    this.#named.set(servername, context);
    return context;
  }

  #secured(tlsSocket: TLSSocket): void {
    tlsSocket.on('error', () => undefined);
    tlsSocket.allowHalfOpen = true;
    const onSecure = this.#handshakes.get(connectionKey(tlsSocket));
    // Nobody waits for it: the peer was gone before it got here, and so are its addresses.
    if (onSecure === undefined) tlsSocket.destroy();
    else onSecure(tlsSocket);
  }
}

function connectionKey({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}
