import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FileChanges, isSetAside, wordsOf } from '../../../client/agent-setup/file-changes.ts';
import { fileTree } from '../../support/file-tree.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

t.test('all is taken back: what was there is the very same file', async (t) => {
  const dir = scratchDir(t);
  const there = join(dir, 'there');
  const gone = join(dir, 'gone');
  writeFileSync(there, 'before', { mode: 0o640 });
  writeFileSync(gone, 'gone', { mode: 0o600 });
  mkdirSync(join(dir, 'narrow'), { mode: 0o700 });
  symlinkSync('/etc/hostname', join(dir, 'link'));
  const before = fileTree(dir);
  const { ino } = statSync(there);

  const changes = new FileChanges();
  changes.directory(join(dir, 'new'));
  changes.directory(join(dir, 'narrow'));
  changes.write({ path: join(dir, 'new', 'file'), text: 'new', mode: 0o644 });
  changes.write({ path: there, text: 'after', mode: 0o755 });
  changes.write({ path: there, text: 'after all', mode: 0o755 });
  changes.write({ path: join(dir, 'link'), text: 'a file', mode: 0o644 });
  changes.remove(gone);
  changes.remove(join(dir, 'never was'));
  t.ok(changes.changed);
  t.equal(readFileSync(there, 'utf8'), 'after all');
  t.equal(statSync(there).mode & 0o777, 0o755);
  t.equal(statSync(join(dir, 'narrow')).mode & 0o777, 0o755);
  t.notOk(existsSync(gone));

  changes.undo();
  t.same(fileTree(dir), before);
  t.equal(statSync(there).ino, ino);
  t.notOk(changes.changed);
});

t.test('what is kept leaves nothing beside it', async (t) => {
  const dir = scratchDir(t);
  const inner = join(dir, 'a', 'b');
  mkdirSync(inner, { recursive: true });
  chmodSync(join(dir, 'a'), 0o755);
  writeFileSync(join(inner, 'file'), 'before');
  writeFileSync(join(dir, 'full'), '');
  const changes = new FileChanges();
  changes.write({ path: join(dir, 'new'), text: '1', mode: 0o644 });
  changes.remove(join(inner, 'file'));
  changes.removeDirectory(inner);
  changes.removeDirectory(join(dir, 'a'));
  changes.removeDirectory(dir);
  t.ok(existsSync(inner), 'not before it is kept');
  changes.keep();
  changes.undo();
  t.same(
    fileTree(dir).map((line) => line.split(' ')[0]),
    ['', 'full', 'new'],
  );
});

t.test('what is there already is left alone', async (t) => {
  const path = join(scratchDir(t), 'file');
  writeFileSync(path, 'text');
  chmodSync(path, 0o644);
  const { ino } = statSync(path);
  const changes = new FileChanges();
  changes.write({ path, text: 'text', mode: 0o644 });
  t.notOk(changes.changed);
  t.equal(statSync(path).ino, ino);
  changes.write({ path, text: 'text', mode: 0o600 });
  t.ok(changes.changed, 'its mode counts too');
});

t.test('a write that fails leaves nothing', async (t) => {
  const dir = scratchDir(t);
  const changes = new FileChanges();
  t.throws(() => changes.write({ path: join(dir, 'none', 'file'), text: '', mode: 0o644 }), {
    code: 'ENOENT',
  });
  mkdirSync(join(dir, 'directory'));
  const before = fileTree(dir);
  t.throws(() => changes.write({ path: join(dir, 'directory'), text: '', mode: 0o644 }));
  t.same(fileTree(dir), before);
  t.ok(isSetAside('x.porthole-old') && isSetAside('x.porthole-new') && !isSetAside('x.conf'));
  t.match(wordsOf(Object.assign(new Error('EACCES: no'), { code: 'EACCES' })), /run it as root/);
  t.equal(wordsOf(new Error('other')), 'other');
});
