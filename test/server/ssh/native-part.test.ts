import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import { nativePartIsUsed } from '../../../server/ssh/native-part.ts';

t.test('it says what ssh2 itself found', async (t) => {
  const main = createRequire(import.meta.url).resolve('ssh2');
  const built = existsSync(join(dirname(main), 'protocol/crypto/build/Release/sshcrypto.node'));
  t.equal(nativePartIsUsed(), built);
});
