import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { StateDir } from '../../server/state-dir.ts';
import { scratchDir } from '../support/scratch-dir.ts';

const source = fileURLToPath(new URL('../../server/state-dir.ts', import.meta.url));

function open(t: Test, path: string): StateDir {
  const directory = new StateDir(path);
  t.teardown(() => {
    directory.close();
  });
  return directory;
}

/** Claims it for somebody who answers nobody. */
const claim = (directory: StateDir): Promise<boolean> => directory.claim((socket) => socket.destroy());

t.test('the directory is made, for its owner alone', async (t) => {
  const path = join(scratchDir(t), 'a', 'b');
  t.ok(await claim(open(t, path)));
  t.equal(statSync(path).mode & 0o777, 0o700);
});

t.test('a second claim is refused while the first is held, and has it after', async (t) => {
  const path = scratchDir(t);
  const first = open(t, path);
  const second = open(t, path);
  t.equal(await claim(first), true);
  t.equal(await claim(second), false);
  first.release();
  first.release();
  t.notOk(existsSync(join(path, 'portholed.sock')), 'free at once');
  t.equal(await claim(second), true);
  first.close();
  first.close();
  t.equal(await claim(first), false, 'what is closed by the one does not free it of the other');
});

t.test('who finds it taken can ask there', async (t) => {
  const path = scratchDir(t);
  const owner = open(t, path);
  t.equal(await owner.dial(), undefined, 'there is nobody yet');
  const asked = new Promise<Socket>((resolve) => void owner.claim(resolve));
  const socket = await open(t, path).dial();
  t.teardown(() => socket?.destroy());
  const peer = await asked;
  peer.on('error', () => undefined);
  owner.release();
  peer.end('hello');
  const [said] = (await once(socket!, 'data')) as [Buffer];
  t.equal(said.toString(), 'hello', 'even after the claim was given up');
});

t.test('the claim of a process that was killed is no claim', async (t) => {
  const path = scratchDir(t);
  const script = `const { StateDir } = await import(${JSON.stringify(source)}); await new StateDir(${JSON.stringify(path)}).claim(() => {}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const directory = open(t, path);
  t.equal(await claim(directory), false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.equal(await claim(directory), true);
});

t.test('a path longer than a socket may have', async (t) => {
  const path = join(scratchDir(t), 'x'.repeat(120));
  t.equal(await claim(open(t, path)), true);
  t.equal(await claim(open(t, path)), false);
});

t.test('a directory that cannot be made or written is told', async (t) => {
  t.throws(() => new StateDir('/proc/nowhere/porthole'), { code: 'ERR_STATE_DIR' });
  const path = scratchDir(t);
  chmodSync(path, 0o500);
  // Root may write anywhere; for everybody else it must be refused.
  if (process.getuid?.() === 0) t.pass('runs as root');
  else t.throws(() => new StateDir(path), { code: 'ERR_STATE_DIR' });
});
