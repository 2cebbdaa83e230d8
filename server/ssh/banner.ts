import type { Connection } from 'ssh2';

/** SSH_MSG_USERAUTH_BANNER, RFC 4252 section 5.4. */
const messageBanner = 53;

interface PacketWriter {
  readonly _kexinit: unknown;
  readonly _packetRW: {
    write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  readonly _cipher: { encrypt(packet: Buffer): void };
}

/**
 * Shows text to a user who has not finished logging in. ssh2 knows only one text for everybody, sent before the user is known.
 * For a `ssh -N` client this is the only text it ever sees.
 */
export function sendBanner(connection: Connection, text: string): void {
  const protocol = (connection as unknown as { _protocol: PacketWriter })._protocol;
  if (protocol._kexinit !== undefined) return;
  const body = Buffer.from(text.replace(/\r?\n/gu, '\r\n'), 'utf8');
  const writer = protocol._packetRW.write;
  const packet = writer.alloc(1 + 4 + body.length + 4);
  let at = writer.allocStart;
  packet[at] = messageBanner;
  at = packet.writeUInt32BE(body.length, at + 1);
  at += body.copy(packet, at);
  packet.writeUInt32BE(0, at);
  protocol._cipher.encrypt(writer.finalize(packet));
}
