import { SshChannel, type ChannelCarrier, type ChannelNumbers } from './channel.ts';
import { Latch } from './lifecycle.ts';
import { SendQueue } from './send-queue.ts';
import type { ChannelIds, MessageHandlers, Ssh2Internals, SshProtocol } from './ssh2-protocol.ts';

export interface ChannelTableOptions {
  /** The peer broke the protocol or a bound; the connection must end. */
  readonly onViolation: (reason: string) => void;
  /** Something of ours failed while it handled a channel's bytes; that channel was destroyed. */
  readonly onFault: (error: unknown) => void;
}

/** An open that is not answered yet: the peer's answer to ours is awaited, or ours to the peer's. */
export interface Opening {
  /** The peer closed it before it was open, or the connection is lost. */
  failed(by: 'close' | 'loss'): void;
}

/** The id is free again only when the peer has closed too, or refused the open that nobody waits for any more. */
const abandoned = 'abandoned';
type Entry = SshChannel | Opening | typeof abandoned;

/**
 * The channels of one SSH connection that are ours, whichever side opened them. It takes their messages from ssh2's dispatch and
 * leaves all others (sessions) to ssh2. A failure in one channel's handling ends that channel, never the connection.
 */
export class ChannelTable implements ChannelCarrier {
  readonly protocol: SshProtocol;
  readonly sendQueue: SendQueue;
  readonly #ids: ChannelIds;
  readonly #options: ChannelTableOptions;
  readonly #entries = new Map<number, Entry>();
  /** Closed on both sides, but what they brought is not read yet: their ids are free, their memory is not. */
  readonly #unread = new Set<SshChannel>();
  readonly #parked = new Set<SshChannel>();
  #gone = false;
  #packets = 0;
  #empty: Latch<undefined> | undefined;

