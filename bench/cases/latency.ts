import { paths } from '../origin.ts';
import { runLoad } from '../wrk.ts';
import type { Case } from './case.ts';

/** One visitor, one request after the other. */
export const latency: Case = {
  name: 'latency',
  title: 'small responses over HTTP, one connection',
  tools: ['wrk'],
  instance: 'shared',
  canRun: (peer) => peer.http !== undefined,
  run: async ({ workspace, peer, seconds }) => {
    const load = { endpoint: peer.http!, path: paths.small, connections: 1, seconds };
    const { p50Ms, p99Ms } = await runLoad(workspace, load);
    return [
      { metric: 'p50', value: p50Ms, unit: 'ms', better: 'lower' },
      { metric: 'p99', value: p99Ms, unit: 'ms', better: 'lower' },
    ];
  },
};
