import { bootMs } from '../clock.ts';
import { lateness, noneFailed } from '../findings.ts';
import { ChaosGateway } from '../gateway.ts';
import { judgeAll, tally } from '../judgement.ts';
import { modes } from '../records.ts';
import type { Finding, Scenario, Trial } from '../scenario.ts';
import { BundledClient } from '../tunnels.ts';
import { startApps, startLoad } from '../workers.ts';
import { formatFigure } from '../../tables.ts';

const env = 'killed';

async function run(trial: Trial): Promise<Finding[]> {
  const { workspace, short, pause, say } = trial;
  const { perSecond, kills, pauseMs } = short
    ? { perSecond: 50, kills: 3, pauseMs: 3000 }
    : { perSecond: 100, kills: 8, pauseMs: 7000 };
  const gateway = await ChaosGateway.start(workspace);
  const apps = await startApps(workspace, [env]);
  const client = new BundledClient(workspace, gateway, { env, target: `127.0.0.1:${apps.portOf(env)}` });
  await client.untilConnected();
  const traffic = { envs: [env], modes, postShare: 0.5, maxBodyBytes: 64 * 1024, maxWaitMs: 200 };
  const load = await startLoad(workspace, { front: gateway.front, perSecond, traffic });
  const awayMs: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    await pause(pauseMs);
    const fromMs = bootMs();
    await client.killAndStart();
    await client.untilConnected();
    awayMs.push(bootMs() - fromMs);
    say(`  kill ${kill + 1}: back after ${Math.round(bootMs() - fromMs)} ms`);
  }
  await pause(pauseMs);
  const records = await load.finish();
  const judged = judgeAll(records, apps.sightings());
  const { hung, replayed } = tally(judged);
  const slowest = Math.max(...records.map(({ startedMs, endedMs }) => endedMs - startedMs));
  return [
    noneFailed(
      judged,
      trial,
      `client killed ${kills} times under ${perSecond} requests/s: 0 failed, but POSTs that had been sent`,
    ),
    { asked: 'no POST reaches the app twice', measured: `${replayed} replayed`, kept: replayed === 0 },
    {
      asked: 'no request hangs',
      measured:
        `${hung} hung, slowest ${formatFigure(slowest / 1000)} s, ` +
        `client away for up to ${formatFigure(Math.max(...awayMs) / 1000)} s, ${lateness(records)}`,
      kept: hung === 0,
    },
  ];
}

export const clientKilled: Scenario = {
  name: 'client-killed',
  title: 'the bundled client is killed and started again under load',
  obstacle: () => undefined,
  run,
};
