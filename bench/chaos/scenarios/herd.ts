import { until } from '../../patience.ts';
import { formatFigure } from '../../tables.ts';
import { bootMs } from '../clock.ts';
import { ChaosGateway } from '../gateway.ts';
import { percentile } from '../percentile.ts';
import { loopbackAddress } from '../loopback.ts';
import type { FleetEvent, RequestRecord } from '../records.ts';
import type { Finding, Scenario, Trial } from '../scenario.ts';
import { StockSshLoop } from '../tunnels.ts';
import { Http1Visitors } from '../visits.ts';
import { startApps, startFleet, startLoad } from '../workers.ts';

const probeEnv = 'probe';
const herdApp = 'herd';
const backLimitMs = 20_000;
const probeLimitMs = 250;
const asked = 50;

/** When the last tunnel of the fleet was up again after that moment; undefined while one is away. */
function allBackMs(events: readonly FleetEvent[], count: number, sinceMs: number): number | undefined {
  const ups = new Map<string, number>();
  for (const { env, kind, atMs } of events) if (kind === 'up' && atMs > sinceMs) ups.set(env, atMs);
  return ups.size === count ? Math.max(...ups.values()) : undefined;
}

/** How many of some environments answer. */
async function countServing(gateway: ChaosGateway, envs: readonly string[]): Promise<number> {
  const visitors = new Http1Visitors(gateway.front);
  const visits = envs.map((env) =>
    visitors.visit({ id: `after-${env}`, env, path: '/', body: undefined, deadlineMs: 10_000 }, 'tls-new'),
  );
  const endings = await Promise.all(visits);
  visitors.close();
  return endings.filter(({ status }) => status === 200).length;
}

interface Moments {
  readonly killedMs: number;
  /** When the gateway listened again. */
  readonly restartMs: number;
  /** When the last tunnel was back. */
  readonly backMs: number;
}

const p99Of = (records: readonly RequestRecord[]): number =>
  records.length === 0
    ? Infinity
    : percentile(
        records.map(({ startedMs, endedMs }) => endedMs - startedMs),
        99,
      );

/** What probes took from their environment's first answer on, while the herd came back. */
function probeFinding(records: readonly RequestRecord[], { killedMs, restartMs, backMs }: Moments): Finding {
  const before = records.filter(({ endedMs }) => endedMs < killedMs);
  const after = records.filter(({ status, endedMs }) => status === 200 && endedMs > restartMs);
  const firstMs = Math.min(Infinity, ...after.map(({ endedMs }) => endedMs));
  const during = records.filter(({ startedMs }) => startedMs >= firstMs && startedMs <= backMs);
  const bad = during.filter(({ status }) => status !== 200);
  const p99 = p99Of(during);
  return {
    asked: `a probe to another environment meanwhile stays under ${probeLimitMs} ms at p99`,
    measured:
      `p99 ${formatFigure(p99)} ms of ${during.length} probes, ${bad.length} failed (${formatFigure(p99Of(before))} ms before the kill); ` +
      `its own tunnel was back ${formatFigure((firstMs - restartMs) / 1000)} s after the gateway`,
    kept: p99 < probeLimitMs && bad.length === 0,
  };
}

async function run(trial: Trial): Promise<Finding[]> {
  const { workspace, short, pause, say } = trial;
  const count = short ? 100 : 1000;
  const envs = Array.from({ length: count }, (_, index) => `herd-${index}`);
  const gateway = await ChaosGateway.start(workspace);
  const apps = await startApps(workspace, [probeEnv, herdApp]);
  const target = `127.0.0.1:${apps.portOf(probeEnv)}`;
  new StockSshLoop(trial, gateway, { env: probeEnv, target, pauseMs: 100 });
  const fleet = await startFleet(workspace, {
    ...{
      port: gateway.front.port,
      caFile: gateway.front.caFile,
      identityFile: gateway.identityFile,
      steps: [],
    },
    tunnels: envs.map((env, index) => ({
      ...{ env, appPort: apps.portOf(herdApp), sourceAddress: loopbackAddress(index) },
    })),
  });
  say(`  ${count} tunnels are up`);
  const traffic = {
    envs: [probeEnv],
    modes: ['tls-new', 'tls-kept'] as const,
    postShare: 0,
    maxBodyBytes: 0,
    maxWaitMs: 0,
  };
  const load = await startLoad(workspace, { front: gateway.front, perSecond: 20, traffic });
  await pause(3000);
  const killedMs = bootMs();
  await gateway.kill();
  const restartMs = await gateway.startAgain();
  const back = (): number | undefined => allBackMs(fleet.events(), count, killedMs);
  await until(`${count} tunnels are back`, () => back() !== undefined, 120_000);
  const backMs = back()!;
  await pause(500);
  const records = await load.finish();
  const serving = await countServing(gateway, envs.slice(0, asked));
  const seconds = (backMs - killedMs) / 1000;
  return [
    {
      asked: `${count} tunnels, each from its own address, reconnect after the gateway was killed: all back within 20 s`,
      measured:
        `${formatFigure(seconds)} s after the kill, ${formatFigure((backMs - restartMs) / 1000)} s after it listened ` +
        `again (max-startups and its limit per source as by default)`,
      kept: seconds * 1000 <= backLimitMs,
    },
    probeFinding(records, { killedMs, restartMs, backMs }),
    {
      asked: 'and they serve',
      measured: `${serving} of ${Math.min(asked, count)} asked`,
      kept: serving === Math.min(asked, count),
    },
  ];
}

export const herd: Scenario = {
  name: 'herd',
  title: 'all tunnels reconnect at once after the gateway was killed',
  obstacle: () => undefined,
  run,
};
