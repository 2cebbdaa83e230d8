import { closeSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Child } from '../../bench/child.ts';
import { endOf, openLog } from '../../bench/log-file.ts';

t.test('reads the end of a file', async (t) => {
  const path = join(t.testdir(), 'log');
  writeFileSync(path, 'first\nsecond\n');
  t.equal(endOf(path, 7), 'second\n');
  t.equal(endOf(path, 100), 'first\nsecond\n');
  writeFileSync(path, '');
  t.equal(endOf(path, 100), '');
});

t.test('a writer goes on at the beginning of a log that was emptied', async (t) => {
  const path = join(t.testdir(), 'log');
  const fd = openLog(path);
  t.teardown(() => closeSync(fd));
  writeSync(fd, 'before\n');
  truncateSync(path);
  writeSync(fd, 'after\n');
  t.equal(endOf(path, 100), 'after\n');
});

t.test('takes the standard output of a process', async (t) => {
  const logFile = join(t.testdir(), 'log');
  const child = new Child('sh', ['-c', 'echo logged; echo told >&2'], { logFile });
  await child.exited;
  t.equal(child.stdout, 'logged\n');
  t.equal(child.lastWords, 'logged\ntold');
});
