import fc from 'fast-check';
import t from 'tap';
import { inspectPublicKey as inspect } from '../../../core/public-key.ts';
import { inspectPublicKey } from '../../../server/identity/inspected-keys.ts';
import { publicKey } from '../../support/public-keys.ts';

const keys = Array.from({ length: 8 }, () => publicKey());
const [first = publicKey()] = keys;

t.test('says what core says, the first time and every other', async (t) => {
  for (const { blob } of [...keys, ...keys, publicKey(2048)]) {
    t.same(inspectPublicKey('ssh-ed25519', blob), inspect('ssh-ed25519', blob));
    t.same(inspectPublicKey('ssh-rsa', blob), inspect('ssh-rsa', blob));
  }
});

t.test('a key that was found sound is looked into once', async (t) => {
  const sound = inspectPublicKey('ssh-ed25519', first.blob);
  t.equal(inspectPublicKey('ssh-ed25519', Buffer.from(first.blob)), sound);
  const unsound = inspectPublicKey('ssh-rsa', first.blob);
  t.not(inspectPublicKey('ssh-rsa', first.blob), unsound);
});

t.test('what becomes of the buffer afterwards changes nothing', async (t) => {
  const buffer = Buffer.from(publicKey().blob);
  const before = Buffer.from(buffer);
  const result = inspectPublicKey('ssh-ed25519', buffer);
  buffer.fill(0);
  t.same(result.ok && Buffer.from(result.key.blob), before);
  t.equal(inspectPublicKey('ssh-ed25519', buffer).ok, false);
});

t.test('any change of a byte, the length or the type is another key', async () => {
  const index = fc.integer({ min: 0, max: first.blob.length - 1 });
  fc.assert(
    fc.property(index, fc.integer({ min: 1, max: 255 }), (at, change) => {
      const other = Buffer.from(first.blob);
      other[at] = (other[at] ?? 0) ^ change;
      const [mine, cores] = [inspectPublicKey('ssh-ed25519', other), inspect('ssh-ed25519', other)];
      return mine.ok === cores.ok && (!mine.ok || Buffer.from(mine.key.blob).equals(other));
    }),
  );
});
