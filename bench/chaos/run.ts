import { setTimeout as sleep } from 'node:timers/promises';
import { Workspace } from '../workspace.ts';
import type { Finding, Scenario } from './scenario.ts';

/** What became of one scenario. */
export type ScenarioResult = {
  readonly scenario: string;
  readonly title: string;
  readonly seconds: number;
} & (
  | { readonly kind: 'run'; readonly findings: readonly Finding[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'left-out'; readonly reason: string }
);

export interface ChaosRun {
  readonly scenarios: readonly Scenario[];
  readonly short: boolean;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Undoes in reverse what was done; every step is tried. */
class Undoing {
  readonly #steps: (() => unknown)[] = [];

  teardown(step: () => unknown): void {
    this.#steps.push(step);
  }

  async undo(say: (line: string) => void): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        say(`could not be undone: ${(error as Error).message}`);
      }
    }
  }
}

/** Rejects with the reason when the run is to end before its time. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Runs one scenario with files, processes and networks of its own, none of which outlives it. */
async function runOne(scenario: Scenario, { short, signal, say }: ChaosRun): Promise<ScenarioResult> {
  const about = { scenario: scenario.name, title: scenario.title };
  const obstacle = scenario.obstacle();
  if (obstacle !== undefined) return { ...about, seconds: 0, kind: 'left-out', reason: obstacle };
  const workspace = new Workspace();
  const destroy = (): void => workspace.destroy();
  process.on('exit', destroy);
  const scope = new Undoing();
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal });
  const startedAt = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedAt) / 100) / 10;
  try {
    const work = scenario.run({ workspace, short, scope, pause, say });
    const findings = await Promise.race([work, ended(signal)]);
    return { ...about, seconds: seconds(), kind: 'run', findings };
  } catch (error) {
    return { ...about, seconds: seconds(), kind: 'failed', reason: (error as Error).message };
  } finally {
    await scope.undo(say);
    await workspace.close();
    process.off('exit', destroy);
  }
}

/** Runs the scenarios one after the other. One that fails does not keep the next from its turn. */
export async function runScenarios(run: ChaosRun): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of run.scenarios) {
    run.say(`${scenario.name}: ${scenario.title}`);
    const result = await runOne(scenario, run);
    run.signal.throwIfAborted();
    results.push(result);
    run.say(`${scenario.name}: ${outcome(result)} (${result.seconds} s)`);
  }
  return results;
}

function outcome(result: ScenarioResult): string {
  if (result.kind !== 'run') return `${result.kind}: ${result.reason}`;
  const missed = result.findings.filter(({ kept }) => !kept);
  return missed.length === 0
    ? 'ok'
    : missed.map(({ asked, measured }) => `MISSED ${asked}: ${measured}`).join('; ');
}

/** Whether all that was run kept its promises. */
export const allKept = (results: readonly ScenarioResult[]): boolean =>
  results.every(
    (result) =>
      result.kind === 'left-out' || (result.kind === 'run' && result.findings.every(({ kept }) => kept)),
  );
