import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createAuthorityFile, readAuthorityFile } from '../../../server/identity/authority-file.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

t.test('made once, for its owner alone, with its public half beside it', async (t) => {
  const path = join(scratchDir(t), 'some_ca');
  t.equal(readAuthorityFile(path), undefined);
  const made = createAuthorityFile(path, 'a comment');
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(readFileSync(`${path}.pub`, 'utf8'), `${made.line}\n`);
  t.match(made.line, /^ssh-ed25519 \S+ a comment$/);
  t.equal(readAuthorityFile(path)?.line, made.line);
  t.throws(() => createAuthorityFile(path, ''), { code: 'ERR_CONFLICT' });
  t.equal(readAuthorityFile(path)?.line, made.line, 'never made over');
});

t.test('what cannot be used or written is a clear error', async (t) => {
  const dir = scratchDir(t);
  writeFileSync(join(dir, 'damaged'), 'nonsense');
  t.throws(() => readAuthorityFile(join(dir, 'damaged')), { code: 'ERR_STATE_DIR', message: /damaged/ });
  t.throws(() => readAuthorityFile(dir), { code: 'ERR_STATE_DIR', message: /cannot read/ });
  t.throws(() => createAuthorityFile(join(dir, 'none', 'ca'), ''), { code: 'ERR_STATE_DIR' });
});
