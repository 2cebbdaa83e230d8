import { openFailure, ReceivedOpen, type OpenFailure } from '../core/channel-opening.ts';
import type { ChannelTable } from '../core/channel-table.ts';
import type { SshChannel } from '../core/channel.ts';
import { forwardKey, type ForwardRequest } from '../core/forward.ts';
import type { ChannelOpen } from '../core/ssh2-protocol.ts';

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
      options.onOpening(new ForwardOpening(table, info, forwardKey(request)));
    else protocol.channelOpenFail(info.sender, openFailure.resourceShortage, 'too many channels');
  };
}

/** A CHANNEL_OPEN of the gateway that is not answered. */
class ForwardOpening extends ReceivedOpen implements ChannelOpening {
  readonly forward: string;

  constructor(table: ChannelTable, info: ChannelOpen, forward: string) {
    super(table, info);
    this.forward = forward;
  }
}

function requestOf(info: ChannelOpen): ForwardRequest | undefined {
  switch (info.type) {
    case 'forwarded-tcpip':
      return { kind: 'tcpip', bindAddr: info.data.destIP, bindPort: info.data.destPort };
    case 'forwarded-streamlocal@openssh.com':
      return { kind: 'streamlocal', socketPath: info.data.socketPath };
    default:
      return undefined;
  }
}
