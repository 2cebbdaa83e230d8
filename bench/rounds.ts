import type { Case, Measurement } from './cases/case.ts';
import type { Peer, RunningPeer, Site } from './peers/peer.ts';
import type { Sample } from './report.ts';
import { schedule } from './schedule.ts';
import type { Heat } from './schedule.ts';

/** A peer of this run, with the instance that the cases share. */
export interface Contestant {
  readonly peer: Peer;
  readonly running: RunningPeer;
}

/** A case that gave no figures at a peer. */
export interface Failure {
  readonly case: string;
  readonly peer: string;
  readonly round: number;
  readonly reason: string;
}

export interface Course {
  readonly site: Site;
  readonly cases: readonly Case[];
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  readonly seconds: number;
  /** Aborted when the benchmark is to end before its time. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  readonly failures: readonly Failure[];
}

const warmUpSeconds = 1;

/** Runs a case on an instance that nothing else has used, and ends that instance. */
function runOnFresh(
  { case: testCase, contestant }: Heat<Contestant>,
  course: Course,
): Promise<Measurement[]> {
  const { site, seconds } = course;
  return site.workspace.processes.together(async () => {
    const peer = await contestant.peer.start(site);
    const measurements = await testCase.run({ workspace: site.workspace, peer, seconds });
    await peer.stop();
    return measurements;
  });
}

/** Runs a case on the shared instance; in the first round with a short load before it, which counts for nothing. */
async function runOnShared(heat: Heat<Contestant>, { site, seconds }: Course): Promise<Measurement[]> {
  const trial = { workspace: site.workspace, peer: heat.contestant.running };
  if (heat.round === 1) await heat.case.run({ ...trial, seconds: warmUpSeconds });
  return heat.case.run({ ...trial, seconds });
}

const inWords = (measurements: readonly Measurement[]): string =>
  measurements.map(({ value, unit }) => `${Number(value.toPrecision(4))} ${unit}`).join(', ');

/** Runs every case at every peer that can do it, round after round. A failure is noted, and the run goes on. */
export async function runRounds(course: Course): Promise<Outcome> {
  const samples: Sample[] = [];
  const failures: Failure[] = [];
  const canRun = (testCase: Case, { running }: Contestant): boolean => testCase.canRun(running);
  for (const heat of schedule({ ...course, canRun })) {
    const at = { case: heat.case.name, peer: heat.contestant.peer.name, round: heat.round };
    const place = `round ${at.round}/${course.rounds} ${at.case} ${at.peer}:`;
    try {
      const runOn = heat.case.instance === 'fresh' ? runOnFresh : runOnShared;
      const measurements = await course.site.workspace.processes.together(() => runOn(heat, course));
      samples.push(...measurements.map((measurement) => ({ ...at, ...measurement })));
      course.say(`${place} ${inWords(measurements)}`);
    } catch (error) {
      course.signal.throwIfAborted();
      const reason = (error as Error).message;
      failures.push({ ...at, reason });
      course.say(`${place} FAILED: ${reason}`);
    }
  }
  return { samples, failures };
}
