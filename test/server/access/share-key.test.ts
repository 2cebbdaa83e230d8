import { chmod, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { loadShareKey } from '../../../server/access/share-key.ts';

t.test('is made on first start, readable by the owner alone, and stays the same', async (t) => {
  const directory = join(t.testdir(), 'state');
  const key = await loadShareKey(directory);
  t.equal(key.length, 32);
  t.equal((await stat(join(directory, 'share.key'))).mode & 0o777, 0o600);
  t.same(await loadShareKey(directory), key);
  t.same(await readdir(directory), ['share.key'], 'nothing is left beside it');
});

t.test('two starts at once end up with one key', async (t) => {
  const directory = t.testdir();
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadShareKey(directory)));
  t.equal(new Set(keys.map((key) => key.toString('hex'))).size, 1);
  t.same(await readFile(join(directory, 'share.key')), keys[0]);
});

t.test('two gateways have different keys', async (t) => {
  const directory = t.testdir({ a: {}, b: {} });
  const [a, b] = [await loadShareKey(join(directory, 'a')), await loadShareKey(join(directory, 'b'))];
  t.notSame(a, b);
});

t.test('a damaged key is an error that says what to do, and is left alone', async (t) => {
  const directory = t.testdir({ 'share.key': 'short' });
  await t.rejects(loadShareKey(directory), { code: 'ERR_STATE_DIR', message: /share\.key/ });
  t.equal(await readFile(join(directory, 'share.key'), 'utf8'), 'short');
});

t.test('a state directory that cannot be used is an error with its cause', async (t) => {
  const directory = t.testdir({ file: '' });
  await t.rejects(loadShareKey(join(directory, 'file')), {
    code: 'ERR_STATE_DIR',
    cause: { code: 'ENOTDIR' },
  });
  await writeFile(join(directory, 'share.key'), 'x');
  await chmod(join(directory, 'share.key'), 0o600);
  await t.rejects(loadShareKey(directory), { code: 'ERR_STATE_DIR' });
});
