// Sessions of stock ssh through a jump host, each a process with its own two logins: `FILE SSH CONFIG COUNT AT_A_TIME`.
// So many at a time are started together and stay until each has echoed a line; prints `ECHOES COUNT SECONDS P50_MS`.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { percentile } from '../chaos/percentile.ts';

const [ssh = 'ssh', config = '', countText = '1', atATimeText = '1'] = process.argv.slice(2);
const [count, atATime] = [Number(countText), Number(atATimeText)];

interface Session {
  /** From the start of the process to the first byte that came back. */
  readonly echoed: Promise<number>;
  end(): Promise<void>;
}

function open(): Session {
  const startedAt = performance.now();
  const child = spawn(ssh, ['-F', config, 'machine', 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit');
  child.stdin.write('echo\n');
  const ended = exited.then(([code]) => {
    throw new Error(`ssh ended with ${code} before it echoed`);
  });
  ended.catch(() => {});
  const answered = once(child.stdout, 'data').then(() => performance.now() - startedAt);
  return {
    echoed: Promise.race([answered, ended]),
    end: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

const times: number[] = [];
let seconds = 0;
for (let done = 0; done < count; done += atATime) {
  const startedAt = performance.now();
  const sessions = Array.from({ length: Math.min(atATime, count - done) }, open);
  times.push(...(await Promise.all(sessions.map(({ echoed }) => echoed))));
  seconds += (performance.now() - startedAt) / 1000;
  await Promise.all(sessions.map((session) => session.end()));
}
console.log(`ECHOES ${times.length} ${seconds.toFixed(3)} ${percentile(times, 50).toFixed(1)}`);
