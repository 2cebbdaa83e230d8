import fc from 'fast-check';
import t from 'tap';
import { allocateGcmPacket, poolPadding } from '../../core/packet-padding.ts';

t.test('packets are laid out by RFC 4253, section 6, with the length left out of the blocks', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40_000 }), (payloadBytes) => {
      const packet = allocateGcmPacket(payloadBytes);
      const length = packet.readUInt32BE(0);
      const padding = packet[4] ?? 0;
      return (
        packet.length === 4 + length + 16 &&
        length % 16 === 0 &&
        padding >= 4 &&
        padding < 20 &&
        length === 1 + payloadBytes + padding
      );
    }),
  );
});

t.test('padding differs from packet to packet, also when the pool is used up', async (t) => {
  const seen = new Set<string>();
  for (let i = 0; i < 3000; i += 1) seen.add(allocateGcmPacket(100).subarray(105, 113).toString('hex'));
  t.ok(seen.size > 2990);
});

t.test('only the cipher whose layout is known is touched', async (t) => {
  const allocPacket = (): Buffer => Buffer.alloc(1);
  class AESGCMCipherBinding {
    allocPacket = allocPacket;
  }
  class GenericCipherBinding {
    allocPacket = allocPacket;
  }
  const gcm = new AESGCMCipherBinding();
  const other = new GenericCipherBinding();
  poolPadding({ _protocol: { _cipher: gcm } });
  poolPadding({ _protocol: { _cipher: other } });
  t.equal(gcm.allocPacket, allocateGcmPacket);
  t.equal(other.allocPacket, allocPacket);
});
