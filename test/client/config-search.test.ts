import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findConfig } from '../../client/config-search.ts';
import { scratchDir } from '../support/scratch-dir.ts';

t.test('it is looked for upwards, to the root of the repository or the home directory', async (t) => {
  const root = scratchDir(t);
  const make = (...parts: string[]): string => {
    const path = join(root, ...parts);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const config = (...parts: string[]): string => {
    const path = join(root, ...parts, 'porthole.toml');
    writeFileSync(path, '');
    return path;
  };
  const home = make('home');
  const deep = make('home', 'work', 'repo', 'a', 'b');
  make('home', 'work', 'repo', '.git');
  t.equal(findConfig(deep, home), undefined);
  config();
  t.equal(findConfig(deep, home), undefined, 'above the home directory');
  const outside = config('home');
  t.equal(findConfig(deep, home), undefined, 'above the repository');
  t.equal(findConfig(make('home', 'work', 'other'), home), outside, 'below the home directory');
  const ofRepository = config('home', 'work', 'repo');
  t.equal(findConfig(deep, home), ofRepository);
  const nearest = config('home', 'work', 'repo', 'a');
  t.equal(findConfig(deep, home), nearest);
  make('home', 'work', 'repo', 'a', 'b', 'porthole.toml');
  t.equal(findConfig(deep, home), nearest, 'a folder of that name is none');

  const elsewhere = make('srv', 'app');
  t.equal(findConfig(elsewhere, home), undefined, 'what lies above may be anybody’s');
  t.equal(findConfig(elsewhere, home), undefined);
  const here = config('srv', 'app');
  t.equal(findConfig(elsewhere, home), here);
});
