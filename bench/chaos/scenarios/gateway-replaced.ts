import type { Child } from '../../child.ts';
import { until } from '../../patience.ts';
import { formatFigure } from '../../tables.ts';
import { bootMs } from '../clock.ts';
import { lateness, noneFailed } from '../findings.ts';
import { ChaosGateway } from '../gateway.ts';
import { judgeAll } from '../judgement.ts';
import { modes, type StreamRecord } from '../records.ts';
import type { Finding, Scenario, Trial } from '../scenario.ts';
import { BundledClient, StockSshLoop } from '../tunnels.ts';
import { startApps, startLoad, startStreams } from '../workers.ts';

const env = 'moved';
const sockets = 100;
/** What an old process may take beyond its grace. */
const spareMs = 5000;

interface Plan {
  readonly perSecond: number;
  readonly graceMs: number;
  readonly downloadMs: number;
  readonly quickReplaces: number;
}

const planOf = ({ short }: Trial): Plan =>
  short
    ? { perSecond: 50, graceMs: 8000, downloadMs: 5000, quickReplaces: 2 }
    : { perSecond: 100, graceMs: 30_000, downloadMs: 20_000, quickReplaces: 5 };

/** Half of it by HTTP/2, where a goodbye and a request may cross. */
const mostlyHttp2 = [...modes, 'h2', 'h2', 'h2'] as const;
const trafficTo = {
  envs: [env],
  modes: mostlyHttp2,
  postShare: 0.5,
  maxBodyBytes: 64 * 1024,
  maxWaitMs: 200,
};

/** How an old process ended, and how long after it was replaced. */
async function endOf(old: Child, graceMs: number): Promise<{ how: string; afterMs: number }> {
  const fromMs = bootMs();
  await until('the replaced gateway has ended', () => !old.running, graceMs + spareMs + 10_000);
  return { how: await old.exited, afterMs: bootMs() - fromMs };
}

function exitFinding(ends: readonly { how: string; afterMs: number }[], graceMs: number): Finding {
  const slowest = Math.max(...ends.map(({ afterMs }) => afterMs));
  const hows = [...new Set(ends.map(({ how }) => how))];
  return {
    asked: `each replaced process ends by itself with exit code 0, at most ${spareMs / 1000} s after its grace of ${graceMs / 1000} s`,
    measured: `${ends.length} ended with ${hows.join(', ')}, the slowest after ${formatFigure(slowest / 1000)} s`,
    kept: hows.join() === 'exit code 0' && slowest <= graceMs + spareMs,
  };
}

const lifeInWords = ({ kind, ending, detail, startedMs, lastAliveMs }: StreamRecord): string =>
  `${kind} ${ending} ${detail} after ${formatFigure((lastAliveMs - startedMs) / 1000)} s`.replace(/ +/g, ' ');

/** Downloads must be whole; what never ends by itself must live until the grace is over. */
function streamFinding(
  records: readonly StreamRecord[],
  { replacedMs, graceMs, downloadMs }: Pick<Plan, 'graceMs' | 'downloadMs'> & { replacedMs: number },
): Finding {
  const livedMs = (record: StreamRecord): number => record.lastAliveMs - replacedMs;
  const isKept = (record: StreamRecord): boolean =>
    record.kind === 'download' ? record.ending === 'whole' : livedMs(record) >= graceMs - 1000;
  const bad = records.filter((record) => !isKept(record));
  const endless = records.filter(({ kind }) => kind !== 'download');
  const shortest = endless.length === 0 ? 0 : Math.min(...endless.map(livedMs));
  return {
    asked: `a ${downloadMs / 1000} s download, SSE streams and ${sockets} WebSockets live until done or grace`,
    measured:
      `${records.length - bad.length} of ${records.length} did; open ones lived ${formatFigure(shortest / 1000)} s or more` +
      bad
        .slice(0, 3)
        .map((record) => `; ${lifeInWords(record)}`)
        .join(''),
    kept: records.length > 0 && bad.length === 0,
  };
}

