import type { ChannelTable, Opening } from '../core/channel-table.ts';
import { maxPacketBytes, receiveWindowBytes, type SshChannel } from '../core/channel.ts';
import { forwardKey, type ForwardRequest } from '../core/forward.ts';
import type { ChannelOpen } from '../core/ssh2-protocol.ts';

/** Why a channel open is refused (RFC 4254 section 5.1). */
export const openFailure = { prohibited: 1, connectFailed: 2, resourceShortage: 4 } as const;
export type OpenFailure = (typeof openFailure)[keyof typeof openFailure];

/** A channel that the gateway asks to open. Exactly one of `accept` and `refuse` answers it. */
export interface ChannelOpening {
  /** The forward it belongs to, by `forwardKey` of its request. */
  readonly forward: string;
  /** Undefined when the connection was lost meanwhile. */
  accept(): SshChannel | undefined;
  refuse(reason: OpenFailure, description: string): void;
}

export interface OpeningsOptions {
  readonly maxChannels: number;
  readonly onOpening: (opening: ChannelOpening) => void;
}

/** Takes the gateway's channel opens from ssh2, those of forwards; all others are left to it. */
export function takeOpenings(table: ChannelTable, options: OpeningsOptions): void {
  const handlers = table.protocol._handlers;
  const ssh2Handlers = { ...handlers };
  handlers.CHANNEL_OPEN = (protocol, info) => {
    const request = requestOf(info);
    if (request === undefined) ssh2Handlers.CHANNEL_OPEN(protocol, info);
    else if (table.size < options.maxChannels)
      options.onOpening(new ReceivedOpen(table, info, forwardKey(request)));
    else protocol.channelOpenFail(info.sender, openFailure.resourceShortage, 'too many channels');
  };
}

/** A CHANNEL_OPEN of the gateway that is not answered. */
class ReceivedOpen implements ChannelOpening, Opening {
  readonly forward: string;
  readonly #table: ChannelTable;
  readonly #info: ChannelOpen;
  readonly #localId: number;
  #settled = false;

  constructor(table: ChannelTable, info: ChannelOpen, forward: string) {
    this.forward = forward;
    this.#table = table;
    this.#info = info;
    this.#localId = table.reserve(this);
  }

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
    this.#settled = true;
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
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
