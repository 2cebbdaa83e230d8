import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';

const module = new URL('../../client/surroundings.ts', import.meta.url).href;

/** A process that does this with its surroundings, and ends at once as the client does. */
function running(t: Test, doing: string): ChildProcessWithoutNullStreams {
  const source = `import { processSurroundings } from '${module}';
    const around = processSurroundings();
    ${doing};
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source]);
  t.teardown(() => child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  return child;
}

const length = 3_000_000;

t.test('what is printed arrives whole, however slowly it is read', async (t) => {
  const child = running(t, `await around.print('x'.repeat(${length}))`);
  let read = 0;
  for await (const chunk of child.stdout) {
    read += (chunk as Buffer).length;
    await new Promise(setImmediate);
  }
  t.equal(read, length);
});

t.test('a reader that is gone keeps nobody waiting', async (t) => {
  const child = running(t, `await around.print('x'.repeat(${length}))`);
  child.stdout.destroy();
  t.equal((await once(child, 'exit'))[0], 0);
});

t.test('standard input: all of it, up to a bound', async (t) => {
  const whole = running(t, 'await around.print(await around.readStdin(100))');
  whole.stdin.end('a key');
  t.equal(await text(whole.stdout), 'a key');
  const endless = running(t, 'await around.print(await around.readStdin(100))');
  endless.stdin.write('y'.repeat(1000));
  t.equal(await text(endless.stdout), 'y'.repeat(100));
  const none = running(t, 'await around.print(await around.readStdin(100))');
  none.stdin.end();
  t.equal(await text(none.stdout), '');
});
