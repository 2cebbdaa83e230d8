import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { UrlFile } from '../../client/url-file.ts';
import { FakeSurroundings } from './fake-surroundings.ts';

t.test('appears whole, changes when the URLs do, and goes', async (t) => {
  const { home } = new FakeSurroundings(t);
  const path = join(home, 'urls');
  const file = new UrlFile(path);
  t.equal(file.remove(), undefined, 'nothing to remove');
  t.equal(file.write(['https://a/', 'https://b/']), undefined);
  t.equal(readFileSync(path, 'utf8'), 'https://a/\nhttps://b/\n');
  const { ino } = statSync(path);
  file.write(['https://a/', 'https://b/']);
  t.equal(statSync(path).ino, ino, 'the same again is not written');
  file.write(['https://c/']);
  t.equal(readFileSync(path, 'utf8'), 'https://c/\n');
  t.equal(file.remove(), undefined);
  t.same(readdirSync(home), ['.ssh']);
});

t.test('problems are values', async (t) => {
  const file = new UrlFile('/nowhere/urls');
  t.match(file.write(['x']), '/nowhere/urls');
  t.match(file.remove(), '/nowhere/urls');
});
