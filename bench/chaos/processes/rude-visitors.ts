// Visitors with bad manners, a few a second: they hang up in the middle of an answer, of their own upload, or of a
// WebSocket, read as slowly as they can, or send a large upload to its end:
//   node rude-visitors.ts JOB.json
// SIGTERM ends it when the last of them has left. Nobody looks at what they get: the gateway is what is looked at.
import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { readJob, type RudeJob } from '../jobs.ts';
import { hostOf } from '../visits.ts';

const job = readJob() as RudeJob;
const ca = readFileSync(job.front.caFile);
const stayMs = 2000;
const megabyte = 1_000_000;
const running = new Set<Promise<void>>();

const to = (env: string, path: string): RequestOptions => ({
  ...{ host: '127.0.0.1', port: job.front.port, ca, servername: `${env}.localhost`, agent: false, path },
  headers: { host: hostOf(env, job.front) },
});

const moment = (): Promise<void> => sleep(Math.random() * stayMs);

async function hangUpDownload(env: string): Promise<void> {
  const outgoing = request(to(env, `/download?bytes=${5 * megabyte}&ms=0`));
  outgoing.on('error', () => {});
  outgoing.on('response', (incoming) => incoming.on('error', () => {}).resume());
  outgoing.end();
  await moment();
  outgoing.destroy();
}

/** Takes nothing of an answer but what its socket's buffers do, and then leaves. */
async function readNothing(env: string): Promise<void> {
  const outgoing = request(to(env, `/download?bytes=${5 * megabyte}&ms=0`));
  outgoing.on('error', () => {});
  outgoing.on('response', (incoming) => incoming.on('error', () => {}).pause());
  outgoing.end();
  await moment();
  outgoing.destroy();
}

async function upload(env: string, leaves: boolean): Promise<void> {
  const outgoing = request({ ...to(env, '/'), method: 'POST' });
  outgoing.on('error', () => {});
  const over = new Promise<void>((resolve) => void outgoing.once('close', () => resolve()));
  outgoing.on('response', (incoming) => incoming.on('error', () => {}).resume());
  outgoing.write(Buffer.alloc(megabyte));
  if (!leaves) outgoing.end();
  await Promise.race([over, moment()]);
  outgoing.destroy();
}

async function talk(env: string): Promise<void> {
  const { headers } = to(env, '');
  const webSocket = new WebSocket(`wss://127.0.0.1:${job.front.port}/socket`, {
    ...{ headers: headers as Record<string, string>, ca, servername: `${env}.localhost` },
  });
  webSocket.on('error', () => {});
  webSocket.on('open', () => webSocket.send(Buffer.alloc(64 * 1024)));
  await moment();
  webSocket.terminate();
}

const manners: readonly ((env: string) => Promise<void>)[] = [
  hangUpDownload,
  readNothing,
  (env) => upload(env, true),
  (env) => upload(env, false),
  talk,
];

let visits = 0;
const timer = setInterval(() => {
  const behave = manners[visits % manners.length]!;
  const env = job.envs[Math.floor(visits / manners.length) % job.envs.length]!;
  visits += 1;
  const visit = behave(env);
  running.add(visit);
  void visit.finally(() => running.delete(visit));
}, 1000 / job.perSecond);

process.once('SIGTERM', () => clearInterval(timer));
console.log('READY');
