import { openFailure, ReceivedOpen, type OpenFailure } from '../../core/channel-opening.ts';
import type { ChannelTable } from '../../core/channel-table.ts';
import { minPacketBytes } from '../../core/channel.ts';
import type { ChannelOpen } from '../../core/ssh2-protocol.ts';
import type { Origin } from './forward.ts';

type DirectTcpip = ChannelOpen & { readonly type: 'direct-tcpip' };

/** The client asks to be connected to an address (`direct-tcpip`, RFC 4254 section 7.2). */
export class DirectOpen extends ReceivedOpen {
  readonly host: string;
  readonly port: number;
  /** Whatever the client says of whom it does this for. */
  readonly from: Origin;

  constructor(table: ChannelTable, info: DirectTcpip) {
    super(table, info);
    const { destIP, destPort, srcIP, srcPort } = info.data;
    this.host = destIP;
    this.port = destPort;
    this.from = { address: srcIP, port: srcPort };
  }
}

export interface DirectOpensOptions {
  /** Open, or not answered yet. */
  readonly maxChannels: number;
  /** Nobody is let through without it. Must not throw: it is called inside ssh2's parser. */
  readonly onOpen?: ((open: DirectOpen) => void) | undefined;
}

/** Takes the channels that a client asks to open; sessions are left to ssh2, and what nobody serves is refused such that its user reads why. */
export function takeDirectOpens(table: ChannelTable, { maxChannels, onOpen }: DirectOpensOptions): void {
  const handlers = table.protocol._handlers;
  const ssh2Handlers = { ...handlers };
  handlers.CHANNEL_OPEN = (protocol, info) => {
    if (info.type === 'session') {
      ssh2Handlers.CHANNEL_OPEN(protocol, info);
      return;
    }
    const refused = refusalOf(info) ?? (table.size >= maxChannels ? tooMany : undefined);
    if (refused !== undefined) protocol.channelOpenFail(info.sender, refused.failure, refused.description);
    else if (info.type === 'direct-tcpip' && onOpen !== undefined) onOpen(new DirectOpen(table, info));
    else protocol.channelOpenFail(info.sender, openFailure.prohibited, 'nobody is led through here');
  };
}

interface Refused {
  readonly failure: OpenFailure;
  readonly description: string;
}

const tooMany: Refused = {
  failure: openFailure.resourceShortage,
  description: 'this connection has as many channels as it may (ERR_LIMIT)',
};

function refusalOf(info: ChannelOpen): Refused | undefined {
  switch (info.type) {
    case 'direct-tcpip':
      if (info.packetSize >= minPacketBytes) return undefined;
      return prohibited('packets that are so small are not sent');
    case 'direct-streamlocal@openssh.com':
      return prohibited('the gate leads to services by their name, and to no socket by its path');
    case 'x11':
    case 'auth-agent@openssh.com':
    case 'forwarded-tcpip':
    case 'forwarded-streamlocal@openssh.com':
      return prohibited('channels of this type are opened by the gateway, and to it never');
    default:
      return { failure: openFailure.unknownType, description: 'there are no channels of this type here' };
  }
}

function prohibited(reason: string): Refused {
  return { failure: openFailure.prohibited, description: `${reason} (ERR_GATE_REFUSED)` };
}
