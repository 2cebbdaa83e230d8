import type { HumanLine } from '../human-report.ts';
import { type CheckResult, isPassed } from './check.ts';

export interface ReportLine {
  readonly tone: HumanLine['tone'];
  readonly text: string;
}

const words = { ok: 'ok', warning: 'warn', failed: 'FAIL', skipped: 'skip' } as const;
const tones = { ok: 'good', warning: 'plain', failed: 'bad', skipped: 'dim' } as const;
const nameWidth = 12;

/** One result for a person: what was found, and what to do next. */
export function resultLines(result: CheckResult): ReportLine[] {
  const head = `${words[result.status].padEnd(4)}  ${result.name.padEnd(nameWidth)}  ${result.detail}`;
  const lines: ReportLine[] = [{ tone: tones[result.status], text: head }];
  if ('next' in result) lines.push({ tone: 'plain', text: `${' '.repeat(nameWidth + 8)}-> ${result.next}` });
  return lines;
}

/** The last line: what to look at first. */
export function summaryLine(results: readonly CheckResult[]): ReportLine {
  const failed = results.filter(({ status }) => status === 'failed');
  const [first] = failed;
  if (first === undefined) return { tone: 'good', text: 'everything that was tried works' };
  const others = failed.length === 1 ? '' : ` (${failed.length} failed in all)`;
  return { tone: 'bad', text: `look at ${first.name} first${others}` };
}

/** A result as `--json` prints it. */
export function resultJson(result: CheckResult): object {
  const { name, status, detail, ms } = result;
  const next = 'next' in result ? { next: result.next } : {};
  return { name, ok: isPassed(result), status, detail, ...next, ms };
}
