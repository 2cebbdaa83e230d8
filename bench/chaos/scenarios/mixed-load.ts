import { readdirSync } from 'node:fs';
import { settled, until } from '../../patience.ts';
import { residentBytesOf } from '../../procfs.ts';
import { formatFigure } from '../../tables.ts';
import { bootMs } from '../clock.ts';
import { lateness, noneFailed } from '../findings.ts';
import { ChaosGateway } from '../gateway.ts';
import { judgeAll } from '../judgement.ts';
import { seededRandom } from '../random.ts';
import { modes, type RequestRecord } from '../records.ts';
import type { Finding, Scenario, Trial } from '../scenario.ts';
import { BundledClient, StockSshLoop } from '../tunnels.ts';
import { type Apps, startApps, startLoad, startRudeVisitors, startStreams } from '../workers.ts';

const envs = ['mixed-1', 'mixed-2', 'mixed-3', 'mixed-4'];
const megabyte = 1_000_000;

/** By how much memory may have grown: a part of what it was, and at least so many megabytes for garbage and pools. */
const bounds = {
  live: { share: 0.1, megabytes: 4 },
  resident: { share: 0.3, megabytes: 60 },
};
const settling = { tolerance: 0, quietMs: 5000, limitMs: 60_000 };

interface Setting {
  readonly gateway: ChaosGateway;
  readonly apps: Apps;
  /** Kill one tunnel each; it is back by itself. */
  readonly kills: readonly (() => void)[];
}

function setUpTunnels(trial: Trial, gateway: ChaosGateway, apps: Apps): (() => void)[] {
  const { workspace, say } = trial;
  const target = (env: string): string => `127.0.0.1:${apps.portOf(env)}`;
  const bundled = envs
    .slice(0, 2)
    .map((env) => new BundledClient(workspace, gateway, { env, target: target(env) }));
  const stock = envs
    .slice(2)
    .map((env) => new StockSshLoop(trial, gateway, { env, target: target(env), pauseMs: 500 }));
  return [
    ...bundled.map((client) => () => {
      client.killAndStart().catch((error: unknown) => say(`  ${(error as Error).message}`));
    }),
    ...stock.map((loop) => () => loop.child.signal('SIGKILL')),
  ];
}

const allTunnelsUp = ({ gateway }: Setting): Promise<void> =>
  until('all tunnels are up', async () => (await gateway.metric('porthole_tunnels')) === envs.length, 30_000);

/** All kinds of visitors at once, while tunnels are killed. */
async function disturb(
  trial: Trial,
  { gateway, kills }: Setting,
  { seconds, perSecond, seed }: { seconds: number; perSecond: number; seed: number },
): Promise<RequestRecord[]> {
  const { workspace, pause } = trial;
  const { front } = gateway;
  const random = seededRandom(seed);
  const traffic = { envs, modes, postShare: 0.5, maxBodyBytes: 256 * 1024, maxWaitMs: 200 };
  const load = await startLoad(workspace, { front, perSecond, traffic });
  const rude = await startRudeVisitors(workspace, { front, envs, perSecond: 5 });
  const untilMs = bootMs() + seconds * 1000;
  while (bootMs() < untilMs) {
    const streams = await startStreams(workspace, {
      ...{ front, env: envs[Math.floor(random() * envs.length)]!, events: 2, sockets: 10, uploads: 2 },
      downloads: [{ bytes: 20 * megabyte, ms: 4000 }],
    });
    await pause(1000 + random() * 3000);
    kills[Math.floor(random() * kills.length)]!();
    await pause(500);
    await streams.finish();
  }
  await rude.finish();
  return load.finish();
}

interface Reading {
  readonly files: number;
  readonly live: number;
  readonly resident: number;
}

/** What the gateway holds when only its idle tunnels are left. */
async function look(setting: Setting): Promise<Reading> {
  const { gateway } = setting;
  const { pid } = gateway.child;
  await allTunnelsUp(setting);
  await until(
    'no request is in flight',
    async () => (await gateway.metric('porthole_requests_in_flight')) === 0,
    60_000,
  );
  const live = await gateway.liveBytes();
  const files = await settled(() => readdirSync(`/proc/${pid}/fd`).length, settling);
  return { files, live, resident: residentBytesOf([pid]) };
}

function memoryFinding(what: 'live' | 'resident', before: Reading, after: Reading): Finding {
  const { share, megabytes } = bounds[what];
  const most = before[what] + Math.max(before[what] * share, megabytes * megabyte);
  const inMegabytes = (bytes: number): string => `${formatFigure(bytes / megabyte)} MB`;
  return {
    asked: `${what} memory ends where it was: at most ${share * 100} % or ${megabytes} MB more`,
    measured: `${inMegabytes(before[what])} after warm-up, ${inMegabytes(after[what])} at the end`,
    kept: after[what] <= most,
  };
}

async function run(trial: Trial): Promise<Finding[]> {
  const { workspace, short, say } = trial;
  const { warmUpSeconds, seconds, perSecond } = short
    ? { warmUpSeconds: 10, seconds: 20, perSecond: 20 }
    : { warmUpSeconds: 60, seconds: 600, perSecond: 50 };
  const gateway = await ChaosGateway.start(workspace);
  const apps = await startApps(workspace, envs);
  const setting = { gateway, apps, kills: setUpTunnels(trial, gateway, apps) };
  await allTunnelsUp(setting);
  await disturb(trial, setting, { seconds: warmUpSeconds, perSecond, seed: 1 });
  // The inspector, through which live memory is read, keeps files open from its first use on.
  await gateway.liveBytes();
  const before = await look(setting);
  say(`  warmed up: ${before.files} files, ${formatFigure(before.live / megabyte)} MB live`);
  const records = await disturb(trial, setting, { seconds, perSecond, seed: 2 });
  const after = await look(setting);
  const asked = 'meanwhile 0 small requests fail, but POSTs that had been sent';
  const found = noneFailed(judgeAll(records, apps.sightings()), trial, asked);
  return [
    {
      asked: `${seconds} s of mixed load with random kills: file descriptors end where they were after warm-up`,
      measured: `${before.files} after warm-up, ${after.files} at the end`,
      kept: after.files === before.files,
    },
    memoryFinding('live', before, after),
    memoryFinding('resident', before, after),
    { ...found, measured: `${found.measured}; ${lateness(records)}` },
  ];
}

export const mixedLoad: Scenario = {
  name: 'mixed-load',
  title: 'everything at once, and what the gateway holds afterwards',
  obstacle: () => undefined,
  run,
};
