import fc from 'fast-check';
import t from 'tap';
import { WireReader, wireString, wireText, wireUint32, wireUint64 } from '../../core/ssh-wire.ts';

t.test('what is written is read back', async () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.string({ unit: 'grapheme' }),
      fc.nat(2 ** 32 - 1),
      fc.bigInt(0n, 2n ** 64n - 1n),
      (bytes, text, small, large) => {
        const written = Buffer.concat([
          wireString(bytes),
          wireString(text),
          wireUint32(small),
          wireUint64(large),
        ]);
        const reader = new WireReader(written);
        return (
          reader.string().equals(bytes) &&
          wireText(reader.string()) === text &&
          reader.uint32() === small &&
          reader.uint64() === large &&
          reader.complete
        );
      },
    ),
  );
});

t.test('what is missing reads as nothing, and is remembered', async (t) => {
  const reader = new WireReader(Buffer.from([0, 0, 0, 5, 65]));
  t.ok(reader.more);
  t.equal(reader.string().length, 0);
  t.notOk(reader.ok);
  t.notOk(reader.more);
  t.notOk(reader.complete);
  t.equal(reader.byte(), 0, 'nothing is read after it');
  t.equal(reader.uint32(), 0);
  t.equal(reader.uint64(), 0n);
  const whole = new WireReader(Buffer.from([7]));
  t.equal(whole.byte(), 7);
  t.ok(whole.complete);
  t.equal(whole.offset, 1);
});

t.test('a part of a larger buffer is read as that part', async (t) => {
  const larger = Buffer.from([9, 9, 0, 0, 0, 1, 65, 9]);
  const reader = new WireReader(larger.subarray(2, 7));
  t.equal(wireText(reader.string()), 'A');
  t.ok(reader.complete);
});

t.test('text is UTF-8 or none', async (t) => {
  t.equal(wireText(Buffer.from('\ufeffä')), '\ufeffä');
  t.equal(wireText(Buffer.from([0xff])), undefined);
});
