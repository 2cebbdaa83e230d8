import { hundredMegabytes, megabyte, paths } from '../origin.ts';
import { runLoad } from '../wrk.ts';
import type { Case, Measurement } from './case.ts';
import { cpuCost, withCpu } from './cpu.ts';

interface Download {
  readonly name: string;
  readonly title: string;
  readonly path: string;
  readonly connections: number;
}

const gigabyte = 1000 * megabyte;

const rate = (bytes: number, seconds: number): Measurement => ({
  metric: 'rate',
  value: bytes / megabyte / seconds,
  unit: 'MB/s',
  better: 'higher',
});

/** Files on their way to visitors. What arrived of a file when the time was over counts too. */
const download = ({ name, title, path, connections }: Download): Case => ({
  name,
  title,
  tools: ['wrk'],
  instance: 'shared',
  canRun: (peer) => peer.http !== undefined,
  run: async ({ workspace, peer, seconds }) => {
    const load = { endpoint: peer.http!, path, connections, seconds };
    const { result, cpuSeconds } = await withCpu(peer, () => runLoad(workspace, load));
    return [
      rate(result.bytes, result.seconds),
      ...cpuCost(cpuSeconds, result.bytes / gigabyte, 'CPU s per GB'),
    ];
  },
});

export const downloadMegabyte = download({
  name: 'download-1mb',
  title: '1 MB downloads over HTTP, 8 keep-alive connections',
  path: paths.megabyte,
  connections: 8,
});

export const downloadHundredMegabytes = download({
  name: 'download-100mb',
  title: '100 MB downloads over HTTP, one connection',
  path: paths.hundredMegabytes,
  connections: 1,
});

/** Long enough for some whole uploads on a slow machine, however short the other loads are. */
const leastUploadSeconds = 4;

/** A large file on its way in. Only whole uploads count, so the rate comes from the mean time of one. */
export const uploadHundredMegabytes: Case = {
  name: 'upload-100mb',
  title: '100 MB uploads over HTTP, one connection',
  tools: ['wrk'],
  instance: 'shared',
  canRun: (peer) => peer.http !== undefined,
  run: async ({ workspace, peer, seconds }) => {
    const uploadBytes = hundredMegabytes;
    const load = {
      ...{ endpoint: peer.http!, path: paths.upload, connections: 1, uploadBytes },
      seconds: Math.max(seconds, leastUploadSeconds),
    };
    const { result, cpuSeconds } = await withCpu(peer, () => runLoad(workspace, load));
    // CPU time runs over the whole load, so it is set against what the load moved in that time.
    const gigabytesMoved = (uploadBytes / gigabyte) * ((result.seconds * 1000) / result.meanMs);
    return [rate(uploadBytes, result.meanMs / 1000), ...cpuCost(cpuSeconds, gigabytesMoved, 'CPU s per GB')];
  },
};
