import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { WatchedFile } from '../../../server/identity/watched-file.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import type { TestScope } from '../../support/scope.ts';
import { until } from '../../support/until.ts';

/** A file that is looked at very often, with all that was told of it. */
function watch(t: TestScope, text?: string) {
  const path = join(scratchDir(t), 'file');
  if (text !== undefined) writeFileSync(path, text);
  const told: (string | undefined)[] = [];
  const file = new WatchedFile({
    path,
    onText: (now) => told.push(now),
    onUnreadable: () => told.push('unreadable'),
    pollMs: 2,
    settleMs: 2,
  });
  t.teardown(() => {
    file.close();
  });
  return { path, told, file };
}

t.test('read at once, and again when it changes, is replaced, goes and comes', async (t) => {
  const { path, told } = watch(t, 'one');
  t.same(told, ['one']);
  writeFileSync(path, 'two');
  await until('the change', () => told.at(-1) === 'two');
  writeFileSync(`${path}.new`, 'three');
  renameSync(`${path}.new`, path);
  await until('the other file', () => told.at(-1) === 'three');
  rmSync(path);
  await until('its end', () => told.at(-1) === undefined && told.length > 3);
  writeFileSync(path, 'four');
  await until('its return', () => told.at(-1) === 'four');
});

t.test('what is not there, and what is no file', async (t) => {
  const { path, told } = watch(t);
  t.same(told, [undefined]);
  mkdirSync(path);
  await until('the directory', () => told.at(-1) === 'unreadable');
});

t.test('closed, it looks no more', async (t) => {
  const { path, told, file } = watch(t, 'one');
  writeFileSync(path, 'two');
  file.close();
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => void setTimeout(resolve, 3));
  t.same(told, ['one']);
});
