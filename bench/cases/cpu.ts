import type { RunningPeer } from '../peers/peer.ts';
import { cpuSecondsOf } from '../procfs.ts';
import type { Measurement } from './case.ts';

/** Runs a load and adds to its result the CPU seconds that the gateway's processes used meanwhile. */
export async function withCpu<T>(
  peer: RunningPeer,
  load: () => Promise<T>,
): Promise<{ result: T; cpuSeconds: number | undefined }> {
  const pids = peer.gatewayPids;
  if (pids === undefined) return { result: await load(), cpuSeconds: undefined };
  const before = cpuSecondsOf(pids());
  const result = await load();
  return { result, cpuSeconds: cpuSecondsOf(pids()) - before };
}

/** The figure for it, when it is known: CPU seconds for each unit of work, such as 10,000 requests. */
export function cpuCost(cpuSeconds: number | undefined, units: number, unit: string): Measurement[] {
  if (cpuSeconds === undefined || units === 0) return [];
  return [{ metric: 'cpu', value: cpuSeconds / units, unit, better: 'lower' }];
}
