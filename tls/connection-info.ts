import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { plainAddress } from './networks.ts';
import type { ProxiedSource } from './proxy-protocol.ts';

/**
 * What is known of a connection, captured when it was accepted: a socket forgets its addresses when its peer goes.
 */
export interface ConnectionInfo {
  /** The visitor's, as a trusted proxy told it or as the socket has it; IPv4 never in its IPv6-mapped form. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** Came through TLS. All that follow are `undefined` if not. */
  readonly secure: boolean;
  /** The name that the client asked for by SNI, in lower case. */
  readonly servername: string | undefined;
  /** What was agreed by ALPN. */
  readonly alpn: string | undefined;
  readonly tlsVersion: string | undefined;
  readonly cipher: string | undefined;
  /** The address was told by a PROXY header. */
  readonly viaProxy: boolean;
}

/** `undefined` if the peer is gone already. */
export function captureInfo(socket: Socket): ConnectionInfo | undefined {
  const { remoteAddress, remotePort, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined || localPort === undefined) return undefined;
  return {
    remoteAddress: plainAddress(remoteAddress),
    remotePort,
    localPort,
    secure: false,
    servername: undefined,
    alpn: undefined,
    tlsVersion: undefined,
    cipher: undefined,
    viaProxy: false,
  };
}

export function proxiedInfo(info: ConnectionInfo, source: ProxiedSource | undefined): ConnectionInfo {
  if (source === undefined) return info;
  return { ...info, remoteAddress: source.address, remotePort: source.port, viaProxy: true };
}

export function securedInfo(info: ConnectionInfo, socket: TLSSocket): ConnectionInfo {
  return {
    ...info,
    secure: true,
    servername: present(socket.servername)?.toLowerCase(),
    alpn: present(socket.alpnProtocol),
    tlsVersion: socket.getProtocol() ?? undefined,
    cipher: socket.getCipher().name,
  };
}

/** Node says `false` or `null` where there is none. */
function present(value: string | false | null): string | undefined {
  return value === false || value === null || value === '' ? undefined : value;
}
