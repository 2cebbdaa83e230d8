import { until } from '../../patience.ts';
import { formatFigure } from '../../tables.ts';
import { bootMs } from '../clock.ts';
import { noneFailed } from '../findings.ts';
import { ChaosGateway } from '../gateway.ts';
import { judgeAll, tally } from '../judgement.ts';
import { type Mode, modes, type RequestRecord } from '../records.ts';
import type { Finding, Scenario, Trial } from '../scenario.ts';
import { truthOf } from '../truth.ts';
import { BundledClient } from '../tunnels.ts';
import { type Apps, startApps, startLoad } from '../workers.ts';

const env = 'stopped';
const backLimitMs = 20_000;

interface Setting {
  readonly gateway: ChaosGateway;
  readonly apps: Apps;
  readonly client: BundledClient;
  readonly plan: Plan;
}

interface Plan {
  readonly flags: readonly string[];
  readonly perSecond: number;
  readonly shortStopMs: number;
  readonly longStopMs: number;
  /** When a client that says nothing is given up, at most. */
  readonly dropMs: number;
}

const planOf = ({ short }: Trial): Plan =>
  short
    ? {
        flags: ['--keepalive-interval', '1s'],
        ...{ perSecond: 30, shortStopMs: 1500, longStopMs: 10_000, dropMs: 4000 },
      }
    : { flags: [], perSecond: 100, shortStopMs: 3000, longStopMs: 60_000, dropMs: 20_000 };

const trafficBy = (some: readonly Mode[]) => ({
  ...{ envs: [env], modes: some, postShare: 0.5, maxBodyBytes: 64 * 1024, maxWaitMs: 100 },
});

async function stopShortly({ gateway, apps, client, plan }: Setting, trial: Trial): Promise<Finding> {
  const { workspace, pause } = trial;
  const { perSecond, shortStopMs } = plan;
  const load = await startLoad(workspace, { front: gateway.front, perSecond, traffic: trafficBy(modes) });
  await pause(2000);
  client.child.signal('SIGSTOP');
  await pause(shortStopMs);
  client.child.signal('SIGCONT');
  await pause(2000);
  const judged = judgeAll(await load.finish(), apps.sightings());
  const asked = `client stopped for ${shortStopMs / 1000} s under ${perSecond} requests/s: nothing is lost`;
  const found = noneFailed(judged, trial, asked);
  return { ...found, kept: found.kept && judged.every(({ verdict }) => verdict === 'served') };
}

async function stopLong({ gateway, apps, client, plan }: Setting, trial: Trial): Promise<Finding[]> {
  const { workspace, pause } = trial;
  const { longStopMs, dropMs } = plan;
  const closedSoFar = (): number => gateway.log().filter(({ msg }) => msg === 'tunnel closed').length;
  const closedBefore = closedSoFar();
  const load = await startLoad(workspace, { front: gateway.front, perSecond: 10, traffic: trafficBy(modes) });
  await pause(1000);
  client.child.signal('SIGSTOP');
  const stoppedMs = bootMs();
  await until('the stopped client is dropped', () => closedSoFar() > closedBefore, longStopMs);
  const droppedMs = bootMs() - stoppedMs;
  await pause(Math.max(0, longStopMs - droppedMs));
  client.child.signal('SIGCONT');
  const continuedMs = bootMs();
  const isServedAgain = ({ status, endedMs }: RequestRecord): boolean =>
    status === 200 && endedMs > continuedMs;
  await until('requests are served again', () => load.records().some(isServedAgain), backLimitMs);
  const backMs = bootMs() - continuedMs;
  await pause(1000);
  const records = await load.finish();
  const truth = truthOf(records, Infinity);
  const { replayed } = tally(judgeAll(records, apps.sightings()));
  for (const line of truth.problems) trial.say(`  ${line}`);
  return [
    {
      asked: `client stopped for ${longStopMs / 1000} s: dropped within ${dropMs / 1000} s`,
      measured: `dropped after ${formatFigure(droppedMs / 1000)} s`,
      kept: droppedMs <= dropMs,
    },
    {
      asked: 'meanwhile every request is served or told the truth, and no POST repeated',
      measured: `${truth.inWords}, ${replayed} replayed`,
      kept: truth.kept && replayed === 0,
    },
    {
      asked: 'back after SIGCONT',
      measured: `served again after ${formatFigure(backMs / 1000)} s`,
      kept: true,
    },
  ];
}

async function run(trial: Trial): Promise<Finding[]> {
  const { workspace } = trial;
  const plan = planOf(trial);
  const gateway = await ChaosGateway.start(workspace, plan.flags);
  const apps = await startApps(workspace, [env]);
  const client = new BundledClient(workspace, gateway, { env, target: `127.0.0.1:${apps.portOf(env)}` });
  await client.untilConnected();
  const setting = { gateway, apps, client, plan };
  return [await stopShortly(setting, trial), ...(await stopLong(setting, trial))];
}

export const clientStopped: Scenario = {
  name: 'client-stopped',
  title: 'the bundled client is stopped (SIGSTOP) and goes on',
  obstacle: () => undefined,
  run,
};
