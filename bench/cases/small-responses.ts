import { paths } from '../origin.ts';
import { runLoad } from '../wrk.ts';
import type { Case } from './case.ts';
import { cpuCost, withCpu } from './cpu.ts';

const connections = 64;

interface Variant {
  readonly name: string;
  readonly title: string;
  readonly scheme: 'http' | 'https';
  readonly headers?: Readonly<Record<string, string>>;
}

/** Small answers to many visitors at once: what a request costs, whatever its size. */
const smallResponses = ({ name, title, scheme, headers = {} }: Variant): Case => ({
  name,
  title,
  tools: ['wrk'],
  instance: 'shared',
  canRun: (peer) => peer[scheme] !== undefined,
  run: async ({ workspace, peer, seconds }) => {
    const load = { endpoint: peer[scheme]!, path: paths.small, connections, seconds, headers };
    const { result, cpuSeconds } = await withCpu(peer, () => runLoad(workspace, load));
    return [
      { metric: 'rate', value: result.requests / result.seconds, unit: 'requests/s', better: 'higher' },
      ...cpuCost(cpuSeconds, result.requests / 10_000, 'CPU s per 10,000 requests'),
    ];
  },
});

export const smallHttp = smallResponses({
  name: 'small-http',
  title: `small responses over HTTP, ${connections} keep-alive connections`,
  scheme: 'http',
});

export const smallHttps = smallResponses({
  name: 'small-https',
  title: `small responses over HTTPS, ${connections} keep-alive connections`,
  scheme: 'https',
});

export const newConnections = smallResponses({
  name: 'new-connections',
  title: `small responses over HTTP, ${connections} at a time, a new connection each`,
  scheme: 'http',
  headers: { Connection: 'close' },
});
