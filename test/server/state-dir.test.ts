import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { claimStateDir } from '../../server/state-dir.ts';

const source = fileURLToPath(new URL('../../server/state-dir.ts', import.meta.url));

function directory(test: { teardown(action: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'porthole-state-'));
  test.teardown(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

t.test('the directory is made, for its owner alone', async (t) => {
  const path = join(directory(t), 'a', 'b');
  const claim = await claimStateDir(path);
  t.teardown(() => {
    claim.close();
  });
  t.equal(statSync(path).mode & 0o777, 0o700);
});

t.test('a second claim is refused while the first is held, and has it after', async (t) => {
  const path = directory(t);
  const first = await claimStateDir(path);
  await t.rejects(claimStateDir(path), { code: 'ERR_STATE_DIR' });
  first.close();
  const second = await claimStateDir(path);
  second.close();
});

t.test('the claim of a process that was killed is no claim', async (t) => {
  const path = directory(t);
  const script = `const { claimStateDir } = await import(${JSON.stringify(source)}); await claimStateDir(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await t.rejects(claimStateDir(path), { code: 'ERR_STATE_DIR' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const claim = await claimStateDir(path);
  claim.close();
});

t.test('a path longer than a socket may have', async (t) => {
  const path = join(directory(t), 'x'.repeat(120));
  const claim = await claimStateDir(path);
  t.teardown(() => {
    claim.close();
  });
  await t.rejects(claimStateDir(path), { code: 'ERR_STATE_DIR' });
});

t.test('a directory that cannot be made or written is told', async (t) => {
  await t.rejects(claimStateDir('/proc/nowhere/porthole'), { code: 'ERR_STATE_DIR' });
  const path = directory(t);
  chmodSync(path, 0o500);
  // Root may write anywhere; for everybody else it must be refused.
  if (process.getuid?.() === 0) t.pass('runs as root');
  else await t.rejects(claimStateDir(path), { code: 'ERR_STATE_DIR' });
});
