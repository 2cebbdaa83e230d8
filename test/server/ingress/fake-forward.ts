import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Access, ForwardOptions } from '../../../core/forward.ts';
import type { RouteName } from '../../../core/names.ts';
import { ChannelOpenError } from '../../../server/tunnel/forward.ts';
import type { Channel, ChannelFailure, Forward, Origin } from '../../../server/tunnel/forward.ts';

/** A byte stream as a tunnel gives it: not a socket, half-closed by `end`, reset by `destroy`. */
class FakeChannel extends Duplex implements Channel {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true, readableHighWaterMark: 64 * 1024, writableHighWaterMark: 64 * 1024 });
    this.#socket = socket;
    socket
      .on('data', (chunk) => {
        if (!this.push(chunk)) socket.pause();
      })
      .on('end', () => this.push(null))
      .on('close', () => {
        // Like CLOSE without EOF.
        if (!socket.readableEnded) this.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
      });
  }

  get bufferedBytes(): number {
    return this.readableLength;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  setTimeout(): this {
    return this;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

/** A forward whose channels are TCP connections to a port of this machine, with what a tunnel can do to them. */
export class FakeForward implements Forward {
  readonly id: string;
  readonly tunnelId: string;
  readonly owner = 'ann';
  readonly route: RouteName;
  readonly request = { kind: 'tcpip' as const, bindAddr: 'web', bindPort: 80 };
  readonly options: ForwardOptions;
  readonly access: Access;
  readonly origins: Origin[] = [];
  readonly channels = new Set<FakeChannel>();
  live = true;
  draining = false;
  silentMs = 0;
  readonly load = { requests: 0 };
  readonly closed: Promise<string>;
  /** When set, the opening fails so. */
  failure: ChannelFailure | undefined;
  /** When set, the opening waits for it. */
  gate: Promise<unknown> | undefined;
  readonly #port: number;
  readonly #close: (reason: string) => void;

  constructor(
    port: number,
    options: Partial<Pick<Forward, 'route' | 'options' | 'access' | 'tunnelId'>> = {},
  ) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    this.#close = resolve;
    this.#port = port;
    this.tunnelId = options.tunnelId ?? 'tunnel-1';
    this.id = `${this.tunnelId}/1`;
    this.route = options.route ?? { env: 'pr-1', service: 'web', port: undefined };
    this.options = options.options ?? {};
    this.access = options.access ?? 'public';
  }

  async openChannel(origin: Origin): Promise<Channel> {
    this.origins.push(origin);
    if (this.gate !== undefined) await this.gate;
    if (!this.live) throw new ChannelOpenError({ kind: 'gone' });
    if (this.failure !== undefined) throw new ChannelOpenError(this.failure);
    const socket = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    await once(socket, 'connect');
    const channel = new FakeChannel(socket);
    this.channels.add(channel);
    channel.once('close', () => this.channels.delete(channel));
    return channel;
  }

  /** The forward is cancelled; its tunnel, and what runs in it, stays. */
  withdraw(): void {
    this.live = false;
    this.#close('withdrawn');
  }

  /** The tunnel is lost: the route goes first, then the channels. */
  lose(error?: Error): void {
    this.live = false;
    for (const channel of this.channels) channel.destroy(error);
    this.#close('lost');
  }
}
