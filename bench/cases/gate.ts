import { truncateSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pathOf } from '../tools.ts';
import type { Case, Measurement, Trial } from './case.ts';
import { cpuCost, withCpu } from './cpu.ts';

const megabyte = 1_000_000;
const gigabyte = 1000 * megabyte;
/** Loads that are shorter than this are there to see whether it works. */
const wholeSeconds = 4;
const limitMs = 300_000;
const load = fileURLToPath(new URL('../load/echo-sessions.ts', import.meta.url));
const sessions = 100;

/** A file that takes no room on the disk, so that nothing but the way is measured. */
function sparseFile({ workspace, seconds }: Trial): { path: string; bytes: number } {
  const bytes = seconds >= wholeSeconds ? gigabyte : gigabyte / 10;
  const path = workspace.path('gate-file');
  writeFileSync(path, '');
  truncateSync(path, bytes);
  return { path, bytes };
}

async function copy(trial: Trial, direction: 'down' | 'up'): Promise<Measurement[]> {
  const { workspace, peer } = trial;
  const { path, bytes } = sparseFile(trial);
  const words = direction === 'down' ? [`machine:${path}`, '/dev/null'] : [path, 'machine:/dev/null'];
  const args = ['-q', '-F', peer.jumpHost!.configFile, ...words];
  const startedAt = performance.now();
  const { cpuSeconds } = await withCpu(peer, () =>
    workspace.processes.run(pathOf(workspace.tools, 'scp'), args, limitMs),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuCost(cpuSeconds, bytes / gigabyte, 'CPU s per GB');
  return [
    { metric: direction, value: bytes / megabyte / seconds, unit: 'MB/s', better: 'higher' },
    ...cpu.map((each) => ({ ...each, metric: `${direction}-cpu` })),
  ];
}

/** A large file through the jump host, logins included. */
export const gate: Case = {
  name: 'gate',
  title: 'scp of 1 GB (of 100 MB in a quick run) from a machine behind the jump host, and to it',
  tools: ['ssh', 'scp', 'sshd'],
  instance: 'shared',
  canRun: ({ jumpHost }) => jumpHost !== undefined,
  run: async (trial) => [...(await copy(trial, 'down')), ...(await copy(trial, 'up'))],
};

async function echo({ workspace, peer }: Trial, count: number, atATime: number) {
  const args = [load, pathOf(workspace.tools, 'ssh'), peer.jumpHost!.configFile, `${count}`, `${atATime}`];
  const { result, cpuSeconds } = await withCpu(peer, () =>
    workspace.processes.run(process.execPath, args, limitMs),
  );
  const [, echoed, seconds, p50Ms] = /^ECHOES (\d+) ([\d.]+) ([\d.]+)$/m.exec(result) ?? [];
  if (Number(echoed) !== count) throw new Error(`${echoed} of ${count} sessions answered`);
  return { seconds: Number(seconds), p50Ms: Number(p50Ms), cpuSeconds };
}

/** Many people at once, and one alone: how long until they can work. */
export const gateSessions: Case = {
  name: 'gate-sessions',
  title: `${sessions} sessions of stock ssh that are started at once and stay until each has echoed a line; and one after the other`,
  tools: ['ssh', 'sshd'],
  instance: 'shared',
  maxRounds: 3,
  canRun: ({ jumpHost }) => jumpHost !== undefined,
  run: async (trial) => {
    const alone = await echo(trial, 2 * trial.seconds, 1);
    const together = await echo(trial, sessions, sessions);
    const cpu = cpuCost(together.cpuSeconds, sessions / 1000, 'CPU ms each');
    return [
      { metric: 'first-byte', value: alone.p50Ms, unit: 'ms', better: 'lower' },
      { metric: 'all', value: together.seconds, unit: 's', better: 'lower' },
      ...cpu,
    ];
  },
};
