import type { Connection } from 'ssh2';
import { serverAlgorithms } from './algorithms.ts';

/** The part of ssh2's protocol object that decides whether the packet behind a KEXINIT is dropped. */
interface KeyExchanging {
  _skipNextInboundPacket: boolean;
  readonly _kex: { readonly _remoteKexinit: Buffer | undefined } | undefined;
}

/** The type of the message and the cookie, before the lists of names. */
const kexinitHeadBytes = 17;

/**
 * Lets a client go on that sends its first packet of the key exchange along with a right guess at the algorithms (`first_kex_packet_follows`,
 * RFC 4253, section 7.1), as Dropbear's does. ssh2 takes every guess for wrong and drops that packet: both sides would wait for ever.
 */
export function heedRightGuess(connection: Connection): void {
  const protocol = (connection as unknown as { _protocol: KeyExchanging })._protocol;
  let skip = protocol._skipNextInboundPacket;
  Object.defineProperty(protocol, '_skipNextInboundPacket', {
    get: () => {
      const kexinit = protocol._kex?._remoteKexinit;
      skip &&= kexinit !== undefined && !isRightGuess(kexinit);
      return skip;
    },
    set: (value: boolean) => {
      skip = value;
    },
  });
}

/** A guess is right if both sides prefer the same key exchange and the same type of host key. */
export function isRightGuess(kexinit: Buffer): boolean {
  const kex = nameList(kexinit, kexinitHeadBytes);
  const hostKey = nameList(kexinit, kex.end);
  return kex.first === serverAlgorithms.kex[0] && hostKey.first === serverAlgorithms.serverHostKey[0];
}

/** A name-list (RFC 4251, section 5); ssh2 has already read it whole. */
function nameList(packet: Buffer, at: number): { first: string | undefined; end: number } {
  const start = at + 4;
  const end = start + packet.readUInt32BE(at);
  return { first: packet.toString('latin1', start, end).split(',', 1)[0], end };
}
