// Dials many tunnels, each for an environment of its own with one forward, and holds them:
//   node idle-tunnels.ts PORT IDENTITY-FILE COUNT CONCURRENCY
// Prints `UP COUNT SECONDS` when all are up. Ends with exit code 1 when one cannot be made or is lost.
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';

const [port, identityFile = '', count, concurrency] = process.argv.slice(2);
const privateKey = readFileSync(identityFile);
const total = Number(count);

function fail(reason: string): void {
  console.error(reason);
  process.exit(1);
}

/** One tunnel: settles when its forward is granted. */
function dial(number: number): Promise<void> {
  return new Promise((settle, reject) => {
    const client = new ssh2.Client();
    client.on('error', (error) => reject(new Error(`tunnel ${number}: ${error.message}`)));
    client.on('close', () => fail(`tunnel ${number} was closed`));
    client.on('ready', () => {
      client.forwardIn('localhost', 80, (error) => (error === undefined ? settle() : reject(error)));
    });
    client.connect({
      host: '127.0.0.1',
      port: Number(port),
      username: `idle-${number}`,
      privateKey,
      readyTimeout: 30_000,
    });
  });
}

let next = 0;

async function dialInTurn(): Promise<void> {
  while (next < total) await dial(next++);
}

const startedAt = performance.now();
try {
  await Promise.all(Array.from({ length: Number(concurrency) }, dialInTurn));
  console.log(`UP ${total} ${((performance.now() - startedAt) / 1000).toFixed(2)}`);
} catch (error) {
  fail((error as Error).message);
}
