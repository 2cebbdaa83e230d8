import type { SshProtocol } from '../../core/ssh2-protocol.ts';

/** SSH_MSG_DISCONNECT and its reason BY_APPLICATION, RFC 4253 section 11.1. */
const messageDisconnect = 1;
const byApplication = 11;

/**
 * Tells the peer that the connection ends, and why: clients show it, with or without a session. (ssh2 leaves the description
 * empty.) May be sent at any time, even during a key exchange. Never throws: where the protocol has failed there is nobody to tell.
 */
export function sendDisconnect(protocol: SshProtocol, reason: string): void {
  try {
    protocol._cipher.encrypt(disconnectPacket(protocol, reason));
  } catch {
    // The socket goes anyway.
  }
}

function disconnectPacket(protocol: SshProtocol, reason: string): Buffer {
  const writer = protocol._packetRW.write;
  const description = Buffer.from(reason, 'utf8');
  const packet = writer.alloc(1 + 4 + 4 + description.length + 4, true);
  let at = writer.allocStartKEX;
  packet[at] = messageDisconnect;
  at = packet.writeUInt32BE(byApplication, at + 1);
  at = packet.writeUInt32BE(description.length, at);
  at += description.copy(packet, at);
  packet.writeUInt32BE(0, at);
  return writer.finalize(packet, true);
}
