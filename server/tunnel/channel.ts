import { Duplex } from 'node:stream';
import { Backlog } from './backlog.ts';
import type { Channel } from './forward.ts';
import type { SshProtocol } from './ssh2-protocol.ts';

/** The most bytes that may be on their way to a channel or wait in it unread: what the peer is granted, RFC 4254 section 5.2. */
export const receiveWindowBytes = 1920 * 1024;
/** The largest CHANNEL_DATA payload that we accept. OpenSSH sends up to 32 KiB. */
export const maxPacketBytes = 32 * 1024;
/** Grants are sent in steps of this size: large enough to be rare, small enough to keep a long link full. */
const grantStepBytes = 128 * 1024;
/** What is kept as it came; more waits in the backlog. */
const readBufferBytes = 16 * 1024;
const writeBufferBytes = 64 * 1024;

/** What a channel needs of the connection that carries it. */
export interface ChannelCarrier {
  readonly protocol: Pick<
    SshProtocol,
    'channelData' | 'channelEOF' | 'channelClose' | 'channelWindowAdjust' | 'channelFailure'
  >;
  /** True once the connection is lost: nothing can be sent any more. */
  readonly gone: boolean;
  /** True while the SSH socket holds more than its bound of unsent bytes, or new keys are being exchanged. */
  readonly congested: boolean;
  /** Asks to be called (`resumeWrites`) when that is over. */
  park(channel: TunnelChannel): void;
  /** The channel has told the peer that it is closed. */
  closing(channel: TunnelChannel): void;
}

interface PendingWrite {
  readonly chunk: Buffer;
  readonly offset: number;
  readonly done: (error?: Error | null) => void;
}

/**
 * One SSH channel of a tunnel as a byte stream, from the gateway to an upstream.
 *
 * Flow control both ways: the peer is granted at most `receiveWindowBytes` minus what is still unread here, and writes wait for the
 * peer's window and for the SSH socket. `end()` sends EOF only (half-close); CLOSE follows when both directions are done, or on `destroy()`.
 * A CLOSE from the peer without EOF before it is an aborted stream: what came before it can still be read, then it fails with `ECONNRESET`.
 */
