import { paths } from '../origin.ts';
import { runLoad } from '../wrk.ts';
import type { Case, Measurement, Trial } from './case.ts';
import { cpuCost, withCpu } from './cpu.ts';

const connections = 64;

/** In short turns around each other, so that a machine that gets slower or faster meanwhile does so for both. */
const order = ['public', 'private', 'private', 'public'] as const;
const turnSeconds = 1;

type Kind = (typeof order)[number];

interface Sum {
  requests: number;
  seconds: number;
  cpuSeconds: number | undefined;
}

async function measure({ workspace, peer, seconds }: Trial): Promise<Record<Kind, Sum>> {
  const service = peer.privateService!;
  const loads = {
    public: { endpoint: peer.http! },
    private: { endpoint: service.http, headers: { Cookie: await service.cookie() } },
  };
  const common = { path: paths.small, connections, seconds: turnSeconds };
  const turns = Array.from({ length: Math.ceil(seconds / 2) }, () => order).flat();
  const sums: Record<Kind, Sum> = { public: nothing(), private: nothing() };
  for (const kind of turns) {
    const load = { ...loads[kind], ...common };
    const { result, cpuSeconds } = await withCpu(peer, () => runLoad(workspace, load));
    const sum = sums[kind];
    sum.requests += result.requests;
    sum.seconds += result.seconds;
    if (cpuSeconds !== undefined) sum.cpuSeconds = (sum.cpuSeconds ?? 0) + cpuSeconds;
  }
  return sums;
}

/** What it costs that each request is decided: the same origin through the same tunnel, open to all and with a cookie. */
export const privatePreview: Case = {
  name: 'private-preview',
  title: `small responses over HTTP of a private service with a cookie, ${connections} keep-alive connections, and of a public one`,
  tools: ['wrk', 'ssh'],
  instance: 'shared',
  canRun: ({ http, privateService }) => http !== undefined && privateService !== undefined,
  run: async (trial) => {
    const sums = await measure(trial);
    const of = (kind: Kind): Measurement[] => figures(kind, sums[kind]);
    const share = rateOf(sums.private) / rateOf(sums.public);
    return [
      ...of('public'),
      ...of('private'),
      { metric: 'share', value: share, unit: 'x public', better: 'higher' },
    ];
  },
};

function figures(kind: Kind, sum: Sum): Measurement[] {
  const cpu = cpuCost(sum.cpuSeconds, sum.requests / 10_000, 'CPU s per 10,000 requests');
  return [
    { metric: kind, value: rateOf(sum), unit: 'requests/s', better: 'higher' },
    ...cpu.map((each) => ({ ...each, metric: `${kind}-cpu` })),
  ];
}

function rateOf({ requests, seconds }: Sum): number {
  return requests / seconds;
}

function nothing(): Sum {
  return { requests: 0, seconds: 0, cpuSeconds: undefined };
}
