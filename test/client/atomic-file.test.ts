import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { replaceFile } from '../../client/atomic-file.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('the file is there whole, with its mode, and nothing beside it', (t) => {
  const folder = scratchDir(t);
  const file = join(folder, 'x');
  replaceFile(file, 'one', 0o600);
  replaceFile(file, Buffer.from([0xe9]), 0o600);
  t.same(readFileSync(file), Buffer.from([0xe9]));
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.same(readdirSync(folder), ['x']);
  t.throws(() => replaceFile(join(folder, 'none', 'x'), '', 0o600), { code: 'ENOENT' });
  t.end();
});
