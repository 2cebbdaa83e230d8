import { setTimeout as sleep } from 'node:timers/promises';
import { megabyte, paths } from '../origin.ts';
import { runLoad, startLoad } from '../wrk.ts';
import type { Load, LoadResult } from '../wrk.ts';
import type { Case, Trial } from './case.ts';

/** Time for the download to reach its full speed. */
const rampMs = 500;
const marginSeconds = 5;

/** Runs a load while somebody downloads a huge file, again and again should it be done before the load is. */
async function besideDownload(
  { workspace }: Trial,
  load: Load,
): Promise<{ small: LoadResult; bulk: LoadResult }> {
  const bulk = startLoad(workspace, {
    endpoint: load.endpoint,
    path: paths.gigabyte,
    connections: 1,
    seconds: load.seconds + marginSeconds,
  });
  await sleep(rampMs);
  const small = await runLoad(workspace, load);
  return { small, bulk: await bulk.end() };
}

/** Small requests while somebody downloads a huge file through the same tunnel. */
const fairnessOf = (name: string, connections: number, who: string): Case => ({
  name,
  title: `small responses over HTTP, ${who}, while a 1 GB download runs in the same tunnel`,
  tools: ['wrk'],
  instance: 'shared',
  canRun: (peer) => peer.http !== undefined,
  run: async (trial) => {
    const { workspace, peer, seconds } = trial;
    const load = { endpoint: peer.http!, path: paths.small, connections, seconds };
    const idle = await runLoad(workspace, load);
    const { small, bulk } = await besideDownload(trial, load);
    return [
      { metric: 'idle-p99', value: idle.p99Ms, unit: 'ms', better: 'lower' },
      { metric: 'busy-p99', value: small.p99Ms, unit: 'ms', better: 'lower' },
      { metric: 'slowdown', value: small.p99Ms / idle.p99Ms, unit: 'x idle p99', better: 'lower' },
      {
        metric: 'bulk-rate',
        value: bulk.bytes / megabyte / bulk.seconds,
        unit: 'MB/s beside',
        better: 'higher',
      },
    ];
  },
});

/** A single visitor feels every queue in the path, and every other process on the machine. */
export const fairness = fairnessOf('fairness', 1, 'one connection');

/** Many visitors, as busy as the gateway lets them be. */
export const fairnessOfMany = fairnessOf('fairness-64', 64, '64 keep-alive connections');
