import type { Forward } from '../tunnel/forward.ts';
import type { ServiceStatus } from './state.ts';

/** One live forward of a service, and how it did so far. */
export interface Line {
  readonly forward: Forward;
  readonly status: ServiceStatus;
  /** When one that refuses gets a request again although another works; monotonic milliseconds. */
  readonly retryAtMs: number;
}

export interface ChoiceOptions {
  /** Fewest requests in flight first, instead of newest first. */
  readonly balance: boolean;
  /** Where the search begins among those that are equally busy. */
  readonly turn: number;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
}

export interface Choice<L extends Line> {
  readonly line: L;
  /** The best of the others, where the request is tried again; none that is known to refuse, unless all are. */
  readonly standby: L | undefined;
  /** The line is degraded and gets this one request to show that it is back. */
  readonly trial: boolean;
}

/**
 * Which of a service's lines, newest first, gets a request: one that works before one that refuses, one that stays before one
 * that drains, then the newest, or the least busy. A degraded one that would go first is given a single request now and then:
 * its stand-by serves if it still refuses.
 */
export function choose<L extends Line>(lines: readonly L[], options: ChoiceOptions): Choice<L> | undefined {
  const best = bestOf(lines, options);
  if (best === undefined) return undefined;
  const trial = lineOnTrial(lines, best, options);
  if (trial !== undefined) return { line: trial, standby: best, trial: true };
  const standby = bestOf(lines, options, best);
  const useful = standby !== undefined && (isReady(standby) || !isReady(best));
  return { line: best, standby: useful ? standby : undefined, trial: false };
}

/** The lines that are live: those that work before those that refuse, those that stay before those that drain, then the newest. */
export function bestFirst<L extends Line>(lines: readonly L[]): readonly L[] {
  return lines.filter(({ forward }) => forward.live).toSorted((one, other) => rankOf(one) - rankOf(other));
}

/** Whether the choice is the same until a line changes. */
export function isSteady(lines: readonly Line[], balance: boolean): boolean {
  return lines.length === 1 || (!balance && lines.every(isReady));
}

function bestOf<L extends Line>(lines: readonly L[], options: ChoiceOptions, except?: L): L | undefined {
  const start = options.balance ? options.turn % Math.max(1, lines.length) : 0;
  let best: L | undefined;
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[(start + i) % lines.length];
    if (line === undefined || line === except || !line.forward.live) continue;
    if (best === undefined || isBetter(line, best, options.balance)) best = line;
  }
  return best;
}

function isBetter(one: Line, other: Line, balance: boolean): boolean {
  const difference = rankOf(one) - rankOf(other);
  if (difference !== 0) return difference < 0;
  return balance && one.forward.load.requests < other.forward.load.requests;
}

function rankOf(line: Line): number {
  return (isReady(line) ? 0 : 2) + (line.forward.draining ? 1 : 0);
}

/** The first that would go before the best one if it worked, and has waited for long enough. */
function lineOnTrial<L extends Line>(lines: readonly L[], best: L, options: ChoiceOptions): L | undefined {
  if (!isReady(best)) return undefined;
  const { balance, nowMs } = options;
  const candidates = balance ? lines : lines.slice(0, lines.indexOf(best));
  return candidates.find(
    (line) => canShow(line) && line.retryAtMs <= nowMs && line.forward.live && !line.forward.draining,
  );
}

/** Of a machine that is silent the next ping tells, and no request has to wait for it. */
function canShow({ status }: Line): boolean {
  return status.kind === 'degraded' && status.cause !== 'silent';
}

function isReady(line: Line): boolean {
  return line.status.kind === 'ready';
}
