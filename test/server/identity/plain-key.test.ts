import { join } from 'node:path';
import t from 'tap';
import { createAuthorityFile } from '../../../server/identity/authority-file.ts';
import { signCertificate } from '../../../server/identity/certificate-signing.ts';
import { plainKeyOf } from '../../../server/identity/plain-key.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

t.test('a key is itself, and is found in a certificate', async (t) => {
  const { type, blob } = makeKey(t);
  t.same(plainKeyOf({ type, blob }), { type, blob });
  const authority = createAuthorityFile(join(scratchDir(t), 'ca'), '');
  const content = { subject: blob, serial: 1n, id: 'ana', principals: [], validAfter: 0, validBefore: 1 };
  const [certType = '', base64 = ''] = signCertificate(content, authority).split(' ');
  t.same(plainKeyOf({ type: certType, blob: Buffer.from(base64, 'base64') }), { type, blob });
  const damaged = { type: certType, blob: Buffer.of(1, 2) };
  t.same(plainKeyOf(damaged), damaged);
});
