import type { Case } from './cases/case.ts';
import { lineUp } from './contestants.ts';
import type { LeftOut } from './contestants.ts';
import type { BenchOptions } from './options.ts';
import { startOrigin } from './origin.ts';
import { reference } from './peers.ts';
import type { Peer, Site } from './peers/peer.ts';
import { freePort } from './ports.ts';
import { judge, summarize } from './report.ts';
import type { Row, Sample, Verdict } from './report.ts';
import { runRounds } from './rounds.ts';
import type { Contestant, Failure } from './rounds.ts';
import { targets } from './targets.ts';
import { tlsFacts } from './tls-facts.ts';
import { machine, versions } from './tools.ts';
import type { Workspace } from './workspace.ts';

/** Everything that a run found; also the shape of its JSON. */
export interface BenchResult {
  readonly startedAt: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly reference: string;
  readonly peers: readonly {
    readonly name: string;
    readonly title: string;
    readonly tls: string | undefined;
  }[];
  readonly cases: readonly { readonly name: string; readonly title: string }[];
  readonly leftOut: readonly LeftOut[];
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
  readonly failures: readonly Failure[];
  readonly samples: readonly Sample[];
}

export interface BenchRun {
  readonly options: BenchOptions;
  readonly cases: readonly Case[];
  readonly peers: readonly Peer[];
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Cases whose tools are missing cannot be run at any peer. */
function withoutTools(cases: readonly Case[], { tools }: Workspace): LeftOut[] {
  return cases.flatMap(({ name, tools: needed }) => {
    const missing = needed.filter((tool) => tools[tool] === undefined);
    return missing.length === 0 ? [] : [{ name, reason: `not installed: ${missing.join(', ')}` }];
  });
}

async function describe({ peer, running }: Contestant): Promise<BenchResult['peers'][number]> {
  const tls = running.https === undefined ? undefined : await tlsFacts(running.https);
  return { name: peer.name, title: peer.title, tls };
}

/** Only ours have something to reach. */
const isOurs = ({ name }: Peer): boolean => name.startsWith('porthole');

/** One whole run: starts origin and peers, measures, and holds the figures against the targets. */
export async function bench(run: BenchRun): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const { options, peers, workspace, signal, say } = run;
  const unable = withoutTools(run.cases, workspace);
  const cases = run.cases.filter(({ name }) => !unable.some((left) => left.name === name));
  const site: Site = { workspace, originPort: options.originPort ?? (await freePort()) };
  await startOrigin(workspace, site.originPort);
  const { contestants, leftOut } = await lineUp(peers, site, { signal, say });
  const { rounds, seconds } = options;
  const { samples, failures } = await runRounds({ site, cases, contestants, rounds, seconds, signal, say });
  const rows = summarize(samples, reference);
  const ours = peers.filter(isOurs).map(({ name }) => name);
  return {
    startedAt,
    machine: machine(),
    versions: await versions(workspace.processes, workspace.tools),
    rounds,
    seconds,
    reference,
    peers: await Promise.all(contestants.map(describe)),
    cases: cases.map(({ name, title }) => ({ name, title })),
    leftOut: [...unable, ...leftOut],
    rows,
    verdicts: ours.length === 0 ? [] : judge(targets, ours, rows),
    failures,
    samples,
  };
}
