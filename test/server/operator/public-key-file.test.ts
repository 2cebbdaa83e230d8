import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readPublicKey } from '../../../server/operator/public-key-file.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { fakeOperator } from './fake-operator.ts';

const key = makeKey(t);

t.test('from a file, or from standard input', async (t) => {
  const { operator } = fakeOperator({ readStdin: () => Promise.resolve(`${key.line} piped\n`) });
  t.match(await readPublicKey(`${key.path}.pub`, operator), { type: 'ssh-ed25519', comment: 'test' });
  t.match(await readPublicKey('-', operator), { type: 'ssh-ed25519', comment: 'piped' });
});

t.test('what is none is refused in words that repeat nothing of it', async (t) => {
  const { operator } = fakeOperator();
  await t.rejects(readPublicKey(key.path, operator), {
    name: 'UsageProblem',
    message: /OpenSSH private key/,
  });
  const file = join(scratchDir(t), 'x');
  writeFileSync(file, 'hunter2 hunter2');
  const failed = readPublicKey(file, operator);
  await t.rejects(failed, { name: 'UsageProblem', message: new RegExp(`^${file}: `) });
  await failed.catch((error: unknown) => t.notMatch(String(error), /hunter2/));
  await t.rejects(readPublicKey('-', operator), { message: /^standard input: / });
  await t.rejects(readPublicKey('/nowhere', operator), {
    code: 'ERR_CONFIG',
    message: /cannot read \/nowhere/,
  });
});
