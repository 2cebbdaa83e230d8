import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import t from 'tap';
import {
  cpuSecondsOf,
  parseOpenFilesLimit,
  parseResidentBytes,
  parseStat,
  residentBytesOf,
  withDescendants,
} from '../../bench/procfs.ts';

const rest = 'S 77 4242 4242 0 -1 4194304 1 2 3 4 250 50 7 8 20 0 1 0 99321 1000 200 18446744073709551615';

t.test('reads the times of a process', async (t) => {
  t.same(parseStat(`4242 (nginx) ${rest}\n`), {
    parentPid: 77,
    cpuSeconds: 3,
    endedCpuSeconds: 0.15,
    startTicks: 99_321,
  });
});

t.test('whatever its command is called', async () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), (command) => {
      const { parentPid, cpuSeconds, startTicks } = parseStat(`4242 (${command}) ${rest}\n`);
      return parentPid === 77 && cpuSeconds === 3 && startTicks === 99_321;
    }),
  );
});

t.test('reads the resident size', async (t) => {
  t.equal(parseResidentBytes('Name:\tnode\nVmHWM:\t 9000 kB\nVmRSS:\t    1500 kB\nThreads:\t1\n'), 1_536_000);
  t.equal(parseResidentBytes('Name:\tnode\nState:\tZ (zombie)\n'), 0, 'a zombie has none');
});

t.test('reads the limit of open files', async (t) => {
  const line = (soft: string, hard: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${soft}                 ${hard}               files     \n`;
  t.equal(parseOpenFilesLimit(line('1024', '524288')), 524_288, 'the hard one');
  t.equal(parseOpenFilesLimit(line('1024', 'unlimited')), Infinity);
  t.equal(parseOpenFilesLimit(''), Infinity, 'a system that tells none has none');
});

t.test('looks at living processes', async (t) => {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] });
  child.on('error', () => {});
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  t.ok(withDescendants([process.pid]).includes(child.pid!), 'finds a child by its parent');
  t.ok(residentBytesOf([process.pid, child.pid!]) > residentBytesOf([child.pid!]));
  t.ok(cpuSecondsOf([process.pid]) > 0);

  child.kill('SIGKILL');
  await once(child, 'exit');
  t.equal(residentBytesOf([child.pid!]), 0, 'one that ended holds nothing');
  t.equal(cpuSecondsOf([child.pid!]), 0);
});
