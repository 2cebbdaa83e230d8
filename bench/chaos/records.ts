import { appendFileSync, openSync, readFileSync } from 'node:fs';

/** How a visitor's request reaches the gateway. */
export const modes = ['tls-new', 'tls-kept', 'h2', 'plain-new', 'plain-kept'] as const;
export type Mode = (typeof modes)[number];

export type Method = 'GET' | 'POST';

/** What became of a request, as the visitor saw it. Times are of the boot clock. */
export interface Ending {
  /** `broken`: the connection ended without a whole answer. `hung`: nothing came before the deadline. */
  readonly kind: 'answered' | 'broken' | 'hung';
  readonly status?: number;
  /** The `Porthole-Error` of the answer. */
  readonly code?: string;
  /** The environment whose app says that it answered. */
  readonly answeredBy?: string;
  /** It was sent a second time, because HTTP/2 said that the first was not processed. */
  readonly sentTwice?: true;
  /** What is wrong with the answer, or how the connection broke. */
  readonly problem?: string;
}

/** One request of the load. */
export interface RequestRecord extends Ending {
  readonly id: string;
  readonly env: string;
  readonly method: Method;
  readonly mode: Mode;
  /** When it was to be sent; how late that was shows whether the load itself kept up. */
  readonly dueMs: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** One request that reached an app. */
export interface Sighting {
  readonly id: string;
  readonly env: string;
}

/** How one long stream of a visitor went. */
export interface StreamRecord {
  readonly kind: 'download' | 'events' | 'socket' | 'upload';
  readonly startedMs: number;
  /** When its last byte, event or echo came. */
  readonly lastAliveMs: number;
  readonly endedMs: number;
  /** `whole`: every byte was there. `left`: it still lived when the visitor was told to leave. */
  readonly ending: 'whole' | 'cut' | 'ended' | 'refused' | 'left';
  readonly detail: string;
}

/** How one session of stock ssh through the gate went. */
export interface PersonRecord {
  readonly startedMs: number;
  /** When its last echo came. */
  readonly lastAliveMs: number;
  readonly endedMs: number;
  /** `left`: it still lived when it was told to leave. */
  readonly ending: 'ended' | 'left';
  /** What ssh wrote to standard error. */
  readonly said: string;
}

/** What happened to one tunnel of a fleet. */
export interface FleetEvent {
  readonly env: string;
  readonly kind: 'up' | 'killed' | 'lost';
  readonly atMs: number;
  readonly reason?: string;
}

/** A file of JSON lines that a process writes while others may read it. */
export class RecordFile<T> {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'a');
  }

  add(record: T): void {
    appendFileSync(this.#fd, `${JSON.stringify(record)}\n`);
  }
}

/** All whole lines of a file of records; none while it is not there. */
export function readRecords<T>(path: string): T[] {
  const lines = textOf(path).split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as T);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
