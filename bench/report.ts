import type { Measurement } from './cases/case.ts';
import { median } from './statistics.ts';
import type { PerformanceTarget } from './targets.ts';

/** One figure of one case at one peer in one round. */
export interface Sample extends Measurement {
  readonly case: string;
  readonly peer: string;
  readonly round: number;
}

/** All that a run says about one figure at one peer. */
export interface Cell {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: readonly number[];
  /** To the median of the reference peer; undefined when that was not measured. */
  readonly ratio: number | undefined;
}

/** One figure of one case, at every peer that has it. */
export interface Row {
  readonly case: string;
  readonly metric: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly cells: Readonly<Record<string, Cell>>;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  return [...Map.groupBy(items, keyOf).values()];
}

function cellOf(values: readonly number[], referenceMedian: number | undefined): Cell {
  const middle = median(values);
  return {
    median: middle,
    min: Math.min(...values),
    max: Math.max(...values),
    samples: values,
    ratio: referenceMedian === undefined || referenceMedian === 0 ? undefined : middle / referenceMedian,
  };
}

function rowOf(samples: readonly Sample[], reference: string): Row {
  const { case: caseName, metric, unit, better } = samples[0]!;
  const valuesOf = (peer: string): number[] =>
    samples.filter((sample) => sample.peer === peer).map((sample) => sample.value);
  const referenceValues = valuesOf(reference);
  const referenceMedian = referenceValues.length === 0 ? undefined : median(referenceValues);
  const peers = [...new Set(samples.map((sample) => sample.peer))];
  const cells = Object.fromEntries(peers.map((peer) => [peer, cellOf(valuesOf(peer), referenceMedian)]));
  return { case: caseName, metric, unit, better, cells };
}

/** Medians and ratios of all samples, one row for each figure, in the order in which the figures first came. */
export function summarize(samples: readonly Sample[], reference: string): Row[] {
  return groupBy(samples, (sample) => `${sample.case} ${sample.metric}`).map((group) =>
    rowOf(group, reference),
  );
}

/** Whether one peer keeps one bound. */
export interface Verdict {
  readonly target: PerformanceTarget;
  readonly peer: string;
  /** What is held against the bound; undefined when it was not measured. */
  readonly actual: number | undefined;
  readonly reached: boolean | undefined;
}

function verdictOf(target: PerformanceTarget, peer: string, rows: readonly Row[]): Verdict {
  const row = rows.find(({ case: name, metric }) => name === target.case && metric === target.metric);
  const cell = row?.cells[peer];
  const { bound } = target;
  const actual = bound.kind === 'ratio' ? cell?.ratio : cell?.median;
  if (actual === undefined) return { target, peer, actual, reached: undefined };
  const reached = 'atLeast' in bound ? actual >= bound.atLeast : actual <= bound.atMost;
  return { target, peer, actual, reached };
}

/**
 * Holds what was measured at some peers against all bounds. A peer at which a target's case was not run has no verdict
 * on it; when none of them has, one verdict says so.
 */
export function judge(
  targets: readonly PerformanceTarget[],
  peers: readonly string[],
  rows: readonly Row[],
): Verdict[] {
  return targets.flatMap((target) => {
    const verdicts = peers.map((peer) => verdictOf(target, peer, rows));
    const measured = verdicts.filter(({ actual }) => actual !== undefined);
    return measured.length > 0 ? measured : [{ target, peer: '', actual: undefined, reached: undefined }];
  });
}
