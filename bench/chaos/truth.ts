import { formatFigure } from '../tables.ts';
import { isToldTruth } from './judgement.ts';
import type { RequestRecord } from './records.ts';

const mostTold = 10;

/** Whether all requests of a load were served or told why not, in time. */
export interface Truth {
  readonly kept: boolean;
  readonly inWords: string;
  /** The first of those that were told late, something else, or nothing. */
  readonly problems: readonly string[];
}

const durationOf = ({ startedMs, endedMs }: RequestRecord): number => endedMs - startedMs;

/** What a request was told, as short as it can be said. */
export function answerOf({ kind, status, code, problem }: RequestRecord): string {
  const words = kind === 'answered' ? [status, code, problem] : [kind, problem];
  return words.filter((word) => word !== undefined).join(' ');
}

export function truthOf(records: readonly RequestRecord[], limitMs: number): Truth {
  const bad = records.filter((record) => !isToldTruth(record) || durationOf(record) > limitMs);
  const slowest = records.length === 0 ? 0 : Math.max(...records.map(durationOf));
  const counts = Map.groupBy(records, answerOf);
  const answers = [...counts].map(([answer, some]) => `${some.length} x ${answer}`).join(', ');
  return {
    kept: records.length > 0 && bad.length === 0,
    inWords: `${records.length - bad.length} of ${records.length} were (${answers}), slowest ${formatFigure(slowest / 1000)} s`,
    problems: bad
      .slice(0, mostTold)
      .map(
        (record) =>
          `${record.method} ${record.id} by ${record.mode}: ${answerOf(record)} after ${Math.round(durationOf(record))} ms`,
      ),
  };
}
