import { churn } from '../churn.ts';
import { lateness, tallyInWords } from '../findings.ts';
import { endedInGap, gapsOf } from '../gaps.ts';
import { ChaosGateway } from '../gateway.ts';
import { inWords, judgeAll, tally } from '../judgement.ts';
import { loopbackAddress } from '../loopback.ts';
import { modes } from '../records.ts';
import type { Finding, Scenario, Trial } from '../scenario.ts';
import { startApps, startFleet, startLoad } from '../workers.ts';

/** After a tunnel is up again, so long an earlier failure may take to reach its visitor. */
const toleranceMs = 250;
const mostTold = 15;
const gapMs = { least: 200, most: 3000 };

async function run({ workspace, short, pause, say }: Trial): Promise<Finding[]> {
  const { count, killsPerSecond, perSecond, seconds } = short
    ? { count: 40, killsPerSecond: 5, perSecond: 60, seconds: 15 }
    : { count: 200, killsPerSecond: 20, perSecond: 300, seconds: 120 };
  const envs = Array.from({ length: count }, (_, index) => `churn-${index}`);
  const gateway = await ChaosGateway.start(workspace);
  const apps = await startApps(workspace, envs);
  const fleet = await startFleet(workspace, {
    ...{ port: gateway.front.port, caFile: gateway.front.caFile, identityFile: gateway.identityFile },
    tunnels: envs.map((env, index) => ({
      env,
      appPort: apps.portOf(env),
      sourceAddress: loopbackAddress(index),
    })),
    steps: churn({ envs, killsPerSecond, seconds, gapMs, seed: 1 }),
  });
  const traffic = { envs, modes, postShare: 0.3, maxBodyBytes: 8 * 1024, maxWaitMs: 50 };
  const load = await startLoad(workspace, { front: gateway.front, perSecond, traffic });
  await pause(1000);
  fleet.begin();
  await pause(seconds * 1000 + gapMs.most + 1000);
  const records = await load.finish();
  const judged = judgeAll(records, apps.sightings());
  const events = fleet.events();
  const gaps = gapsOf(events);
  const outside = judged.filter(
    ({ verdict, record }) => verdict !== 'served' && !endedInGap(record, gaps, toleranceMs),
  );
  const { 'wrong-env': wrong, replayed, hung } = tally(judged);
  for (const each of outside.slice(0, mostTold)) say(`  outside of its gap: ${inWords(each)}`);
  const kills = events.filter(({ kind }) => kind === 'killed').length;
  const lost = events.filter(({ kind }) => kind === 'lost');
  for (const { env, reason } of lost.slice(0, mostTold))
    say(`  ${env} was not let in, or lost: ${reason ?? ''}`);
  return [
    {
      asked: `${count} environments come and go (${killsPerSecond} kills/s for ${seconds} s) under ${perSecond} requests/s: never an answer of another environment`,
      measured: `${wrong} wrong; ${tallyInWords(judged)}; ${lateness(records)}`,
      kept: wrong === 0 && judged.length > 0,
    },
    {
      asked: `failures only inside that environment's own gap (from its kill until it is back, and ${toleranceMs} ms)`,
      measured: `${outside.length} outside, in ${gaps.length} gaps of ${kills} kills`,
      kept: outside.length === 0 && kills > 0,
    },
    {
      asked: 'no POST twice, nothing hangs',
      measured: `${replayed} replayed, ${hung} hung`,
      kept: replayed + hung === 0,
    },
    {
      asked: 'every tunnel is let in again at its first try',
      measured: `${lost.length} were not`,
      kept: lost.length === 0,
    },
  ];
}

export const comingAndGoing: Scenario = {
  name: 'churn',
  title: 'environments come and go under load',
  obstacle: () => undefined,
  run,
};
