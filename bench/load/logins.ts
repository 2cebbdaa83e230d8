// Logs in and leaves again, so many at a time, for so long:
//   node logins.ts PORT USER IDENTITY-FILE SECONDS CONCURRENCY [CERTIFICATE-FILE]
// Prints `LOGINS COUNT SECONDS P50-MS` in the end. Ends with exit code 1 when a login fails.
import { sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import type { ConnectConfig } from 'ssh2';
import { letPresent, PresentedKeyAgent } from '../../client/presented-key.ts';
import { wireString } from '../../core/ssh-wire.ts';
import { median } from '../statistics.ts';

const [port, user = '', identityFile = '', seconds, concurrency, certificateFile] = process.argv.slice(2);
const privateKey = readFileSync(identityFile, 'utf8');

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}

/** What is shown for the login: the key alone, or a certificate for it. */
function credential(): Pick<ConnectConfig, 'privateKey' | 'agent'> {
  if (certificateFile === undefined) return { privateKey };
  const [algorithm = '', base64 = ''] = readFileSync(certificateFile, 'utf8').split(' ');
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) return fail(key.message);
  const pem = key.getPrivatePEM();
  const signature = (data: Buffer): Buffer =>
    Buffer.concat([wireString('ssh-ed25519'), wireString(sign(null, data, pem))]);
  const blob = Buffer.from(base64, 'base64');
  const presented = { algorithm, blob, sign: (data: Buffer) => Promise.resolve(signature(data)) };
  return { agent: new PresentedKeyAgent(presented) };
}

/** The same for all that is measured; what both ends prefer would differ. */
const algorithms: NonNullable<ConnectConfig['algorithms']> = {
  kex: ['curve25519-sha256'],
  cipher: ['aes128-gcm@openssh.com'],
  serverHostKey: ['ssh-ed25519'],
};

/** One login: gives the milliseconds until it was done, once the connection is closed again. */
function logIn(shown: ReturnType<typeof credential>): Promise<number> {
  return new Promise((settle, reject) => {
    const startedAt = performance.now();
    const client = new ssh2.Client();
    let ms = 0;
    client.on('error', (error) => reject(error));
    client.on('ready', () => {
      ms = performance.now() - startedAt;
      client.end();
    });
    client.on('close', () => (ms > 0 ? settle(ms) : reject(new Error('closed before the login'))));
    client.connect({
      host: '127.0.0.1',
      port: Number(port),
      username: user,
      readyTimeout: 20_000,
      algorithms,
      ...shown,
    });
    letPresent(client);
  });
}

const durations: number[] = [];
const startedAt = performance.now();
const elapsed = (): number => (performance.now() - startedAt) / 1000;

async function logInTimeAndAgain(shown: ReturnType<typeof credential>): Promise<void> {
  while (elapsed() < Number(seconds)) durations.push(await logIn(shown));
}

try {
  const shown = credential();
  await Promise.all(Array.from({ length: Number(concurrency) }, () => logInTimeAndAgain(shown)));
  console.log(`LOGINS ${durations.length} ${elapsed().toFixed(3)} ${median(durations).toFixed(3)}`);
} catch (error) {
  fail((error as Error).message);
}
