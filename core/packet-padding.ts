import { randomFillSync } from 'node:crypto';

/** The part of ssh2's cipher that makes a packet: its length, the length of its padding, room for the payload, the padding. */
interface PacketCipher {
  allocPacket(payloadBytes: number): Buffer;
}

const poolBytes = 16 * 1024;
const blockBytes = 16;
const minPaddingBytes = 4;
const tagBytes = 16;
/** The packet's length (4 bytes) and the length of its padding (1). */
const headBytes = 5;

const pool = Buffer.alloc(poolBytes);
let drawn = poolBytes;

/**
 * Makes ssh2 draw the random padding of AES-GCM packets (RFC 4253, section 6; RFC 5647) from a pool that is filled at once. One call for each
 * packet's few bytes was a tenth of what SSH costs. To be called after each key exchange, which makes a new cipher.
 */
export function poolPadding(connection: object): void {
  const { _cipher: cipher } = (connection as { _protocol: { _cipher: PacketCipher } })._protocol;
  // Of the compiled part; other ciphers lay out their packets otherwise.
  if (cipher.constructor.name === 'AESGCMCipherBinding') cipher.allocPacket = allocateGcmPacket;
}

/** The length is not encrypted, and so is not counted for the multiple of the block size. */
export function allocateGcmPacket(payloadBytes: number): Buffer {
  const plainBytes = 1 + payloadBytes;
  let paddingBytes = blockBytes - (plainBytes % blockBytes);
  if (paddingBytes < minPaddingBytes) paddingBytes += blockBytes;
  const packet = Buffer.allocUnsafe(4 + plainBytes + paddingBytes + tagBytes);
  packet.writeUInt32BE(plainBytes + paddingBytes, 0);
  packet[4] = paddingBytes;
  drawPadding(packet, headBytes + payloadBytes, paddingBytes);
  return packet;
}

/** No byte of the pool is used twice. */
function drawPadding(packet: Buffer, at: number, length: number): void {
  if (drawn + length > poolBytes) {
    randomFillSync(pool);
    drawn = 0;
  }
  pool.copy(packet, at, drawn, drawn + length);
  drawn += length;
}
