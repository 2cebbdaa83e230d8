import type { ChannelTable, Opening } from './channel-table.ts';
import { minPacketBytes, type SshChannel } from './channel.ts';
import type { MessageHandlers, OpenConfirmation } from './ssh2-protocol.ts';

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, RFC 4254 section 5.1. */
const openProhibited = 1;
const maxDetailLength = 256;

/** Why the peer has not opened a channel that we asked for. */
export type OpenFailed =
  /** `detail` is the peer's own text. `prohibited`: by a rule of its. */
  | { readonly kind: 'refused' | 'prohibited'; readonly detail: string }
  /** No answer within the deadline. */
  | { readonly kind: 'timeout' }
  /** The connection is gone. Nothing was sent. */
  | { readonly kind: 'gone' };

type Outcome = SshChannel | OpenFailed;

/** The channels that we ask the peer to open, whatever their type: each within a deadline; one that arrives after it is closed at once. */
export class SentOpens {
  readonly #table: ChannelTable;
  readonly #openTimeoutMs: number;

  constructor(table: ChannelTable, openTimeoutMs: number) {
    this.#table = table;
    this.#openTimeoutMs = openTimeoutMs;
    this.#intercept(table.protocol._handlers);
  }

  /** `send` writes the CHANNEL_OPEN with our id. */
  open(send: (localId: number) => void): Promise<Outcome> {
    if (this.#table.gone) return Promise.resolve({ kind: 'gone' });
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#table.abandon(id);
        resolve({ kind: 'timeout' });
      }, this.#openTimeoutMs);
      const id = this.#table.reserve(
        new SentOpen((outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        }),
      );
      send(id);
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
      const detail = `the peer takes packets of ${String(info.packetSize)} bytes only`;
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
