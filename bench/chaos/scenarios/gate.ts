import { until } from '../../patience.ts';
import { startMachine } from '../../peers/machine-sshd.ts';
import { startSshTunnel } from '../../peers/ssh-tunnel.ts';
import { formatFigure } from '../../tables.ts';
import { pathOf } from '../../tools.ts';
import { bootMs } from '../clock.ts';
import { atMost } from '../findings.ts';
import { ChaosGateway } from '../gateway.ts';
import type { PersonRecord } from '../records.ts';
import type { Finding, Scenario, Trial } from '../scenario.ts';
import { BundledClient } from '../tunnels.ts';
import { startPeople, type People } from '../workers.ts';

const env = 'worked-on';

/** The reason that the gateway ends a connection with, as ssh shows it. */
const reasonPattern = /(?<=Received disconnect from \S+ port \d+:11: )\S.*/;

interface Plan {
  readonly flags: readonly string[];
  readonly frozenPeople: number;
  readonly noticeMs: number;
  readonly replacedPeople: number;
  readonly graceMs: number;
}

const planOf = ({ short }: Trial): Plan =>
  short
    ? {
        flags: ['--keepalive-interval', '1s'],
        ...{ frozenPeople: 5, noticeMs: 4000, replacedPeople: 20, graceMs: 5000 },
      }
    : { flags: [], frozenPeople: 20, noticeMs: 20_000, replacedPeople: 100, graceMs: 30_000 };

/** A machine's sshd, and what people need for the way there. */
async function place({ workspace }: Trial, gateway: ChaosGateway) {
  const { identityFile, front } = gateway;
  const machine = await startMachine(workspace, { identityFile });
  const way = { port: front.port, user: env, identityFile, address: env, addressPort: 22 };
  const { configFile } = machine.behind(way);
  const come = (count: number): Promise<People> =>
    startPeople(workspace, { ssh: pathOf(workspace.tools, 'ssh'), configFile, count });
  return { sshServer: `127.0.0.1:${machine.port}`, come };
}

function reasonsFinding(asked: string, records: readonly PersonRecord[], { say }: Trial): Finding {
  const told = records.filter(({ said }) => reasonPattern.test(said));
  for (const { said } of records.filter((record) => !told.includes(record)).slice(0, 3)) say(`  ${said}`);
  const [example = ''] = reasonPattern.exec(told[0]?.said ?? '') ?? [];
  return {
    asked,
    measured: `${told.length} of ${records.length} were: ${example.trim()}`,
    kept: records.length > 0 && told.length === records.length,
  };
}

async function freeze(trial: Trial): Promise<Finding[]> {
  const { frozenPeople, noticeMs, flags } = planOf(trial);
  const { workspace } = trial;
  const gateway = await ChaosGateway.start(workspace, flags);
  const { sshServer, come } = await place(trial, gateway);
  const { identityFile, front } = gateway;
  const forward = `ssh:22:${sshServer}`;
  const tunnel = startSshTunnel(workspace, { port: front.port, user: env, identityFile, forward });
  await until('the tunnel is up', async () => (await gateway.metric('porthole_tunnels')) > 0, 15_000);
  const people = await come(frozenPeople);
  tunnel.signal('SIGSTOP');
  const stoppedMs = bootMs();
  await until('all sessions have ended', () => people.records().length === frozenPeople, 3 * noticeMs);
  const records = await people.finish();
  tunnel.signal('SIGCONT');
  const lastMs = Math.max(...records.map(({ endedMs }) => endedMs)) - stoppedMs;
  const seconds = { value: lastMs / 1000, most: noticeMs / 1000, unit: 's' };
  const asked = `a machine freezes: its ${frozenPeople} sessions end within ${noticeMs / 1000} s`;
  return [atMost(asked, seconds), reasonsFinding('and each is told why', records, trial)];
}

async function replace(trial: Trial): Promise<Finding[]> {
  const { replacedPeople, graceMs } = planOf(trial);
  const { workspace, pause } = trial;
  const gateway = await ChaosGateway.start(workspace, ['--grace', `${graceMs}ms`]);
  const { sshServer, come } = await place(trial, gateway);
  const client = new BundledClient(workspace, gateway, { env, target: `ssh:22=${sshServer}` });
  await client.untilConnected();
  const before = await come(replacedPeople);
  const old = await gateway.replace();
  const replacedMs = bootMs();
  trial.say('  replaced');
  const after = await come(10);
  await until('the replaced gateway has ended', () => !old.running, graceMs + 20_000);
  await pause(1000);
  const [stayed, came] = [await before.finish(), await after.finish()];
  const lived = stayed.map(({ lastAliveMs }) => lastAliveMs - replacedMs);
  const shortest = Math.min(...lived);
  return [
    {
      asked: `gateway replaced: ${replacedPeople} sessions go on for its grace of ${graceMs / 1000} s`,
      measured: `the shortest went on for ${formatFigure(shortest / 1000)} s`,
      kept: lived.length === replacedPeople && shortest >= graceMs - 1000,
    },
    reasonsFinding('and are told why they end then', stayed, trial),
    {
      asked: 'who comes meanwhile gets in by the new one, and stays',
      measured: `${came.filter(({ ending }) => ending === 'left').length} of ${came.length} stayed`,
      kept: came.length === 10 && came.every(({ ending }) => ending === 'left'),
    },
    {
      asked: 'the replaced process ends by itself with exit code 0',
      measured: await old.exited,
      kept: (await old.exited) === 'exit code 0',
    },
  ];
}

export const gate: Scenario = {
  name: 'gate',
  title: 'the machine freezes, and `portholed --replace`, under sessions of stock ssh through the gate',
  obstacle: () => undefined,
  run: async (trial) => [...(await freeze(trial)), ...(await replace(trial))],
};
