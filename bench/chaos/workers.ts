import { fileURLToPath } from 'node:url';
import type { Child } from '../child.ts';
import { until } from '../patience.ts';
import { freePort } from '../ports.ts';
import type { Workspace } from '../workspace.ts';
import type { AppJob, FleetJob, LoadJob, PeopleJob, RudeJob, StreamsJob } from './jobs.ts';
import {
  readRecords,
  type FleetEvent,
  type PersonRecord,
  type RequestRecord,
  type Sighting,
  type StreamRecord,
} from './records.ts';

interface Jobs {
  readonly app: AppJob;
  readonly load: LoadJob;
  readonly streams: StreamsJob;
  readonly fleet: FleetJob;
  readonly 'rude-visitors': RudeJob;
  readonly people: PeopleJob;
}

const readyLimitMs = 60_000;

/** Starts a process of `processes/` with its job, and waits until it is ready. */
async function startWorker<K extends keyof Jobs>(
  workspace: Workspace,
  kind: K,
  job: Jobs[K],
  limitMs = readyLimitMs,
): Promise<Child> {
  const file = fileURLToPath(new URL(`processes/${kind}.ts`, import.meta.url));
  const jobFile = workspace.write(workspace.uniqueName(kind) + '.json', JSON.stringify(job));
  const child = workspace.processes.start(process.execPath, [file, jobFile]);
  const isReady = (): boolean => {
    if (!child.running) throw new Error(`${kind} ended: ${child.lastWords}`);
    return child.stdout.includes('READY');
  };
  await until(`${kind} is ready`, isReady, limitMs);
  return child;
}

/** Ends a process that finishes by itself when it is told to; throws when it does not, or fails. */
async function finish(child: Child, limitMs: number): Promise<void> {
  child.signal('SIGTERM');
  await until(`${child.name} ${child.pid} has finished`, () => !child.running, limitMs);
  const ending = await child.exited;
  if (ending !== 'exit code 0') throw new Error(`${child.name} ended with ${ending}: ${child.lastWords}`);
}

const outFile = (workspace: Workspace, name: string): string =>
  workspace.path(workspace.uniqueName(name) + '.jsonl');

/** The apps of a scenario. */
export interface Apps {
  portOf(env: string): number;
  sightings(): Sighting[];
  stop(): Promise<void>;
}

export async function startApps(
  workspace: Workspace,
  envs: readonly string[],
  host = '127.0.0.1',
): Promise<Apps> {
  const out = outFile(workspace, 'sightings');
  const apps: { env: string; port: number }[] = [];
  for (const env of envs) apps.push({ env, port: await freePort() });
  const child = await startWorker(workspace, 'app', { host, apps, out });
  return {
    portOf: (env) => apps.find((app) => app.env === env)!.port,
    sightings: () => readRecords(out),
    stop: () => child.stop(),
  };
}

/** A load that runs. */
export interface Load {
  /** Sends nothing more, waits for what runs, and gives all of it. */
  finish(): Promise<RequestRecord[]>;
  /** What has ended so far. */
  records(): RequestRecord[];
}

/** Longer than any request of the load may take. */
const loadDeadlineMs = 30_000;

export async function startLoad(
  workspace: Workspace,
  job: Omit<LoadJob, 'out' | 'name' | 'deadlineMs'>,
): Promise<Load> {
  const out = outFile(workspace, 'requests');
  const name = workspace.uniqueName('r');
  const child = await startWorker(workspace, 'load', { ...job, name, deadlineMs: loadDeadlineMs, out });
  return {
    records: () => readRecords(out),
    finish: async () => {
      await finish(child, loadDeadlineMs + 10_000);
      return readRecords(out);
    },
  };
}

/** Long streams that run. */
export interface Streams {
  records(): StreamRecord[];
  /** Those that still live leave; gives all. */
  finish(): Promise<StreamRecord[]>;
}

export async function startStreams(workspace: Workspace, job: Omit<StreamsJob, 'out'>): Promise<Streams> {
  const out = outFile(workspace, 'streams');
  const child = await startWorker(workspace, 'streams', { ...job, out });
  return {
    records: () => readRecords(out),
    finish: async () => {
      await finish(child, 10_000);
      return readRecords(out);
    },
  };
}

/** Many tunnels in one process. */
export interface Fleet {
  events(): FleetEvent[];
  /** Begins with the steps of the job. */
  begin(): void;
  stop(): Promise<void>;
}

export async function startFleet(workspace: Workspace, job: Omit<FleetJob, 'out'>): Promise<Fleet> {
  const out = outFile(workspace, 'fleet');
  const child = await startWorker(workspace, 'fleet', { ...job, out }, 120_000);
  return {
    events: () => readRecords(out),
    begin: () => child.signal('SIGUSR2'),
    stop: () => child.stop(),
  };
}

export async function startRudeVisitors(
  workspace: Workspace,
  job: RudeJob,
): Promise<{ finish(): Promise<void> }> {
  const child = await startWorker(workspace, 'rude-visitors', job);
  return { finish: () => finish(child, 20_000) };
}

/** People who work on a machine by the gate. */
export interface People {
  /** Those whose session is over so far. */
  records(): PersonRecord[];
  /** Those that still live leave; gives all. */
  finish(): Promise<PersonRecord[]>;
}

export async function startPeople(workspace: Workspace, job: Omit<PeopleJob, 'out'>): Promise<People> {
  const out = outFile(workspace, 'people');
  const child = await startWorker(workspace, 'people', { ...job, out }, 120_000);
  return {
    records: () => readRecords(out),
    finish: async () => {
      await finish(child, 20_000);
      return readRecords(out);
    },
  };
}