async function runBundled(trial: Trial): Promise<Finding[]> {
  const { workspace, pause, say } = trial;
  const plan = planOf(trial);
  const { perSecond, graceMs, downloadMs, quickReplaces } = plan;
  const gateway = await ChaosGateway.start(workspace, ['--grace', `${graceMs}ms`]);
  const apps = await startApps(workspace, [env]);
  const client = new BundledClient(workspace, gateway, { env, target: `127.0.0.1:${apps.portOf(env)}` });
  await client.untilConnected();
  const load = await startLoad(workspace, { front: gateway.front, perSecond, traffic: trafficTo });
  const streams = await startStreams(workspace, {
    ...{ front: gateway.front, env, events: 3, sockets, uploads: 0 },
    downloads: Array.from({ length: 3 }, () => ({ bytes: 5_000_000, ms: downloadMs })),
  });
  await pause(1000);
  const old = await gateway.replace();
  const replacedMs = bootMs();
  say('  replaced');
  const ends = [await endOf(old, graceMs)];
  const streamRecords = await streams.finish();
  const olds: Child[] = [];
  for (let count = 0; count < quickReplaces; count++) {
    olds.push(await gateway.replace());
    say('  replaced again');
    await pause(1000);
  }
  ends.push(...(await Promise.all(olds.map((each) => endOf(each, graceMs)))));
  await pause(1000);
  const records = await load.finish();
  const asked = `gateway replaced ${1 + quickReplaces} times under ${perSecond} requests/s with the bundled client: 0 failed`;
  const judged = judgeAll(records, apps.sightings());
  const found = noneFailed(judged, trial, asked);
  const served = judged.every(({ verdict }) => verdict === 'served');
  return [
    { ...found, measured: `${found.measured}; ${lateness(records)}`, kept: found.kept && served },
    streamFinding(streamRecords, { ...plan, replacedMs }),
    exitFinding(ends, graceMs),
  ];
}

async function runStockSsh(trial: Trial): Promise<Finding[]> {
  const { workspace, pause, say } = trial;
  const { perSecond, graceMs } = planOf(trial);
  const gateway = await ChaosGateway.start(workspace, ['--grace', `${graceMs}ms`]);
  const apps = await startApps(workspace, [env]);
  const target = `127.0.0.1:${apps.portOf(env)}`;
  const tunnel = new StockSshLoop(trial, gateway, { env, target, pauseMs: 1000 });
  await until('the stock tunnel is up', async () => (await gateway.metric('porthole_tunnels')) > 0, 15_000);
  await pause(500);
  const load = await startLoad(workspace, { front: gateway.front, perSecond, traffic: trafficTo });
  const ends = [];
  for (let count = 0; count < 2; count++) {
    await pause(2000);
    const old = await gateway.replace();
    say('  replaced');
    ends.push(await endOf(old, graceMs));
  }
  await pause(2000);
  const records = await load.finish();
  const judged = judgeAll(records, apps.sightings());
  const found = noneFailed(
    judged,
    trial,
    `gateway replaced twice under ${perSecond} requests/s with stock ssh in a restart loop: held, 0 failed`,
  );
  const slowest = Math.max(...records.map(({ startedMs, endedMs }) => endedMs - startedMs));
  const more = `slowest ${formatFigure(slowest / 1000)} s, ssh started again ${tunnel.restarts} times`;
  const served = judged.every(({ verdict }) => verdict === 'served');
  return [
    { ...found, measured: `${found.measured}; ${more}`, kept: found.kept && served },
    exitFinding(ends, graceMs),
  ];
}

export const gatewayReplaced: Scenario = {
  name: 'gateway-replaced',
  title: '`portholed --replace` under load, with the bundled client',
  obstacle: () => undefined,
  run: runBundled,
};

export const gatewayReplacedSsh: Scenario = {
  name: 'gateway-replaced-ssh',
  title: '`portholed --replace` under load, with stock ssh in a restart loop',
  obstacle: () => undefined,
  run: runStockSsh,
};
