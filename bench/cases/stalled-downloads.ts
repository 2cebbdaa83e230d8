import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../endpoint.ts';
import { megabyte, paths } from '../origin.ts';
import { settled } from '../patience.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { residentBytesOf } from '../procfs.ts';
import { runLoad } from '../wrk.ts';
import type { Case, Measurement, Trial } from './case.ts';

const visitors = 20;
const answerLimitMs = 10_000;
const memorySettling = { tolerance: 0.01, quietMs: 3000, limitMs: 15_000 };
const longestBackSeconds = 20;
/** What may stay of the memory that was held: caches and pools of some parts. */
const backShare = 0.1;

/** A visitor that asks for a large file, reads the first bytes of it, and then nothing more. */
async function stall(endpoint: Endpoint): Promise<Socket> {
  const { hostname, port, host } = new URL(endpoint.root);
  const headers = Object.entries({ Host: host, ...endpoint.headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(`GET ${paths.hundredMegabytes} HTTP/1.1\r\n${headers.join('')}\r\n`);
  await once(socket, 'data', { signal: AbortSignal.timeout(answerLimitMs) });
  socket.pause();
  return socket;
}

const residentBytes = (peer: RunningPeer): number => residentBytesOf(peer.gatewayPids!());

/** Readings of what a peer holds; resident memory first, because looking at live memory collects garbage. */
interface Held {
  readonly resident: number;
  readonly buffered: number | undefined;
  readonly live: number | undefined;
}

async function look(peer: RunningPeer): Promise<Held> {
  const resident = residentBytes(peer);
  return { resident, buffered: await peer.bufferedBytes?.(), live: await peer.liveBytes?.() };
}

/** How much more it is than before; undefined where there is no such reading. */
const growth = (before: number | undefined, now: number | undefined): number | undefined =>
  before === undefined || now === undefined ? undefined : now - before;

/** Whether nearly all of what came on top of `before` is gone. */
function isBack(before: number | undefined, peak: number | undefined, now: number | undefined): boolean {
  const held = growth(before, peak) ?? 0;
  return (growth(before, now) ?? 0) <= Math.max(held * backShare, megabyte);
}

/** Seconds until all that was held has been given back, or the limit when it is not. */
async function secondsUntilBack(peer: RunningPeer, before: Held, stalled: Held): Promise<number> {
  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1000;
  while (elapsed() < longestBackSeconds) {
    const now = await look(peer);
    const readings = ['live', 'buffered'] as const;
    if (readings.every((reading) => isBack(before[reading], stalled[reading], now[reading])))
      return elapsed();
    await sleep(200);
  }
  return longestBackSeconds;
}

/** A figure for each visitor, where it is known. */
function forEach(metric: string, bytes: number | undefined, unit: string): Measurement[] {
  return bytes === undefined ? [] : [{ metric, value: bytes / visitors / megabyte, unit, better: 'lower' }];
}

async function run({ workspace, peer }: Trial): Promise<Measurement[]> {
  const endpoint = peer.http!;
  // The code is compiled and the heap has its working size before anything is compared.
  await runLoad(workspace, { endpoint, path: paths.small, connections: visitors, seconds: 1 });
  // Without garbage, in whose place the new could move unseen.
  await peer.liveBytes?.();
  await settled(() => residentBytes(peer), memorySettling);
  const before = await look(peer);
  const sockets = await Promise.all(Array.from({ length: visitors }, () => stall(endpoint)));
  await settled(() => residentBytes(peer), memorySettling);
  const stalled = await look(peer);
  for (const socket of sockets) socket.destroy();
  const back = peer.liveBytes === undefined ? [] : [await secondsUntilBack(peer, before, stalled)];
  return [
    ...forEach('live', growth(before.live, stalled.live), 'MB held each, garbage collected'),
    ...forEach('buffered', growth(before.buffered, stalled.buffered), 'MB buffered each'),
    ...forEach('resident', growth(before.resident, stalled.resident), 'MB of resident memory each'),
    ...back.map((value) => ({ metric: 'back', value, unit: 's until it is back', better: 'lower' as const })),
  ];
}

/** Visitors who stop reading: what each makes the gateway hold, and when that is over. */
export const stalledDownloads: Case = {
  name: 'stalled-downloads',
  title: `${visitors} visitors stall a 100 MB download, then leave`,
  tools: ['wrk'],
  instance: 'fresh',
  maxRounds: 3,
  canRun: (peer) => peer.http !== undefined && peer.gatewayPids !== undefined,
  run,
};
