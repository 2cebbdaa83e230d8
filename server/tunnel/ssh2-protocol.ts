import type { Duplex } from 'node:stream';
import type { Connection, Session } from 'ssh2';

/** ssh2's packet writer and its table of message handlers, as far as channels need them. ssh2 is pinned to one version for this. */
export interface SshProtocol {
  channelData(id: number, data: Buffer): void;
  channelEOF(id: number): void;
  channelClose(id: number): void;
  channelWindowAdjust(id: number, bytes: number): void;
  channelFailure(id: number): void;
  forwardedTcpip(id: number, window: number, maxPacket: number, target: TcpipTarget): void;
  openssh_forwardedStreamLocal(
    id: number,
    window: number,
    maxPacket: number,
    target: StreamLocalTarget,
  ): void;
  ping(): void;
  _onPacket: () => void;
  /** Set during a key exchange: ssh2 then queues all packets, without a bound. */
  readonly _kexinit: Buffer | undefined;
  readonly _handlers: MessageHandlers;
  readonly _packetRW: { readonly write: PacketWriter };
  readonly _cipher: { encrypt(packet: Buffer): void };
}

/** Makes packets; `force` gives one that may be sent during a key exchange, whose body begins at `allocStartKEX`. */
export interface PacketWriter {
  readonly allocStartKEX: number;
  alloc(bytes: number, force: boolean): Buffer;
  finalize(packet: Buffer, force: boolean): Buffer;
}

export interface TcpipTarget {
  readonly boundAddr: string;
  readonly boundPort: number;
  readonly remoteAddr: string;
  readonly remotePort: number;
}

export interface StreamLocalTarget {
  readonly socketPath: string;
}

/** CHANNEL_OPEN_CONFIRMATION as ssh2 parses it: `recipient` is our id, `sender` the peer's. */
export interface OpenConfirmation {
  readonly recipient: number;
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
}

export interface MessageHandlers {
  CHANNEL_OPEN_CONFIRMATION(protocol: SshProtocol, info: OpenConfirmation): void;
  CHANNEL_OPEN_FAILURE(protocol: SshProtocol, recipient: number, reason: number, description: string): void;
  CHANNEL_DATA(protocol: SshProtocol, recipient: number, data: Buffer): void;
  CHANNEL_WINDOW_ADJUST(protocol: SshProtocol, recipient: number, bytes: number): void;
  CHANNEL_EOF(protocol: SshProtocol, recipient: number): void;
  CHANNEL_CLOSE(protocol: SshProtocol, recipient: number): void;
  CHANNEL_REQUEST(
    protocol: SshProtocol,
    recipient: number,
    type: string,
    wantReply: boolean,
    data: unknown,
  ): void;
  REQUEST_SUCCESS?: () => void;
  REQUEST_FAILURE?: () => void;
}

/** Reserves channel ids, so that ssh2's own channels (sessions) and ours never share one. */
export interface ChannelIds {
  add(): number;
  remove(id: number): void;
}

interface ConnectionInternals {
  readonly _protocol: SshProtocol;
  readonly _chanMgr: ChannelIds;
  readonly _sock: Duplex;
}

/**
 * The inside of an ssh2 server connection. ssh2's public channel class cannot keep a half-close, enforce its window, give back
 * unread memory or see a full socket, so tunnels carry their own channels and need the packet level below it.
 */
export function internalsOf(connection: Connection): {
  protocol: SshProtocol;
  ids: ChannelIds;
  socket: Duplex;
} {
  const inside = connection as unknown as ConnectionInternals;
  return { protocol: inside._protocol, ids: inside._chanMgr, socket: inside._sock };
}

interface SessionInternals {
  readonly _chanInfo: {
    readonly incoming: { readonly id: number };
    readonly outgoing: { readonly id: number };
  };
}

/** Ends a session that the peer has closed before it started anything in it. ssh2 neither answers that CLOSE nor forgets the session. */
export function releaseSession(connection: Connection, session: Session): void {
  const { protocol, ids } = internalsOf(connection);
  const { incoming, outgoing } = (session as unknown as SessionInternals)._chanInfo;
  ids.remove(incoming.id);
  protocol.channelClose(outgoing.id);
}
