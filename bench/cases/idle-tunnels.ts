import { fileURLToPath } from 'node:url';
import type { Child } from '../child.ts';
import { until, settled } from '../patience.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { openFilesLimit, residentBytesOf } from '../procfs.ts';
import type { Case, Measurement, Trial } from './case.ts';

const dialler = fileURLToPath(new URL('../load/idle-tunnels.ts', import.meta.url));

/** At most so many tunnels are dialled at a time: gateways limit unauthenticated connections from one address. */
const concurrency = 16;
const limitMs = 120_000;
const spareFiles = 500;
const memorySettling = { tolerance: 0.01, quietMs: 3000, limitMs: 20_000 };

/** How long the dialling took, once it is done; throws when it failed. */
async function secondsUntilUp(child: Child, count: number): Promise<number> {
  const line = /^UP (\d+) ([\d.]+)$/m;
  const done = (): boolean => {
    if (!child.running) throw new Error(`dialling ${count} tunnels failed: ${child.lastWords}`);
    return line.test(child.stdout);
  };
  await until(`${count} tunnels are up`, done, limitMs);
  return Number(line.exec(child.stdout)![2]);
}

const settledResident = (peer: RunningPeer): Promise<number> =>
  settled(() => residentBytesOf(peer.gatewayPids!()), memorySettling);

async function dialAndMeasure({ workspace, peer }: Trial, count: number): Promise<Measurement[]> {
  const { port, identityFile } = peer.tunnelServer!;
  // Garbage is collected before the first look, so that tunnels do not move into its place unseen; not before the second.
  const before = { live: await peer.liveBytes!(), resident: await settledResident(peer) };
  const args = [dialler, String(port), identityFile, String(count), String(concurrency)];
  const child = workspace.processes.start(process.execPath, args);
  try {
    const seconds = await secondsUntilUp(child, count);
    const after = { resident: await settledResident(peer), live: await peer.liveBytes!() };
    if (!child.running) throw new Error(`tunnels did not stay up: ${child.lastWords}`);
    const each = (reading: 'resident' | 'live'): number => (after[reading] - before[reading]) / count / 1000;
    return [
      { metric: 'connect', value: seconds, unit: 's until all are up', better: 'lower' },
      { metric: 'resident', value: each('resident'), unit: 'KB of resident memory each', better: 'lower' },
      { metric: 'live', value: each('live'), unit: 'KB held each, garbage collected', better: 'lower' },
    ];
  } finally {
    child.kill();
    await child.exited;
  }
}

/** Tunnels that nobody visits: what one costs while it waits. */
const idleTunnels = (count: number): Case => ({
  name: `idle-tunnels-${count}`,
  title: `${count} idle tunnels, dialled ${concurrency} at a time by one Node process`,
  tools: [],
  instance: 'fresh',
  maxRounds: 1,
  ...(count > 1000 ? { long: true as const } : {}),
  canRun: ({ tunnelServer, gatewayPids, liveBytes }) =>
    tunnelServer !== undefined && gatewayPids !== undefined && liveBytes !== undefined,
  run: async (trial) => {
    if (openFilesLimit() < count + spareFiles) {
      throw new Error(
        `${count} tunnels need more open files than ${openFilesLimit()}: ulimit -n ${count + spareFiles}`,
      );
    }
    return dialAndMeasure(trial, count);
  },
});

export const idleTunnels1000 = idleTunnels(1000);
export const idleTunnels5000 = idleTunnels(5000);
