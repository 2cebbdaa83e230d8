import type { Connection } from 'ssh2';
import type { PacketWriter } from '../../core/ssh2-protocol.ts';
import { wireString, wireUint32 } from '../../core/ssh-wire.ts';
import { signatureAlgorithms } from '../identity/signature.ts';

interface GreetingProtocol {
  _onHandshakeComplete: (...words: unknown[]) => void;
  readonly _kex: { remoteExtInfoEnabled: boolean };
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _packetRW: { readonly write: PacketWriter };
}

/** SSH_MSG_EXT_INFO (RFC 8308) with one extension: the algorithms that a client may sign its login with. */
const extInfo = Buffer.concat([
  Buffer.from([7]),
  wireUint32(1),
  wireString('server-sig-algs'),
  wireString(signatureAlgorithms.join(',')),
]);

/**
 * Tells each client what it may sign with, right after the first exchange of keys. ssh2's own list lacks a comma, and with it two
 * algorithms, knows no FIDO keys, and offers SHA-1. To be called before the keys are exchanged.
 */
export function tellSignatureAlgorithms(connection: Connection): void {
  const protocol = (connection as unknown as { _protocol: GreetingProtocol })._protocol;
  const onHandshakeComplete = protocol._onHandshakeComplete;
  let isFirst = true;
  protocol._onHandshakeComplete = (...words) => {
    // Nothing may come between it and the first NEWKEYS.
    if (isFirst && protocol._kex.remoteExtInfoEnabled) send(protocol);
    isFirst = false;
    protocol._kex.remoteExtInfoEnabled = false;
    onHandshakeComplete(...words);
  };
}

function send({ _packetRW: { write }, _cipher: cipher }: GreetingProtocol): void {
  const packet = write.alloc(extInfo.length);
  packet.set(extInfo, write.allocStart);
  cipher.encrypt(write.finalize(packet));
}
