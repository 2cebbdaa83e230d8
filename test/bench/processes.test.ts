import t from 'tap';
import type { Child } from '../../bench/child.ts';
import { Processes } from '../../bench/processes.ts';

t.test('a command runs to its end, and its failure carries its last words', async (t) => {
  const processes = new Processes();
  t.teardown(() => processes.destroy());
  t.equal(await processes.run('echo', ['done'], 5000), 'done\n');
  await t.rejects(processes.run('sh', ['-c', 'echo broken >&2; exit 1'], 5000), /exit code 1: broken/);
  await t.rejects(processes.run('tail', ['-f', '/dev/null'], 20), /too long/);
});

t.test('what fails to start together ends together', async (t) => {
  const processes = new Processes();
  t.teardown(() => processes.destroy());
  const before = processes.start('tail', ['-f', '/dev/null']);
  let during: Child | undefined;
  const work = processes.together(async () => {
    during = processes.start('tail', ['-f', '/dev/null']);
    throw new Error('the second part did not start');
  });
  await t.rejects(work, /second part/);
  t.equal(during?.running, false);
  t.equal(before.running, true, 'what was there before stays');

  await processes.close();
  t.equal(before.running, false);
  t.throws(() => processes.start('true', []), /ending/, 'nothing starts after the end');
});
