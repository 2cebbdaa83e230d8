import t from 'tap';
import { Child } from '../../bench/child.ts';
import { until } from '../../bench/patience.ts';
import { residentBytesOf, withDescendants } from '../../bench/procfs.ts';

/** A dead process may stay a zombie for a while, but holds no memory. */
const isAlive = (pid: number): boolean => residentBytesOf([pid]) > 0;

t.test('keeps what a process printed, and tells how it ended', async (t) => {
  const child = new Child('sh', ['-c', 'echo out; echo err >&2; exit 3']);
  t.equal(await child.exited, 'exit code 3');
  t.equal(child.running, false);
  t.equal(child.stdout, 'out\n');
  t.match(child.lastWords, /out\n.*err/s);
});

t.test('stopping a process takes its children with it, even one that ignores signals', async (t) => {
  const child = new Child('sh', ['-c', `(trap '' TERM; echo ready; exec tail -f /dev/null) & wait`]);
  t.teardown(() => child.kill());
  await until('the grandchild runs', () => child.stdout === 'ready\n', 5000);
  const family = withDescendants([child.pid]);
  t.ok(family.length > 1);
  await child.stop();
  await until('nobody is left', () => !family.some(isAlive), 5000);
  t.pass('all are gone');
});

t.test('a command that is not there is told at once', async (t) => {
  t.throws(() => new Child('/nonexistent/command', []), /did not start/);
});
