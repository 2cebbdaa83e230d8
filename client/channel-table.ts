import type { Duplex } from 'node:stream';
import { Latch } from '../core/lifecycle.ts';
import { forwardKey, type ForwardRequest } from '../core/forward.ts';
import { ForwardedChannel, type ChannelCarrier, maxPacketBytes, receiveWindowBytes } from './channel.ts';
import type {
  ChannelIds,
  ChannelOpen,
  ClientInternals,
  MessageHandlers,
  SshProtocol,
} from './ssh2-protocol.ts';

/** Unsent bytes in the SSH socket above which channels stop writing. */
const congestionBytes = 1024 * 1024;

/** Why a channel open is refused (RFC 4254 section 5.1). */
export const openFailure = { prohibited: 1, connectFailed: 2, resourceShortage: 4 } as const;
export type OpenFailure = (typeof openFailure)[keyof typeof openFailure];

/** A channel that the gateway asks to open. Exactly one of `accept` and `refuse` answers it. */
export interface ChannelOpening {
  /** The forward it belongs to, by `forwardKey` of its request. */
  readonly forward: string;
  /** Undefined when the connection was lost meanwhile. */
  accept(): ForwardedChannel | undefined;
  refuse(reason: OpenFailure, description: string): void;
}

export interface ChannelTableOptions {
  readonly maxChannels: number;
  readonly onOpening: (opening: ChannelOpening) => void;
  /** The peer broke the protocol; the connection must end. */
  readonly onViolation: (reason: string) => void;
}

type Entry = ForwardedChannel | 'opening' | 'awaits-close';

/**
 * The forwarded channels of one connection. It takes their messages from ssh2's dispatch and leaves all
 * others (sessions) to ssh2. A failure in the handling of one channel ends that channel, never the
 * connection.
 */
export class ChannelTable implements ChannelCarrier {
  readonly protocol: SshProtocol;
  readonly #ids: ChannelIds;
  readonly #socket: Duplex;
  readonly #options: ChannelTableOptions;
  readonly #entries = new Map<number, Entry>();
  readonly #parked = new Set<ForwardedChannel>();
  #gone = false;
  #empty: Latch<undefined> | undefined;

  constructor(internals: ClientInternals, socket: Duplex, options: ChannelTableOptions) {
    this.protocol = internals.protocol;
    this.#ids = internals.ids;
    this.#socket = socket;
    this.#options = options;
    socket.on('drain', () => this.#unpark());
    this.#intercept(this.protocol._handlers);
  }

  get gone(): boolean {
    return this.#gone;
  }

  get congested(): boolean {
    return this.#socket.writableLength > congestionBytes;
  }

  /** Channels open, being opened, or not yet closed by the peer. */
  get size(): number {
    return this.#entries.size;
  }

  /** Settles when there are no channels. */
  get drained(): Promise<undefined> {
    this.#empty ??= new Latch();
    this.#tellWhenEmpty();
    return this.#empty.promise;
  }

  park(channel: ForwardedChannel): void {
    this.#parked.add(channel);
  }

  closing(channel: ForwardedChannel): void {
    this.#parked.delete(channel);
    if (this.#entries.get(channel.localId) === channel) this.#entries.set(channel.localId, 'awaits-close');
  }

  /** The connection is lost: every channel is destroyed, without another packet. */
  abort(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    const channels = [...this.#entries.values()].filter((entry) => entry instanceof ForwardedChannel);
    this.#entries.clear();
    this.#parked.clear();
    for (const channel of channels) channel.destroy(Object.assign(new Error(reason), { code: 'ECONNRESET' }));
    this.#tellWhenEmpty();
  }

  #intercept(handlers: MessageHandlers): void {
    const ssh2Handlers = { ...handlers };
    handlers.CHANNEL_OPEN = (protocol, info) => {
      const request = requestOf(info);
      if (request === undefined) ssh2Handlers.CHANNEL_OPEN(protocol, info);
      else this.#open(info, forwardKey(request));
    };
    handlers.CHANNEL_DATA = (protocol, id, data) => {
      const entry = this.#entries.get(id);
      if (entry === undefined) ssh2Handlers.CHANNEL_DATA(protocol, id, data);
      else this.#guard(entry, (channel) => this.#data(channel, data));
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
  }

  #open(info: ChannelOpen, forward: string): void {
    if (this.#entries.size >= this.#options.maxChannels) {
      this.protocol.channelOpenFail(info.sender, openFailure.resourceShortage, 'too many channels');
      return;
    }
    const localId = this.#ids.add();
    this.#entries.set(localId, 'opening');
    this.#options.onOpening({
      forward,
      accept: () => this.#accept(localId, info),
      refuse: (reason, description) => this.#refuse(localId, info, reason, description),
    });
  }

  #accept(localId: number, info: ChannelOpen): ForwardedChannel | undefined {
    if (this.#entries.get(localId) !== 'opening') return undefined;
    const channel = new ForwardedChannel(this, {
      localId,
      remoteId: info.sender,
      sendWindow: info.window,
      remotePacketBytes: info.packetSize,
    });
    this.#entries.set(localId, channel);
    this.protocol.channelOpenConfirm(info.sender, localId, receiveWindowBytes, maxPacketBytes);
    return channel;
  }

  #refuse(localId: number, info: ChannelOpen, reason: OpenFailure, description: string): void {
    if (this.#entries.get(localId) !== 'opening') return;
    this.#forget(localId);
    this.protocol.channelOpenFail(info.sender, reason, description);
  }

  #data(channel: ForwardedChannel, data: Buffer): void {
    if (!channel.receive(data)) this.#options.onViolation('the gateway sent more than its window');
  }

  #closed(id: number, entry: Entry): void {
    this.#forget(id);
    this.#guard(entry, (channel) => channel.receiveClose());
  }

  /** ssh2 runs handlers inside its parser and ends the whole connection when one throws. */
  #guard(entry: Entry, action: (channel: ForwardedChannel) => void): void {
    if (!(entry instanceof ForwardedChannel)) return;
    try {
      action(entry);
    } catch (error) {
      entry.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #forget(id: number): void {
    this.#entries.delete(id);
    this.#ids.remove(id);
    this.#tellWhenEmpty();
  }

  #tellWhenEmpty(): void {
    if (this.#entries.size === 0) this.#empty?.settle(undefined);
  }

  #unpark(): void {
    const parked = [...this.#parked];
    this.#parked.clear();
    for (const channel of parked) this.#guard(channel, () => channel.resumeWrites());
  }
}

function requestOf(info: ChannelOpen): ForwardRequest | undefined {
  switch (info.type) {
    case 'forwarded-tcpip':
      return { kind: 'tcpip', bindAddr: info.data.destIP, bindPort: info.data.destPort };
    case 'forwarded-streamlocal@openssh.com':
      return { kind: 'streamlocal', socketPath: info.data.socketPath };
    case 'x11':
    case 'auth-agent@openssh.com':
      return undefined;
  }
}
