import type { Client } from 'ssh2';

/**
 * ssh2's packet writer and its table of message handlers, as far as channels need them. ssh2 is pinned to one
 * version for this.
 */
export interface SshProtocol {
  channelOpenConfirm(remoteId: number, localId: number, window: number, maxPacket: number): void;
  channelOpenFail(remoteId: number, reason: number, description: string): void;
  channelData(remoteId: number, data: Buffer): void;
  channelEOF(remoteId: number): void;
  channelClose(remoteId: number): void;
  channelWindowAdjust(remoteId: number, bytes: number): void;
  readonly _handlers: MessageHandlers;
}

/** CHANNEL_OPEN as ssh2 parses it: `sender` is the peer's id, `window` what we may send. */
export type ChannelOpen = {
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
} & (
  | {
      readonly type: 'forwarded-tcpip';
      readonly data: { readonly destIP: string; readonly destPort: number };
    }
  | { readonly type: 'forwarded-streamlocal@openssh.com'; readonly data: { readonly socketPath: string } }
  | { readonly type: 'x11' | 'auth-agent@openssh.com' }
);

export interface MessageHandlers {
  CHANNEL_OPEN(protocol: SshProtocol, info: ChannelOpen): void;
  CHANNEL_DATA(protocol: SshProtocol, localId: number, data: Buffer): void;
  CHANNEL_WINDOW_ADJUST(protocol: SshProtocol, localId: number, bytes: number): void;
  CHANNEL_EOF(protocol: SshProtocol, localId: number): void;
  CHANNEL_CLOSE(protocol: SshProtocol, localId: number): void;
}

/** Reserves channel ids, so that ssh2's own channels (sessions) and ours never share one. */
export interface ChannelIds {
  add(): number;
  remove(id: number): void;
}

export interface ClientInternals {
  readonly protocol: SshProtocol;
  readonly ids: ChannelIds;
  /** Sends `keepalive@openssh.com`, which every peer answers, with success or failure. */
  ping(): void;
}

interface ClientFields {
  readonly _protocol: SshProtocol & { ping(): void };
  readonly _chanMgr: ChannelIds;
  readonly _callbacks: (() => void)[];
}

/**
 * The inside of a connected ssh2 client. What ssh2 offers in public cannot give a reason when it refuses a
 * channel, tell a broken stream from an ended one, give back unread memory or see a full socket, so forwarded
 * channels are our own, on the packet level below.
 */
export function internalsOf(client: Client): ClientInternals {
  const fields = client as unknown as ClientFields;
  return {
    protocol: fields._protocol,
    ids: fields._chanMgr,
    ping: () => {
      // Answers to global requests carry no id: the order of these callbacks is what tells them apart.
      fields._callbacks.push(() => undefined);
      fields._protocol.ping();
    },
  };
}
