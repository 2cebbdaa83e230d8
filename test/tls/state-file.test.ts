import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createFile, publicMode, replaceFile, secretMode } from '../../tls/state-file.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

t.test('creates a file only where there is none', async (t) => {
  const directory = scratchDir(t);
  const path = join(directory, 'file');
  t.equal(await createFile(path, 'one', secretMode), true);
  t.equal(await createFile(path, 'two', secretMode), false);
  t.equal(readFileSync(path, 'utf8'), 'one');
  t.equal(modeOf(path), 0o600);
  t.same(readdirSync(directory), ['file'], 'leaves nothing behind');
});

t.test('of many that create one file, one does', async (t) => {
  const path = join(scratchDir(t), 'file');
  const created = await Promise.all(
    Array.from({ length: 20 }, (_, n) => createFile(path, String(n), secretMode)),
  );
  t.equal(created.filter(Boolean).length, 1);
  t.equal(readFileSync(path, 'utf8'), String(created.indexOf(true)));
});

t.test('replaces a file, with its mode, whatever the umask', async (t) => {
  const path = join(scratchDir(t), 'file');
  const umask = process.umask(0o077);
  t.teardown(() => process.umask(umask));
  writeFileSync(path, 'old', { mode: 0o666 });
  await replaceFile(path, 'new', publicMode);
  t.equal(readFileSync(path, 'utf8'), 'new');
  t.equal(modeOf(path), 0o644);
});

t.test('leaves nothing behind when it fails', async (t) => {
  const directory = scratchDir(t);
  const path = join(directory, 'taken');
  mkdirSync(path);
  await t.rejects(replaceFile(path, 'text', secretMode));
  t.same(readdirSync(directory), ['taken']);
  await t.rejects(createFile(join(directory, 'missing', 'file'), 'text', secretMode), { code: 'ENOENT' });
});
