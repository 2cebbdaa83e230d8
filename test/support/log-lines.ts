import { createLog as create, type Log } from '../../core/log.ts';

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A log whose lines a test can look at. */
export function createLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = create({
    level: 'debug',
    format: 'json',
    destination: {
      write: (line: string) => {
        lines.push(JSON.parse(line) as LogLine);
      },
    },
  });
  return { log, lines };
}
