import { formatFigure } from '../tables.ts';
import { inWords, type Judged, tally, unexcused, verdicts } from './judgement.ts';
import { percentile } from './percentile.ts';
import type { RequestRecord } from './records.ts';
import type { Finding, Trial } from './scenario.ts';

const mostTold = 15;

/** The counts of a load in words, without those that are nought. */
export function tallyInWords(judged: readonly Judged[]): string {
  const counts = tally(judged);
  const told = verdicts.filter((verdict) => verdict === 'served' || counts[verdict] > 0);
  return `of ${judged.length} requests: ${told.map((verdict) => `${counts[verdict]} ${verdict}`).join(', ')}`;
}

/** That nothing failed but what must not be repeated; tells of the first that did. */
export function noneFailed(judged: readonly Judged[], { say }: Pick<Trial, 'say'>, asked: string): Finding {
  const bad = unexcused(judged);
  for (const each of bad.slice(0, mostTold)) say(`  ${inWords(each)}`);
  if (bad.length > mostTold) say(`  ... and ${bad.length - mostTold} more`);
  return { asked, measured: tallyInWords(judged), kept: judged.length > 0 && bad.length === 0 };
}

/** How late the load was with its own sending: how far it can be believed. */
export function lateness(records: readonly RequestRecord[]): string {
  if (records.length === 0) return 'nothing was sent';
  const lateMs = records.map(({ dueMs, startedMs }) => startedMs - dueMs);
  return `sent ${formatFigure(percentile(lateMs, 99))} ms late at p99`;
}

export function atMost(
  asked: string,
  { value, most, unit }: { value: number; most: number; unit: string },
): Finding {
  return { asked, measured: `${formatFigure(value)} ${unit}`, kept: value <= most };
}
