import type { Connection } from 'ssh2';
import type { ForwardRequest } from '../../core/forward.ts';
import { TunnelChannel, type ChannelCarrier, maxPacketBytes, receiveWindowBytes } from './channel.ts';
import { ChannelOpenError, type ChannelFailure, type Origin } from './forward.ts';
import { SendQueue } from './send-queue.ts';
import {
  internalsOf,
  type ChannelIds,
  type MessageHandlers,
  type OpenConfirmation,
  type SshProtocol,
} from './ssh2-protocol.ts';

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, RFC 4254 section 5.1. */
const openProhibited = 1;
/** No client takes less at a time; one that asked for packets of a byte would keep the event loop busy for everybody. */
const minPacketBytes = 1024;
const maxDetailLength = 256;

export interface ChannelTableOptions {
  readonly maxChannels: number;
  readonly openTimeoutMs: number;
  /** The peer broke the protocol or a bound; the connection must end. */
  readonly onViolation: (reason: string) => void;
  /** Something of ours failed while it handled a channel's bytes; that channel was destroyed. */
  readonly onFault: (error: unknown) => void;
}

interface Opening {
  readonly kind: 'opening';
  settle(outcome: TunnelChannel | ChannelFailure): void;
}

/** An open that nobody waits for any more, or a channel that awaits the peer's CLOSE. */
interface Abandoned {
  readonly kind: 'abandoned';
}

type Entry = Opening | Abandoned | TunnelChannel;
const abandoned: Abandoned = { kind: 'abandoned' };

/**
 * The channels of one tunnel, opened by the gateway. It takes its own channels' messages from ssh2's dispatch and leaves
 * all others (sessions) to ssh2. A failure in one channel's handling ends that channel, never the tunnel.
 */
export class ChannelTable implements ChannelCarrier {
  readonly protocol: SshProtocol;
  readonly sendQueue: SendQueue;
  readonly #ids: ChannelIds;
  readonly #options: ChannelTableOptions;
  readonly #entries = new Map<number, Entry>();
  readonly #parked = new Set<TunnelChannel>();
  #gone = false;
  #packets = 0;

