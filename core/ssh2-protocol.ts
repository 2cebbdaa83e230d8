import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';

/**
 * ssh2's packet writer and its table of message handlers, as far as channels and global requests need them; the same on both
 * sides of a connection. ssh2 is pinned to one version for this.
 */
export interface SshProtocol {
  channelOpenConfirm(remoteId: number, localId: number, window: number, maxPacket: number): void;
  channelOpenFail(remoteId: number, reason: number, description: string): void;
  channelData(remoteId: number, data: Buffer): void;
  channelEOF(remoteId: number): void;
  channelClose(remoteId: number): void;
  channelWindowAdjust(remoteId: number, bytes: number): void;
  channelFailure(remoteId: number): void;
  forwardedTcpip(localId: number, window: number, maxPacket: number, target: TcpipTarget): void;
  directTcpip(localId: number, window: number, maxPacket: number, target: DirectTcpipTarget): void;
  openssh_forwardedStreamLocal(
    localId: number,
    window: number,
    maxPacket: number,
    target: StreamLocalTarget,
  ): void;
  /** Sends the global request `keepalive@openssh.com`, which every peer answers, with success or failure. */
  ping(): void;
  /** Answers to global requests (RFC 4254 section 4), which must come in the order of the requests. */
  requestSuccess(data?: Buffer): void;
  requestFailure(): void;
  /** Called for every packet that arrives. */
  _onPacket: () => void;
  /** Set during a key exchange: ssh2 then queues all packets, without a bound. */
  readonly _kexinit: Buffer | undefined;
  readonly _handlers: MessageHandlers;
  readonly _packetRW: { readonly write: PacketWriter };
  readonly _cipher: { encrypt(packet: Buffer): void };
}

/**
 * Makes packets, whose body begins at `allocStart`; `force` gives one that may be sent during a key exchange, whose body
 * begins at `allocStartKEX`.
 */
export interface PacketWriter {
  readonly allocStart: number;
  readonly allocStartKEX: number;
  alloc(bytes: number, force?: boolean): Buffer;
  finalize(packet: Buffer, force?: boolean): Buffer;
}

export interface TcpipTarget {
  readonly boundAddr: string;
  readonly boundPort: number;
  readonly remoteAddr: string;
  readonly remotePort: number;
}

export interface DirectTcpipTarget {
  readonly dstIP: string;
  readonly dstPort: number;
  readonly srcIP: string;
  readonly srcPort: number;
}

export interface StreamLocalTarget {
  readonly socketPath: string;
}

/** CHANNEL_OPEN as ssh2 parses it: `sender` is the peer's id, `window` what we may send. Those of unknown types have no data. */
export type ChannelOpen = {
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
} & (
  | {
      readonly type: 'forwarded-tcpip';
      readonly data: { readonly destIP: string; readonly destPort: number };
    }
  | {
      readonly type: 'direct-tcpip';
      readonly data: {
        readonly destIP: string;
        readonly destPort: number;
        readonly srcIP: string;
        readonly srcPort: number;
      };
    }
  | {
      readonly type: 'forwarded-streamlocal@openssh.com' | 'direct-streamlocal@openssh.com';
      readonly data: StreamLocalTarget;
    }
  | { readonly type: 'session' | 'x11' | 'auth-agent@openssh.com' }
);

/** CHANNEL_OPEN_CONFIRMATION as ssh2 parses it: `recipient` is our id, `sender` the peer's. */
export interface OpenConfirmation {
  readonly recipient: number;
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
}

/** `localId` is the recipient of the message: the id of a channel on this side. */
export interface MessageHandlers {
  CHANNEL_OPEN(protocol: SshProtocol, info: ChannelOpen): void;
  CHANNEL_OPEN_CONFIRMATION(protocol: SshProtocol, info: OpenConfirmation): void;
  CHANNEL_OPEN_FAILURE(protocol: SshProtocol, localId: number, reason: number, description: string): void;
  CHANNEL_DATA(protocol: SshProtocol, localId: number, data: Buffer): void;
  CHANNEL_WINDOW_ADJUST(protocol: SshProtocol, localId: number, bytes: number): void;
  CHANNEL_EOF(protocol: SshProtocol, localId: number): void;
  CHANNEL_CLOSE(protocol: SshProtocol, localId: number): void;
  CHANNEL_REQUEST(
    protocol: SshProtocol,
    localId: number,
    type: string,
    wantReply: boolean,
    data: unknown,
  ): void;
  /** `data` is what follows the name and `wantReply`: raw bytes, unless ssh2 knows the request and has parsed it. */
  GLOBAL_REQUEST(protocol: SshProtocol, name: string, wantReply: boolean, data: unknown): void;
  /** `data` is what the peer added to its answer. */
  REQUEST_SUCCESS?: (protocol: SshProtocol, data?: Buffer) => void;
  REQUEST_FAILURE?: (protocol: SshProtocol) => void;
}

/** Reserves channel ids, so that ssh2's own channels (sessions) and ours never share one. */
export interface ChannelIds {
  add(): number;
  remove(id: number): void;
}

/** The inside of an ssh2 connection. */
export interface Ssh2Internals {
  readonly protocol: SshProtocol;
  readonly ids: ChannelIds;
  readonly socket: Duplex;
  /** Calls back after each exchange of keys. */
  onNewKeys(listener: () => void): void;
}

interface ConnectionFields {
  readonly _protocol: SshProtocol;
  readonly _chanMgr: ChannelIds;
  readonly _sock: Duplex;
}

/**
 * The inside of a connected ssh2 `Client`, or of a server's `Connection`. ssh2's public channels cannot keep a half-close, enforce
 * their window, give back unread memory, see a full socket, say why one is refused or tell a broken stream from an ended one: so
 * forwards carry their own channels and need the packet level below.
 */
export function internalsOf(connection: EventEmitter): Ssh2Internals {
  const fields = connection as unknown as ConnectionFields;
  return {
    protocol: fields._protocol,
    ids: fields._chanMgr,
    socket: fields._sock,
    onNewKeys: (listener) => void connection.on('handshake', listener),
  };
}
