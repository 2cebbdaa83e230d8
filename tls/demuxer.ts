import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Closable } from '../core/lifecycle.ts';
import { Latch } from '../core/lifecycle.ts';
import type { CertificateSource } from './certificate-source.ts';
import type { ConnectionInfo } from './connection-info.ts';
import { captureInfo } from './connection-info.ts';
import type { DemuxerEvent } from './demuxer-event.ts';
import { HandshakeQueue, type LoginRoom } from './handshake-queue.ts';
import type { Networks } from './networks.ts';
import { PendingSockets } from './pending.ts';
import type { Expected, Recognised } from './recogniser.ts';
import { Recogniser } from './recogniser.ts';
import { Terminator } from './terminator.ts';

/**
 * Where connections go once it is known what they are. The socket is as if untouched: no byte is gone, it does not flow
 * yet, and has Nagle's algorithm off. It is the handler's from then on.
 */
export interface DemuxerHandlers {
  /** SSH, raw or inside TLS. */
  onSsh(socket: Socket, info: ConnectionInfo): void;
  /** HTTP/1 inside TLS. */
  onHttp(socket: TLSSocket, info: ConnectionInfo): void;
  /** HTTP/2 inside TLS. */
  onHttp2(socket: TLSSocket, info: ConnectionInfo): void;
  onPlainHttp(socket: Socket, info: ConnectionInfo): void;
}

/** What a demuxer needs, and its limits, which all have defaults. */
export interface DemuxerOptions {
  readonly handlers: DemuxerHandlers;
  readonly certificates: CertificateSource;
  /** Peers whose PROXY headers count; from all others one is garbage. */
  readonly proxyNetworks?: Networks;
  readonly sniffTimeoutMs?: number;
  /** A peer that has not sent a byte for so long waits for an SSH server. */
  readonly silenceMs?: number;
  readonly tlsHandshakeTimeoutMs?: number;
  /** How many connections may be undecided at a time. */
  readonly maxPending?: number;
  readonly maxPendingPerSource?: number;
  /** How many more connections may log in by SSH: more than those wait for it before their TLS handshake. */
  readonly loginRoom?: (address: string) => LoginRoom;
  /** Whether nobody may log in by SSH from there now: whoever offers only that is dropped before the TLS handshake. */
  readonly isBlocked?: (address: string) => boolean;
  readonly onEvent?: (event: DemuxerEvent) => void;
}

const defaults = {
  sniffTimeoutMs: 5_000,
  silenceMs: 3_000,
  tlsHandshakeTimeoutMs: 10_000,
  maxPending: 4_096,
  maxPendingPerSource: 1_024,
  loginRoom: (): LoginRoom => ({ inAll: Infinity, ofSource: Infinity }),
  isBlocked: (): boolean => false,
  onEvent: (): void => undefined,
};
const keepAliveDelayMs = 30_000;

/**
 * Tells TLS, SSH and HTTP apart on one port, and hands each connection on with what is known of it. Until then a
 * connection is bounded in time, bytes and number; afterwards it is no concern of the demuxer's.
 */
export class Demuxer implements Closable {
  readonly #handlers: DemuxerHandlers;
  readonly #proxyNetworks: Networks | undefined;
  readonly #onEvent: (event: DemuxerEvent) => void;
  readonly #terminator: Terminator;
  readonly #recogniser: Recogniser;
  readonly #pending: PendingSockets;
  readonly #ended = new Latch<string>();
  #closing = false;

  constructor(options: DemuxerOptions) {
    const { sniffTimeoutMs, silenceMs, tlsHandshakeTimeoutMs, loginRoom, isBlocked, onEvent, ...limits } = {
      ...defaults,
      ...options,
    };
    this.#handlers = options.handlers;
    this.#proxyNetworks = options.proxyNetworks;
    this.#onEvent = onEvent;
    this.#terminator = new Terminator({
      certificates: options.certificates,
      handshakeTimeoutMs: tlsHandshakeTimeoutMs,
      onError(code) {
        onEvent({ kind: 'handshake-failed', code });
      },
    });
    const queue = new HandshakeQueue({ loginRoom, patienceMs: tlsHandshakeTimeoutMs });
    const terminator = this.#terminator;
    this.#recogniser = new Recogniser({ terminator, queue, sniffTimeoutMs, silenceMs, isBlocked, onEvent });
    this.#pending = new PendingSockets(limits, (socket) => {
      onEvent({ kind: 'evicted' });
      socket.destroy();
    });
  }

  /** How many connections are undecided. */
  get pending(): number {
    return this.#pending.size;
  }

  get closed(): Promise<string> {
    return this.#ended.promise;
  }

  /** Takes over a socket that was just accepted, by a listener with `allowHalfOpen`. */
  accept(socket: Socket, expected: Expected = 'any'): void {
    socket.on('error', () => undefined);
    const info = captureInfo(socket);
    if (info === undefined || this.#closing) {
      this.#onEvent({ kind: 'refused' });
      socket.destroy();
      return;
    }
    this.#onEvent({ kind: 'accepted' });
    socket.setNoDelay(true).setKeepAlive(true, keepAliveDelayMs);
    this.#demux(socket, info, expected).catch((error: unknown) => {
      socket.destroy();
      this.#onEvent({ kind: 'failed', error });
    });
  }

  /** Refuses new connections; settles when those that are undecided are handed on or gone, which their deadlines bound. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#endIfDone();
    await this.closed;
  }

  /** Ends all undecided connections. Those that were handed on are not touched. */
  destroy(reason: string): void {
    this.#closing = true;
    for (const socket of this.#pending) socket.destroy();
    this.#end(reason);
  }

  async #demux(socket: Socket, info: ConnectionInfo, expected: Expected): Promise<void> {
    const recognised = await this.#recognise(socket, info, expected);
    this.#pending.delete(socket);
    this.#endIfDone();
    // Whatever the peer did meanwhile: a handler gets only sockets that live.
    if (recognised === undefined || recognised.socket.destroyed) socket.destroy();
    else this.#handOn(recognised);
  }

  #recognise(socket: Socket, info: ConnectionInfo, expected: Expected): Promise<Recognised | undefined> {
    if (this.#proxyNetworks?.contains(info.remoteAddress) !== true) {
      this.#pending.add(socket, info.remoteAddress);
      return this.#recogniser.recognise(socket, info, expected);
    }
    // A proxy speaks for many: it is not one source.
    this.#pending.add(socket, undefined);
    return this.#recogniser.recogniseProxied(socket, info, expected, ({ viaProxy, remoteAddress }) => {
      if (viaProxy) this.#pending.add(socket, remoteAddress);
    });
  }

  #handOn({ kind, socket, info }: Recognised): void {
    switch (kind) {
      case 'ssh':
        this.#handlers.onSsh(socket, info);
        break;
      case 'plain-http':
        this.#handlers.onPlainHttp(socket, info);
        break;
      case 'http':
        this.#handlers.onHttp(socket, info);
        break;
      case 'http2':
        this.#handlers.onHttp2(socket, info);
    }
  }

  #endIfDone(): void {
    if (this.#closing && this.#pending.size === 0) this.#end('closed');
  }

  #end(reason: string): void {
    this.#terminator.close();
    this.#ended.settle(reason);
  }
}
