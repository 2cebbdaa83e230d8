import type { ChannelTable, Opening } from '../../core/channel-table.ts';
import { maxPacketBytes, receiveWindowBytes, SshChannel } from '../../core/channel.ts';
import type { ForwardRequest } from '../../core/forward.ts';
import type { MessageHandlers, OpenConfirmation } from '../../core/ssh2-protocol.ts';
import { ChannelOpenError, type ChannelFailure, type Origin } from './forward.ts';

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, RFC 4254 section 5.1. */
const openProhibited = 1;
/** No client takes less at a time; one that asked for packets of a byte would keep the event loop busy for everybody. */
const minPacketBytes = 1024;
const maxDetailLength = 256;

export interface ChannelOpenerOptions {
  readonly maxChannels: number;
  readonly openTimeoutMs: number;
}

type Outcome = SshChannel | ChannelFailure;

/** Opens channels in one tunnel, each within a deadline; one that arrives after it is closed at once. */
export class ChannelOpener {
  readonly #table: ChannelTable;
  readonly #options: ChannelOpenerOptions;

  constructor(table: ChannelTable, options: ChannelOpenerOptions) {
    this.#table = table;
    this.#options = options;
    this.#intercept(table.protocol._handlers);
  }

  /** Rejects with `ChannelOpenError`. The bound address, port or path is echoed as it was asked for: OpenSSH accepts nothing else. */
  open(target: ForwardRequest, origin: Origin): Promise<SshChannel> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void => {
        if (outcome instanceof SshChannel) resolve(outcome);
        else reject(new ChannelOpenError(outcome));
      };
      const failure = this.#open(target, origin, settle);
      if (failure !== undefined) settle(failure);
    });
  }

  #open(
    target: ForwardRequest,
    origin: Origin,
    settle: (outcome: Outcome) => void,
  ): ChannelFailure | undefined {
    if (this.#table.gone) return { kind: 'gone' };
    if (this.#table.size >= this.#options.maxChannels) return { kind: 'limit' };
    const timer = setTimeout(() => {
      this.#table.abandon(id);
      settle({ kind: 'timeout' });
    }, this.#options.openTimeoutMs);
    const id = this.#table.reserve(
      new SentOpen((outcome) => {
        clearTimeout(timer);
        settle(outcome);
      }),
    );
    this.#send(id, target, origin);
    return undefined;
  }

  #send(id: number, target: ForwardRequest, origin: Origin): void {
    const { protocol } = this.#table;
    if (target.kind === 'streamlocal') {
      protocol.openssh_forwardedStreamLocal(id, receiveWindowBytes, maxPacketBytes, {
        socketPath: target.socketPath,
      });
      return;
    }
    protocol.forwardedTcpip(id, receiveWindowBytes, maxPacketBytes, {
      boundAddr: target.bindAddr,
      boundPort: target.bindPort,
      remoteAddr: origin.address,
      remotePort: origin.port,
    });
  }

  #intercept(handlers: MessageHandlers): void {
    const ssh2Handlers = { ...handlers };
    handlers.CHANNEL_OPEN_CONFIRMATION = (protocol, info) => {
      const entry = this.#table.entry(info.recipient);
      if (entry === undefined) ssh2Handlers.CHANNEL_OPEN_CONFIRMATION(protocol, info);
      else if (entry === 'abandoned') protocol.channelClose(info.sender);
      else if (entry instanceof SentOpen) this.#confirmed(entry, info);
    };
    handlers.CHANNEL_OPEN_FAILURE = (protocol, id, reason, description) => {
      const entry = this.#table.entry(id);
      if (entry === undefined) ssh2Handlers.CHANNEL_OPEN_FAILURE(protocol, id, reason, description);
      else if (entry === 'abandoned') this.#table.forget(id);
      else if (entry instanceof SentOpen) this.#refused(id, entry, reason, description);
    };
  }

  #confirmed(open: SentOpen, info: OpenConfirmation): void {
    if (info.packetSize < minPacketBytes) {
      this.#table.abandon(info.recipient);
      this.#table.protocol.channelClose(info.sender);
      const detail = `the client takes packets of ${String(info.packetSize)} bytes only`;
      open.settle({ kind: 'refused', detail });
      return;
    }
    const channel = this.#table.begin({
      localId: info.recipient,
      remoteId: info.sender,
      sendWindow: info.window,
      remotePacketBytes: info.packetSize,
    });
    open.settle(channel);
  }

  #refused(id: number, open: SentOpen, reason: number, description: string): void {
    this.#table.forget(id);
    const detail = description.slice(0, maxDetailLength);
    open.settle({ kind: reason === openProhibited ? 'prohibited' : 'refused', detail });
  }
}

/** A CHANNEL_OPEN that the peer has not answered. */
class SentOpen implements Opening {
  readonly settle: (outcome: Outcome) => void;

  constructor(settle: (outcome: Outcome) => void) {
    this.settle = settle;
  }

  failed(by: 'close' | 'loss'): void {
    if (by === 'loss') this.settle({ kind: 'gone' });
    else this.settle({ kind: 'refused', detail: 'the channel was closed before it was open' });
  }
}
