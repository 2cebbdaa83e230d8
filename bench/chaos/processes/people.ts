// People who work on a machine by the gate, each with an ssh of their own that echoes again and again:
//   node people.ts JOB.json
// Prints READY when all have had an echo. On SIGTERM those that still live leave, and it ends.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { bootMs } from '../clock.ts';
import { readJob, type PeopleJob } from '../jobs.ts';
import { RecordFile, type PersonRecord } from '../records.ts';

const job = readJob() as PeopleJob;
const records = new RecordFile<PersonRecord>(job.out);
const leaving = new AbortController();

const echoMs = 250;
const keptChars = 2000;

interface Person {
  /** It had its first echo, or will have none. */
  readonly begun: Promise<unknown>;
  readonly over: Promise<unknown>;
}

function begin(): Person {
  const startedMs = bootMs();
  const child = spawn(job.ssh, ['-F', job.configFile, 'machine', 'cat'], { stdio: 'pipe' });
  child.stdin.on('error', () => {});
  let lastAliveMs = startedMs;
  let said = '';
  child.stdout.on('data', () => (lastAliveMs = bootMs()));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-keptChars)));
  const timer = setInterval(() => child.stdin.write('still there?\n'), echoMs);
  leaving.signal.addEventListener('abort', () => child.stdin.end());
  const firstEcho = once(child.stdout, 'data');
  firstEcho.catch(() => {});
  const over = once(child, 'close').then(() => {
    clearInterval(timer);
    const ending = leaving.signal.aborted ? 'left' : 'ended';
    records.add({ startedMs, lastAliveMs, endedMs: bootMs(), ending, said });
  });
  return { begun: Promise.race([firstEcho, over]), over };
}

const people = Array.from({ length: job.count }, begin);
await Promise.all(people.map(({ begun }) => begun));
// It stays until it is told to leave, though all have ended: who tells it does not know.
const staying = setInterval(() => {}, 60_000);
process.once('SIGTERM', () => {
  clearInterval(staying);
  leaving.abort();
});
console.log('READY');
await Promise.all(people.map(({ over }) => over));
