import { Duplex } from 'node:stream';
import type { SshProtocol } from './ssh2-protocol.ts';

/**
 * The most bytes that the peer may have on their way to a channel or waiting in it unread (RFC 4254 section
 * 5.2).
 */
export const receiveWindowBytes = 2 * 1024 * 1024;
/** The largest CHANNEL_DATA payload that is sent or taken. */
export const maxPacketBytes = 32 * 1024;
/**
 * The window is granted anew in steps of this size: large enough to be rare, small enough to keep a long link
 * full.
 */
const grantStepBytes = 128 * 1024;
const streamBufferBytes = 64 * 1024;

/** What a channel needs of the connection that carries it. */
export interface ChannelCarrier {
  readonly protocol: Pick<SshProtocol, 'channelData' | 'channelEOF' | 'channelClose' | 'channelWindowAdjust'>;
  /** True once the connection is lost: nothing can be sent any more. */
  readonly gone: boolean;
  /** True while the SSH socket holds more than its bound of unsent bytes. */
  readonly congested: boolean;
  /** Asks for a call of `resumeWrites` when the SSH socket has drained. */
  park(channel: ForwardedChannel): void;
  /** The channel has sent CLOSE. */
  closing(channel: ForwardedChannel): void;
}

export interface ChannelNumbers {
  readonly localId: number;
  readonly remoteId: number;
  /** What may be sent before the first WINDOW_ADJUST. */
  readonly sendWindow: number;
  readonly remotePacketBytes: number;
}

interface PendingWrite {
  readonly chunk: Buffer;
  readonly offset: number;
  readonly done: (error?: Error | null) => void;
}

/**
 * One SSH channel that the gateway opened, as a byte stream.
 *
 * `end()` sends EOF only (half-close); CLOSE follows when both directions are done, or with `destroy()`,
 * which sends it without EOF: the gateway takes that for an aborted stream, and so does this side when it
 * receives one. The peer's window, the window granted to it and the SSH socket's own buffer all hold writers
 * back, so that a stalled channel costs at most `receiveWindowBytes`.
 */
export class ForwardedChannel extends Duplex {
  readonly localId: number;
  readonly #remoteId: number;
  readonly #remotePacketBytes: number;
  readonly #carrier: ChannelCarrier;
  #sendWindow: number;
  #granted = receiveWindowBytes;
  #pending: PendingWrite | undefined;
  #sentClose = false;
  #receivedEof = false;

  constructor(carrier: ChannelCarrier, numbers: ChannelNumbers) {
    super({
      readableHighWaterMark: streamBufferBytes,
      writableHighWaterMark: streamBufferBytes,
      decodeStrings: true,
    });
    this.#carrier = carrier;
    this.localId = numbers.localId;
    this.#remoteId = numbers.remoteId;
    this.#sendWindow = numbers.sendWindow;
    this.#remotePacketBytes = Math.max(1, Math.min(numbers.remotePacketBytes, maxPacketBytes));
    // Who bridges the channel adds a listener; this one covers the time before and after.
    this.on('error', () => undefined);
  }

  /** False when the peer sent more than it was granted: a violation that ends the whole connection. */
  receive(data: Buffer): boolean {
    if (data.length > this.#granted) return false;
    this.#granted -= data.length;
    if (this.destroyed || this.#receivedEof) return true;
    // What waits unread is kept in buffers of its own size: a slice would hold on to the socket's whole read
    // buffer.
    const waits = this.readableLength > 0 && data.length * 2 < data.buffer.byteLength;
    this.push(waits ? Buffer.from(data) : data);
    this.#grant();
    return true;
  }

  receiveEof(): void {
    if (this.destroyed || this.#receivedEof) return;
    this.#receivedEof = true;
    this.push(null);
  }

  receiveClose(): void {
    this.#sendClose();
    if (this.destroyed) return;
    if (!this.#receivedEof) {
      this.destroy(connectionReset('the gateway closed the channel before its end'));
      return;
    }
    this.#failPending(connectionReset('the gateway closed the channel'));
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  receiveWindow(bytes: number): void {
    this.#sendWindow += bytes;
    this.resumeWrites();
  }

  resumeWrites(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    this.#send(pending);
  }

  override _read(): void {
    this.#grant();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send({ chunk, offset: 0, done });
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#sentClose && !this.#carrier.gone) this.#carrier.protocol.channelEOF(this.#remoteId);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#sendClose();
    this.#failPending(error ?? connectionReset('the channel was destroyed'));
    done(error);
  }

  #send(write: PendingWrite): void {
    const { chunk, done } = write;
    let { offset } = write;
    while (offset < chunk.length) {
      if (this.#sentClose || this.#carrier.gone) {
        done(connectionReset('the channel is closed'));
        return;
      }
      if (this.#sendWindow === 0 || this.#carrier.congested) {
        this.#pending = { chunk, offset, done };
        if (this.#sendWindow > 0) this.#carrier.park(this);
        return;
      }
      const size = Math.min(chunk.length - offset, this.#sendWindow, this.#remotePacketBytes);
      const whole = size === chunk.length;
      this.#carrier.protocol.channelData(
        this.#remoteId,
        whole ? chunk : chunk.subarray(offset, offset + size),
      );
      this.#sendWindow -= size;
      offset += size;
    }
    done();
  }

  #grant(): void {
    if (this.#sentClose || this.#receivedEof || this.#carrier.gone) return;
    const bytes = receiveWindowBytes - this.#granted - this.readableLength;
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

  /** A write that waits when the stream ends must still call back, or its caller waits for ever. */
  #failPending(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.done(error);
  }
}

function connectionReset(message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}
