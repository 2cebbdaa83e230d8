import fc from 'fast-check';
import t from 'tap';
import { base32 } from '../../core/base32.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

function decode(text: string): number[] {
  const bits = [...text]
    .map((character) => alphabet.indexOf(character).toString(2).padStart(5, '0'))
    .join('');
  return (bits.match(/[01]{8}/g) ?? []).map((byte) => parseInt(byte, 2));
}

t.test('the vectors of RFC 4648, section 10, in lower case and unpadded', (t) => {
  const vectors = {
    '': '',
    f: 'my',
    fo: 'mzxq',
    foo: 'mzxw6',
    foob: 'mzxw6yq',
    fooba: 'mzxw6ytb',
    foobar: 'mzxw6ytboi',
  };
  for (const [plain, encoded] of Object.entries(vectors)) t.equal(base32(Buffer.from(plain)), encoded);
  t.end();
});

t.test('every byte string can be read back', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const text = base32(bytes);
      return text.length === Math.ceil((bytes.length * 8) / 5) && Buffer.from(decode(text)).equals(bytes);
    }),
  );
  t.end();
});
