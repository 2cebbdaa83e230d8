import type { ChannelTable, Opening } from './channel-table.ts';
import { maxPacketBytes, receiveWindowBytes, type SshChannel } from './channel.ts';
import type { ChannelOpen } from './ssh2-protocol.ts';

/** Why a channel open is refused (RFC 4254 section 5.1). */
export const openFailure = {
  prohibited: 1,
  connectFailed: 2,
  unknownType: 3,
  resourceShortage: 4,
} as const;
export type OpenFailure = (typeof openFailure)[keyof typeof openFailure];

/** A CHANNEL_OPEN of the peer that waits for its answer: exactly one of `accept` and `refuse`. It has its place among the channels already. */
export class ReceivedOpen implements Opening {
  readonly #table: ChannelTable;
  readonly #info: ChannelOpen;
  readonly #localId: number;
  readonly #abandoned = new AbortController();
  #settled = false;

  constructor(table: ChannelTable, info: ChannelOpen) {
    this.#table = table;
    this.#info = info;
    this.#localId = table.reserve(this);
  }

  /** Aborts when nobody waits for the answer any more. */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  /** Undefined when nobody waits for it any more. */
  accept(): SshChannel | undefined {
    if (!this.#settle()) return undefined;
    const { sender, window, packetSize } = this.#info;
    const channel = this.#table.begin({
      localId: this.#localId,
      remoteId: sender,
      sendWindow: window,
      remotePacketBytes: packetSize,
    });
    this.#table.protocol.channelOpenConfirm(sender, this.#localId, receiveWindowBytes, maxPacketBytes);
    return channel;
  }

  refuse(reason: OpenFailure, description: string): void {
    if (!this.#settle()) return;
    this.#table.forget(this.#localId);
    this.#table.protocol.channelOpenFail(this.#info.sender, reason, description);
  }

  failed(): void {
    if (this.#settle()) this.#abandoned.abort();
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }
}
