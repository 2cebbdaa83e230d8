import { Backlog } from './backlog.ts';
import { SocketStream } from './socket-stream.ts';
import type { SshProtocol } from './ssh2-protocol.ts';

/**
 * The most bytes that may be on their way to a channel or wait in it unread: what the peer is granted, RFC 4254 section 5.2.
 * Constant: what is granted cannot be taken back from a peer whose bytes nobody reads.
 */
export const receiveWindowBytes = 1920 * 1024;
/** The largest CHANNEL_DATA payload that we accept. OpenSSH sends up to 32 KiB. */
export const maxPacketBytes = 32 * 1024;
/** No peer takes less at a time; one that asked for packets of a byte would keep the event loop busy for everybody. */
export const minPacketBytes = 1024;
/** Grants are sent in steps of this size: large enough to be rare, small enough to keep a long link full. */
const grantStepBytes = 128 * 1024;
/** What is kept as it came; more waits in the backlog. */
const readBufferBytes = 16 * 1024;
const writeBufferBytes = 64 * 1024;
/** How long the rest of an aborted stream is kept for a reader that does not go on. */
const abortedRestMs = 30_000;

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
  park(channel: SshChannel): void;
  /** The channel has told the peer that it is closed. */
  closing(channel: SshChannel): void;
}

export interface ChannelNumbers {
  readonly localId: number;
  readonly remoteId: number;
  /** What may be sent before the first WINDOW_ADJUST. */
  readonly sendWindow: number;
  readonly remotePacketBytes: number;
}

type WriteCallback = (error?: Error | null) => void;

interface PendingWrite {
  readonly chunk: Buffer;
  readonly offset: number;
  readonly done: WriteCallback;
}

/**
 * One SSH channel as a byte stream, on either side: what a gateway opens to an upstream, or a client joins to a local service.
 *
 * Flow control both ways: the peer is granted at most `receiveWindowBytes` minus what is still unread here, and writes wait for the
 * peer's window and for the SSH socket. `end()` sends EOF only (half-close); CLOSE follows when both directions are done, or on `destroy()`.
 * A CLOSE from the peer without EOF before it is an aborted stream: what came before it can still be read, then it fails with `ECONNRESET`.
 */
export class SshChannel extends SocketStream {
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
  #abortedRest: NodeJS.Timeout | undefined;

  constructor(carrier: ChannelCarrier, numbers: ChannelNumbers) {
    super({
      readableHighWaterMark: readBufferBytes,
      writableHighWaterMark: writeBufferBytes,
      allowHalfOpen: true,
    });
    this.#carrier = carrier;
    this.localId = numbers.localId;
    this.#remoteId = numbers.remoteId;
    this.#sendWindow = numbers.sendWindow;
    this.#remotePacketBytes = Math.max(1, Math.min(numbers.remotePacketBytes, maxPacketBytes));
  }

  /** Bytes received that nobody has read yet. */
  get bufferedBytes(): number {
    return this.readableLength + this.#backlog.length;
  }

  // --- from the peer -------------------------------------------------------------------------------------------

  /** False when the peer sent more than it was granted: a violation that ends the whole connection. */
  receive(data: Buffer): boolean {
    if (data.length > this.#granted) return false;
    this.#granted -= data.length;
    if (this.destroyed || this.#receivedEof || this.#receivedClose) return true;
    this.active();
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
    this.#send(pending.chunk, pending.offset, pending.done);
  }

  // --- the stream ----------------------------------------------------------------------------------------------------

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

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: WriteCallback): void {
    this.#send(chunk, 0, done);
  }

  override _final(done: WriteCallback): void {
    if (!this.#sentClose && !this.#carrier.gone) this.#carrier.protocol.channelEOF(this.#remoteId);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#abortedRest);
    this.#sendClose();
    this.#backlog.clear();
    this.#failPending(error ?? connectionReset('the channel was destroyed'));
    super._destroy(error, done);
  }

  #send(chunk: Buffer, from: number, done: WriteCallback): void {
    let offset = from;
    while (offset < chunk.length) {
      if (this.#sentClose || this.#carrier.gone) {
        this.#dropWrite(done);
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
      this.active();
    }
    done();
  }

  /** As with TCP, bytes for a peer that has closed go nowhere: an error would destroy what it sent before and is still unread. */
  #dropWrite(done: WriteCallback): void {
    const isLost = this.destroyed || this.#carrier.gone;
    done(isLost ? connectionReset('the channel is closed') : undefined);
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

  /** Called again for each read. The peer waits for nothing any more, so a reader that has stopped must not keep the rest for ever. */
  #resetWhenRead(): void {
    if (this.destroyed) return;
    if (this.bufferedBytes === 0) this.#resetByPeer();
    else if (this.#abortedRest !== undefined) this.#abortedRest.refresh();
    else this.#abortedRest = setTimeout(() => this.#resetByPeer(), abortedRestMs).unref();
  }

  #resetByPeer(): void {
    this.destroy(connectionReset('the peer closed the channel without an end'));
  }

  /** A write that waits when the stream ends must still call back, or its caller waits forever. */
  #failPending(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.done(error);
  }
}

function connectionReset(message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}
