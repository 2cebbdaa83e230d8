import { markdownTable } from '../tables.ts';
import type { ScenarioResult } from './run.ts';

/** All findings as Markdown that is also readable as it is. */
export function chaosTable(results: readonly ScenarioResult[]): string {
  const rows = results.flatMap((result) => {
    switch (result.kind) {
      case 'run':
        return result.findings.map(({ asked, measured, kept }) => [
          result.scenario,
          asked,
          measured,
          kept ? 'ok' : 'MISSED',
        ]);
      case 'failed':
        return [[result.scenario, result.title, oneLine(result.reason), 'FAILED']];
      case 'left-out':
        return [[result.scenario, result.title, result.reason, 'not run']];
    }
  });
  return markdownTable(['scenario', 'asked', 'measured', ''], rows);
}

const longestReason = 240;

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, longestReason);
