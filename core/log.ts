import { pino } from 'pino';
import type { DestinationStream, Logger, LoggerOptions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { stdoutOutput } from './output.ts';
import { redactLine } from './redact.ts';

export type Log = Logger;

export interface LogOptions {
  /** One of pino's levels, or `silent`. */
  readonly level: string;
  /** JSON lines for machines, or coloured text for people. */
  readonly format: 'json' | 'pretty';
  /** Where the lines go; standard output if not given. */
  readonly destination?: DestinationStream;
  readonly name?: string;
  /** Told of each line that is lost because nobody reads standard output. */
  readonly onDropped?: () => void;
}

/**
 * The program's log: facts in fields, secrets removed wherever they are (see `redactLine`), on an output whose reader may
 * stall without stopping or filling the process.
 */
export function createLog(options: LogOptions): Log {
  return pino(pinoOptions(options), destinationOf(options));
}

/** A log that says nothing, for tests and for callers of a library. */
export function silentLog(): Log {
  return pino({ level: 'silent' }, { write: () => undefined });
}

function pinoOptions({ level, name }: LogOptions): LoggerOptions {
  return {
    level,
    base: { pid: process.pid, ...(name === undefined ? {} : { name }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: redactLine },
  };
}

function destinationOf(options: LogOptions): DestinationStream {
  const { destination = stdoutOutput((dropped) => droppedLine(options, dropped), options.onDropped) } =
    options;
  return options.format === 'pretty' ? pretty(destination) : destination;
}

function droppedLine(options: LogOptions, dropped: number): string {
  let line = '';
  const destination = { write: (text: string) => (line += text) };
  createLog({ ...options, level: 'warn', destination }).warn(
    { dropped },
    'log lines dropped: nobody read them in time',
  );
  return line;
}

/** pino-pretty without its stream, which formats a turn later and so loses the last lines before an exit. */
function pretty(destination: DestinationStream): DestinationStream {
  const format = prettyFactory({
    colorize: process.stdout.isTTY,
    ignore: 'pid',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return {
    write: (line) => {
      destination.write(format(line));
    },
  };
}
