import { farNetwork, type FarNetwork } from '../../../test/support/network.ts';
import { until } from '../../patience.ts';
import { freePort } from '../../ports.ts';
import { formatFigure } from '../../tables.ts';
import { bootMs } from '../clock.ts';
import { ChaosGateway, type LogLine } from '../gateway.ts';
import { modes, type StreamRecord } from '../records.ts';
import type { Finding, Scenario, Trial } from '../scenario.ts';
import { truthOf } from '../truth.ts';
import { BundledClient } from '../tunnels.ts';
import { Http1Visitors } from '../visits.ts';
import { type Apps, type Load, startApps, startLoad, startStreams } from '../workers.ts';

/** Visited only after the cut; visited before it too; with transfers that run; and one that connects again, from elsewhere. */
const [idle, visited, busy, roaming, elsewhere] = ['idle', 'visited', 'busy', 'roaming', 'elsewhere'];
const newcomerLimitMs = 1000;

interface Plan {
  readonly flags: readonly string[];
  readonly truthMs: number;
  /** How long requests are sent after the cut. */
  readonly askMs: number;
}

const planOf = ({ short }: Trial): Plan =>
  short
    ? { flags: ['--keepalive-interval', '1s', '--hold', '2s'], truthMs: 6500, askMs: 8000 }
    : { flags: [], truthMs: 20_000, askMs: 35_000 };

interface Setting {
  readonly gateway: ChaosGateway;
  readonly apps: Apps;
  readonly far: FarNetwork;
  readonly other: FarNetwork;
  readonly sshPort: number;
}

/** A client behind one of the cables. It reaches gateway and app through it. */
function clientIn(
  network: FarNetwork,
  { workspace }: Trial,
  { gateway, apps, sshPort }: Setting,
  names: { env: string; app: string },
): BundledClient {
  return new BundledClient(workspace, gateway, {
    env: names.env,
    target: `${network.address}:${apps.portOf(names.app)}`,
    server: `ssh://${network.address}:${sshPort}`,
    enter: network.enter,
  });
}

async function setUp(trial: Trial, { flags }: Pick<Plan, 'flags'>): Promise<Setting> {
  const { workspace, scope } = trial;
  const [far, other] = [await farNetwork(scope), await farNetwork(scope)];
  const sshPort = await freePort();
  const listen = [far, other].flatMap(({ address }) => ['--listen', `${address}:${sshPort}`]);
  const gateway = await ChaosGateway.start(workspace, [...flags, ...listen]);
  const apps = await startApps(workspace, [idle, visited, busy, roaming, elsewhere], '0.0.0.0');
  const setting = { gateway, apps, far, other, sshPort };
  const clients = [idle, visited, busy, roaming].map((env) =>
    clientIn(far, trial, setting, { env, app: env }),
  );
  await Promise.all(clients.map((client) => client.untilConnected()));
  return setting;
}

/** When the environment's newest tunnel logged in, by the wall clock; and whether its first one was closed by then. */
function newcomerIn(log: readonly LogLine[]): { loginAt: number; ghostWasThere: boolean } | undefined {
  const of = (message: string): LogLine[] => log.filter(({ msg, env }) => msg === message && env === roaming);
  const login = of('tunnel opened')[1];
  if (login === undefined) return undefined;
  const loginAt = Date.parse(login.time);
  return { loginAt, ghostWasThere: of('tunnel closed').every(({ time }) => Date.parse(time) > loginAt) };
}

/** The owner dials in from elsewhere while the gateway still holds the tunnel that was cut off. */
async function newcomer(trial: Trial, setting: Setting): Promise<Finding> {
  const { gateway, other } = setting;
  const visitors = new Http1Visitors(gateway.front);
  clientIn(other, trial, setting, { env: roaming, app: elsewhere });
  let servedAt = 0;
  const asking = setInterval(() => {
    const visit = {
      id: `newcomer-${bootMs()}`,
      env: roaming,
      path: '/',
      body: undefined,
      deadlineMs: 10_000,
    };
    void visitors.visit(visit, 'plain-new').then(({ answeredBy }) => {
      if (answeredBy === elsewhere && servedAt === 0) servedAt = Date.now();
    });
  }, 50);
  try {
    await until('the new tunnel serves', () => servedAt > 0, 15_000);
  } finally {
    clearInterval(asking);
    visitors.close();
  }
  const { loginAt, ghostWasThere } = newcomerIn(gateway.log()) ?? { loginAt: 0, ghostWasThere: false };
  return {
    asked: "the same owner's new tunnel serves within 1 s of its login, while the old one is half-open",
    measured:
      `served ${formatFigure(Math.max(0, servedAt - loginAt) / 1000)} s after its login, ` +
      `the old one ${ghostWasThere ? 'still there' : 'already gone'}`,
    kept: ghostWasThere && servedAt - loginAt <= newcomerLimitMs,
  };
}

function transfersFinding(records: readonly StreamRecord[], cutMs: number, truthMs: number): Finding {
  const lateMs = Math.max(0, ...records.map(({ endedMs }) => endedMs - cutMs));
  const told = records.filter(({ ending }) => ending === 'cut' || ending === 'refused');
  const ways = [...new Set(records.map(({ kind, ending, detail }) => `${kind} ${ending} ${detail}`))];
  return {
    asked: `cut in the middle of transfers: their visitors know within ${truthMs / 1000} s, and none ends as if whole`,
    measured: `${told.length} of ${records.length} ended (${ways.join(', ')}), the last after ${formatFigure(lateMs / 1000)} s`,
    kept: records.length > 0 && told.length === records.length && lateMs <= truthMs,
  };
}

function askAll(trial: Trial, { gateway }: Setting, env: string): Promise<Load> {
  const traffic = { envs: [env], modes, postShare: 0.5, maxBodyBytes: 16 * 1024, maxWaitMs: 50 };
  return startLoad(trial.workspace, { front: gateway.front, perSecond: 10, traffic });
}

async function truthFinding(load: Load, about: string, limitMs: number, { say }: Trial): Promise<Finding> {
  const truth = truthOf(await load.finish(), limitMs);
  for (const line of truth.problems) say(`  ${line}`);
  const asked = `cable cut ${about}: every request is told the truth within ${limitMs / 1000} s`;
  return { asked, measured: truth.inWords, kept: truth.kept };
}

async function run(trial: Trial): Promise<Finding[]> {
  const { workspace, pause } = trial;
  const { truthMs, askMs, ...plan } = planOf(trial);
  const setting = await setUp(trial, plan);
  const { front } = setting.gateway;
  const before = await askAll(trial, setting, visited);
  const streams = await startStreams(workspace, {
    ...{ front, env: busy, events: 0, sockets: 0, uploads: 3 },
    downloads: Array.from({ length: 3 }, () => ({ bytes: 100_000_000, ms: 120_000 })),
  });
  await pause(1000);
  setting.far.cut();
  const cutMs = bootMs();
  const [after, found] = await Promise.all([askAll(trial, setting, idle), newcomer(trial, setting)]);
  await pause(Math.max(0, cutMs + askMs - bootMs()));
  return [
    await truthFinding(after, 'while idle', truthMs, trial),
    await truthFinding(before, 'under requests', truthMs, trial),
    transfersFinding(await streams.finish(), cutMs, truthMs),
    found,
  ];
}

export const networkCut: Scenario = {
  name: 'network-cut',
  title: "packets of the client's network are dropped, without a reset",
  obstacle: () =>
    process.getuid?.() === 0
      ? undefined
      : 'needs root to make networks, if only that of a namespace (unshare -Urn)',
  run,
};