  constructor(connection: Connection, options: ChannelTableOptions) {
    const inside = internalsOf(connection);
    this.protocol = inside.protocol;
    this.#ids = inside.ids;
    this.sendQueue = new SendQueue(inside.socket);
    this.#options = options;
    inside.socket.on('drain', () => this.#unpark());
    connection.on('rekey', () => this.#unpark());
    this.#intercept(this.protocol._handlers);
    this.protocol._onPacket = () => {
      this.#onPacket();
    };
  }

  /** Channels open, being opened, or not yet closed by the peer. */
  get size(): number {
    return this.#entries.size;
  }

  get bufferedBytes(): number {
    let bytes = 0;
    for (const entry of this.#entries.values())
      if (entry instanceof TunnelChannel) bytes += entry.bufferedBytes;
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

  park(channel: TunnelChannel): void {
    this.#parked.add(channel);
  }

  closing(channel: TunnelChannel): void {
    this.#parked.delete(channel);
    if (this.#entries.get(channel.localId) === channel) this.#entries.set(channel.localId, abandoned);
  }

  /** Rejects with `ChannelOpenError`. The bound address, port or path is echoed as it was asked for: OpenSSH accepts nothing else. */
  open(target: ForwardRequest, origin: Origin): Promise<TunnelChannel> {
    return new Promise((resolve, reject) => {
      const failure = this.#open(target, origin, (outcome) => {
        if (outcome instanceof TunnelChannel) resolve(outcome);
        else reject(new ChannelOpenError(outcome));
      });
      if (failure !== undefined) reject(new ChannelOpenError(failure));
    });
  }

  #open(
    target: ForwardRequest,
    origin: Origin,
    settle: (outcome: TunnelChannel | ChannelFailure) => void,
  ): ChannelFailure | undefined {
    if (this.#gone) return { kind: 'gone' };
    if (this.#entries.size >= this.#options.maxChannels) return { kind: 'limit' };
    const id = this.#ids.add();
    const timer = setTimeout(() => {
      this.#entries.set(id, abandoned);
      settle({ kind: 'timeout' });
    }, this.#options.openTimeoutMs);
    this.#entries.set(id, {
      kind: 'opening',
      settle: (outcome) => {
        clearTimeout(timer);
        settle(outcome);
      },
    });
    this.#sendOpen(id, target, origin);
    return undefined;
  }

  #sendOpen(id: number, target: ForwardRequest, origin: Origin): void {
    if (target.kind === 'streamlocal') {
      this.protocol.openssh_forwardedStreamLocal(id, receiveWindowBytes, maxPacketBytes, {
        socketPath: target.socketPath,
      });
      return;
    }
    this.protocol.forwardedTcpip(id, receiveWindowBytes, maxPacketBytes, {
      boundAddr: target.bindAddr,
      boundPort: target.bindPort,
      remoteAddr: origin.address,
      remotePort: origin.port,
    });
  }

  /** The connection is gone: every open fails and every channel is destroyed, without another packet. */
  abort(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#parked.clear();
    for (const entry of entries) {
      if (entry instanceof TunnelChannel) entry.destroy(tunnelGone(reason));
      else if (entry.kind === 'opening') entry.settle({ kind: 'gone' });
    }
  }

  // --- messages ------------------------------------------------------------------------------------------------------

  #intercept(handlers: MessageHandlers): void {
    const ssh2Handlers = { ...handlers };
    handlers.CHANNEL_OPEN_CONFIRMATION = (protocol, info) => {
      const entry = this.#entries.get(info.recipient);
      if (entry === undefined) ssh2Handlers.CHANNEL_OPEN_CONFIRMATION(protocol, info);
      else this.#confirmed(entry, info);
    };
    handlers.CHANNEL_OPEN_FAILURE = (protocol, recipient, reason, description) => {
      const entry = this.#entries.get(recipient);
      if (entry === undefined) ssh2Handlers.CHANNEL_OPEN_FAILURE(protocol, recipient, reason, description);
      else this.#refused(recipient, entry, reason, description);
    };
    handlers.CHANNEL_DATA = (protocol, recipient, data) => {
      const entry = this.#entries.get(recipient);
      if (entry === undefined) ssh2Handlers.CHANNEL_DATA(protocol, recipient, data);
      else if (entry instanceof TunnelChannel) this.#data(entry, data);
    };
    handlers.CHANNEL_WINDOW_ADJUST = (protocol, recipient, bytes) => {
      const entry = this.#entries.get(recipient);
      if (entry === undefined) ssh2Handlers.CHANNEL_WINDOW_ADJUST(protocol, recipient, bytes);
      else this.#guard(entry, (channel) => channel.receiveWindow(bytes));
    };
    handlers.CHANNEL_EOF = (protocol, recipient) => {
      const entry = this.#entries.get(recipient);
      if (entry === undefined) ssh2Handlers.CHANNEL_EOF(protocol, recipient);
      else this.#guard(entry, (channel) => channel.receiveEof());
    };
    handlers.CHANNEL_CLOSE = (protocol, recipient) => {
      const entry = this.#entries.get(recipient);
      if (entry === undefined) ssh2Handlers.CHANNEL_CLOSE(protocol, recipient);
      else this.#closed(recipient, entry);
    };
    handlers.CHANNEL_REQUEST = (protocol, recipient, type, wantReply, data) => {
      const entry = this.#entries.get(recipient);
      if (entry === undefined) ssh2Handlers.CHANNEL_REQUEST(protocol, recipient, type, wantReply, data);
      else if (wantReply) this.#guard(entry, (channel) => channel.refuseRequest());
    };
  }

  #confirmed(entry: Entry, info: OpenConfirmation): void {
    if (entry instanceof TunnelChannel) return;
    if (entry.kind === 'abandoned') {
      this.protocol.channelClose(info.sender);
      return;
    }
    if (info.packetSize < minPacketBytes) {
      this.#entries.set(info.recipient, abandoned);
      this.protocol.channelClose(info.sender);
      entry.settle({
        kind: 'refused',
        detail: `the client takes packets of ${String(info.packetSize)} bytes only`,
      });
      return;
    }
    const channel = new TunnelChannel(this, {
      local: info.recipient,
      remote: info.sender,
      window: info.window,
      packetBytes: info.packetSize,
    });
    // Whoever gets the channel adds its own listener; this one covers the time until then.
    channel.on('error', () => undefined);
    this.#entries.set(info.recipient, channel);
    entry.settle(channel);
  }

  #refused(id: number, entry: Entry, reason: number, description: string): void {
    if (entry instanceof TunnelChannel) return;
    this.#forget(id);
    const detail = description.slice(0, maxDetailLength);
    if (entry.kind === 'opening')
      entry.settle({ kind: reason === openProhibited ? 'prohibited' : 'refused', detail });
  }

  #data(channel: TunnelChannel, data: Buffer): void {
    try {
      if (channel.receive(data)) return;
    } catch (error) {
      this.#fault(channel, error);
      return;
    }
    this.#options.onViolation('the peer sent more than its window');
  }

  #closed(id: number, entry: Entry): void {
    this.#forget(id);
    if (entry instanceof TunnelChannel) this.#guard(entry, (channel) => channel.receiveClose());
    else if (entry.kind === 'opening')
      entry.settle({ kind: 'refused', detail: 'the channel was closed before it was open' });
  }

  /** ssh2 runs handlers inside its parser and ends the whole connection when one throws. */
  #guard(entry: Entry, action: (channel: TunnelChannel) => void): void {
    if (!(entry instanceof TunnelChannel)) return;
    try {
      action(entry);
    } catch (error) {
      this.#fault(entry, error);
    }
  }

  #fault(channel: TunnelChannel, error: unknown): void {
    channel.destroy();
    this.#options.onFault(error);
  }

  #forget(id: number): void {
    this.#entries.delete(id);
    this.#ids.remove(id);
  }

  #onPacket(): void {
    this.#packets += 1;
    if (this.sendQueue.overflowing) this.#options.onViolation('the peer does not read what it asked for');
  }

  #unpark(): void {
    const parked = [...this.#parked];
    this.#parked.clear();
    for (const channel of parked) this.#guard(channel, () => channel.resumeWrites());
  }
}

function tunnelGone(reason: string): Error {
  return Object.assign(new Error(reason), { code: 'ECONNRESET', tunnelGone: true });
}