export class TunnelChannel extends Duplex implements Channel {
  readonly localId: number;
  readonly #remoteId: number;
  readonly #remotePacketBytes: number;
  readonly #carrier: ChannelCarrier;
  #sendWindow: number;
  #granted = receiveWindowBytes;
  #pending: PendingWrite | undefined;
  readonly #backlog = new Backlog();
  /** The reader has asked for more and got nothing since. */
  #wanted = true;
  #sentClose = false;
  #receivedEof = false;
  #receivedClose = false;
  #timeoutMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    carrier: ChannelCarrier,
    ids: { local: number; remote: number; window: number; packetBytes: number },
  ) {
    super({
      readableHighWaterMark: readBufferBytes,
      writableHighWaterMark: writeBufferBytes,
      allowHalfOpen: true,
    });
    this.#carrier = carrier;
    this.localId = ids.local;
    this.#remoteId = ids.remote;
    this.#sendWindow = ids.window;
    this.#remotePacketBytes = Math.max(1, Math.min(ids.packetBytes, maxPacketBytes));
  }

  get bufferedBytes(): number {
    return this.readableLength + this.#backlog.length;
  }

  // --- from the peer -------------------------------------------------------------------------------------------

  /** False when the peer sent more than it was granted: a violation that ends the whole connection. */
  receive(data: Buffer): boolean {
    if (data.length > this.#granted) return false;
    this.#granted -= data.length;
    if (this.destroyed || this.#receivedEof || this.#receivedClose) return true;
    this.#active();
    if (this.#wanted && this.#backlog.length === 0) this.#wanted = this.push(this.#unshared(data));
    else this.#backlog.append(data);
    this.#grant();
    return true;
  }

  receiveEof(): void {
    if (this.destroyed || this.#receivedEof) return;
    this.#receivedEof = true;
    if (this.#backlog.length === 0) this.push(null);
  }

  receiveClose(): void {
    this.#receivedClose = true;
    this.#sendClose();
    if (this.destroyed) return;
    this.resumeWrites();
    if (!this.#receivedEof) this.#resetWhenRead();
    else if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  receiveWindow(bytes: number): void {
    this.#sendWindow += bytes;
    this.resumeWrites();
  }

  /** A channel request that wants an answer. PuTTY measures the round trip with one that nobody knows, and counts the answers. */
  refuseRequest(): void {
    if (!this.#sentClose) this.#carrier.protocol.channelFailure(this.#remoteId);
  }

  resumeWrites(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    this.#send(pending);
  }

  // --- Duplex ----------------------------------------------------------------------------------------------------

  override _read(): void {
    this.#wanted = true;
    const data = this.#backlog.take();
    if (data !== undefined) {
      this.#wanted = this.push(data);
      if (this.#receivedEof && this.#backlog.length === 0) this.push(null);
    }
    this.#grant();
  }

  /** Also tells when an aborted stream has been read up to where it broke off. */
  override read(size?: number): unknown {
    const data: unknown = super.read(size);
    if (this.#receivedClose && !this.#receivedEof) this.#resetWhenRead();
    return data;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send({ chunk, offset: 0, done });
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#sentClose && !this.#carrier.gone) this.#carrier.protocol.channelEOF(this.#remoteId);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sendClose();
    this.#backlog.clear();
    this.#failPending(error ?? connectionReset('the channel was destroyed'));
    done(error);
  }

  #send(write: PendingWrite): void {
    const { chunk, done } = write;
    let { offset } = write;
    while (offset < chunk.length) {
      if (this.#sentClose) {
        // As with TCP, bytes for a peer that has closed go nowhere: an error would destroy what it sent before and is still unread.
        done(this.destroyed ? connectionReset('the channel is closed') : undefined);
        return;
      }
      if (this.#sendWindow === 0 || this.#carrier.congested) {
        this.#pending = { chunk, offset, done };
        if (this.#sendWindow > 0) this.#carrier.park(this);
        return;
      }
      const size = Math.min(chunk.length - offset, this.#sendWindow, this.#remotePacketBytes);
      const whole = offset === 0 && size === chunk.length;
      this.#carrier.protocol.channelData(
        this.#remoteId,
        whole ? chunk : chunk.subarray(offset, offset + size),
      );
      this.#sendWindow -= size;
      offset += size;
      this.#active();
    }
    done();
  }

  #grant(): void {
    if (this.#sentClose || this.#receivedEof || this.#carrier.gone) return;
    const bytes = receiveWindowBytes - this.#granted - this.bufferedBytes;
    if (bytes < grantStepBytes) return;
    this.#granted += bytes;
    this.#carrier.protocol.channelWindowAdjust(this.#remoteId, bytes);
  }

  #sendClose(): void {
    if (this.#sentClose) return;
    this.#sentClose = true;
    if (this.#carrier.gone) return;
    this.#carrier.protocol.channelClose(this.#remoteId);
    this.#carrier.closing(this);
  }

  /** What will wait is kept in a buffer of its own: a slice would hold on to the socket's whole read buffer. */
  #unshared(data: Buffer): Buffer {
    return this.readableLength > 0 && data.length * 2 < data.buffer.byteLength ? Buffer.from(data) : data;
  }

  #resetWhenRead(): void {
    if (this.bufferedBytes === 0) this.destroy(connectionReset('the peer closed the channel without an end'));
  }

  /** A write that waits when the stream ends must still call back, or its caller waits forever. */
  #failPending(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.done(error);
  }

  // --- what Node's HTTP client expects of a socket -----------------------------------------------------------------

  setTimeout(ms: number, callback?: () => void): this {
    this.#timeoutMs = ms;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (callback !== undefined) {
      if (ms === 0) this.removeListener('timeout', callback);
      else this.once('timeout', callback);
    }
    if (ms > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.emit('timeout'), ms);
      this.#timer.unref();
    }
    return this;
  }

  get timeout(): number {
    return this.#timeoutMs;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  #active(): void {
    this.#timer?.refresh();
  }
}

function connectionReset(message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}