  constructor(inside: Ssh2Internals, options: ChannelTableOptions) {
    this.protocol = inside.protocol;
    this.#ids = inside.ids;
    this.sendQueue = new SendQueue(inside.socket);
    this.#options = options;
    inside.socket.on('drain', () => this.#unpark());
    inside.onNewKeys(() => this.#unpark());
    this.#intercept(this.protocol._handlers);
    this.protocol._onPacket = () => {
      this.#onPacket();
    };
  }

  /** Channels open, being opened, not yet closed by the peer, or not yet read to their end. */
  get size(): number {
    return this.#entries.size + this.#unread.size;
  }

  /** Settles when there are none. */
  get drained(): Promise<undefined> {
    this.#empty ??= new Latch();
    this.#tellWhenEmpty();
    return this.#empty.promise;
  }

  get bufferedBytes(): number {
    let bytes = 0;
    for (const entry of this.#entries.values()) if (entry instanceof SshChannel) bytes += entry.bufferedBytes;
    for (const channel of this.#unread) bytes += channel.bufferedBytes;
    return bytes;
  }

  /** Packets received since the last call. */
  takePacketCount(): number {
    const count = this.#packets;
    this.#packets = 0;
    return count;
  }

  get gone(): boolean {
    return this.#gone;
  }

  get congested(): boolean {
    return this.protocol._kexinit !== undefined || this.sendQueue.full;
  }

  park(channel: SshChannel): void {
    this.#parked.add(channel);
  }

  closing(channel: SshChannel): void {
    this.#parked.delete(channel);
    if (this.#entries.get(channel.localId) === channel) this.abandon(channel.localId);
  }

  /**
   * The connection is gone: every open fails and every channel is destroyed, without another packet. What was complete before can
   * still be read.
   */
  abort(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#parked.clear();
    for (const entry of entries) {
      if (entry instanceof SshChannel) entry.destroy(new ConnectionLost(reason));
      else if (entry !== abandoned) entry.failed('loss');
    }
    this.#tellWhenEmpty();
  }

  // --- for those who open and accept ---------------------------------------------------------------------------------

  /** Undefined for an id that is not ours. */
  entry(id: number): Entry | undefined {
    return this.#entries.get(id);
  }

  /** Takes an id. */
  reserve(opening: Opening): number {
    const id = this.#ids.add();
    this.#entries.set(id, opening);
    return id;
  }

  /** The open succeeded. */
  begin(numbers: ChannelNumbers): SshChannel {
    const channel = new SshChannel(this, numbers);
    // Whoever gets the channel adds its own listener; this one covers the time until then.
    channel.on('error', () => undefined);
    this.#entries.set(numbers.localId, channel);
    return channel;
  }

  /** Nobody wants it any more; the id stays taken until the peer has let go of it. */
  abandon(id: number): void {
    this.#entries.set(id, abandoned);
  }

  /** The open was refused, or the peer has closed. */
  forget(id: number): void {
    this.#entries.delete(id);
    this.#ids.remove(id);
    this.#tellWhenEmpty();
  }

  // --- messages ------------------------------------------------------------------------------------------------------

  #intercept(handlers: MessageHandlers): void {
    const ssh2Handlers = { ...handlers };
    handlers.CHANNEL_DATA = (protocol, id, data) => {
      const entry = this.#entries.get(id);
      if (entry === undefined) ssh2Handlers.CHANNEL_DATA(protocol, id, data);
      else if (entry instanceof SshChannel) this.#data(entry, data);
    };
    handlers.CHANNEL_WINDOW_ADJUST = (protocol, id, bytes) => {
      const entry = this.#entries.get(id);
      if (entry === undefined) ssh2Handlers.CHANNEL_WINDOW_ADJUST(protocol, id, bytes);
      else this.#guard(entry, (channel) => channel.receiveWindow(bytes));
    };
    handlers.CHANNEL_EOF = (protocol, id) => {
      const entry = this.#entries.get(id);
      if (entry === undefined) ssh2Handlers.CHANNEL_EOF(protocol, id);
      else this.#guard(entry, (channel) => channel.receiveEof());
    };
    handlers.CHANNEL_CLOSE = (protocol, id) => {
      const entry = this.#entries.get(id);
      if (entry === undefined) ssh2Handlers.CHANNEL_CLOSE(protocol, id);
      else this.#closed(id, entry);
    };
    handlers.CHANNEL_REQUEST = (protocol, id, type, wantReply, data) => {
      const entry = this.#entries.get(id);
      if (entry === undefined) ssh2Handlers.CHANNEL_REQUEST(protocol, id, type, wantReply, data);
      else if (wantReply) this.#guard(entry, (channel) => channel.refuseRequest());
    };
  }

  #data(channel: SshChannel, data: Buffer): void {
    try {
      if (channel.receive(data)) return;
    } catch (error) {
      this.#fault(channel, error);
      return;
    }
    this.#options.onViolation('the peer sent more than its window');
  }

  #closed(id: number, entry: Entry): void {
    if (entry instanceof SshChannel) {
      this.#guard(entry, (channel) => channel.receiveClose());
      if (!entry.destroyed && entry.bufferedBytes > 0) this.#keepUntilRead(entry);
    } else if (entry !== abandoned) entry.failed('close');
    this.forget(id);
  }

  #keepUntilRead(channel: SshChannel): void {
    this.#unread.add(channel);
    channel.once('close', () => {
      this.#unread.delete(channel);
      this.#tellWhenEmpty();
    });
  }

  /** ssh2 runs handlers inside its parser and ends the whole connection when one throws. */
  #guard(entry: Entry, action: (channel: SshChannel) => void): void {
    if (!(entry instanceof SshChannel)) return;
    try {
      action(entry);
    } catch (error) {
      this.#fault(entry, error);
    }
  }

  #fault(channel: SshChannel, error: unknown): void {
    channel.destroy();
    this.#options.onFault(error);
  }

  #onPacket(): void {
    this.#packets += 1;
    if (this.sendQueue.overflowing) this.#options.onViolation('the peer does not read what it asked for');
  }

  #tellWhenEmpty(): void {
    if (this.size === 0) this.#empty?.settle(undefined);
  }

  #unpark(): void {
    const parked = [...this.#parked];
    this.#parked.clear();
    for (const channel of parked) this.#guard(channel, () => channel.resumeWrites());
  }
}

/** The end of a channel whose whole connection is gone. */
export class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';
}
