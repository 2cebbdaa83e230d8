import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Output } from '../core/output.ts';

/** A terminal that can be drawn on. Writing never blocks: when its user has stopped it, what comes is dropped. */
export interface LiveTerminal {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
  write(text: string): void;
  /** Calls the listener when the size has changed, or when something else may have been drawn meanwhile. */
  onDisturbed(listener: () => void): () => void;
  /** Hands over what waits. */
  close(): void;
}

interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const maxBytes = 64 * 1024;
const retryMs = 100;

/** The terminal of this process; undefined where there is none, or none that a view can be drawn on. */
export function openLiveTerminal(
  { stdout, stderr }: { stdout: TerminalStream; stderr: TerminalStream },
  env: Readonly<Record<string, string | undefined>>,
  colour: boolean,
): LiveTerminal | undefined {
  const term = env['TERM'] ?? '';
  if (stdout.isTTY !== true || stderr.isTTY !== true || term === '' || term === 'dumb') return undefined;
  if ((env['CI'] ?? '') !== '') return undefined;
  const fd = openTty();
  if (fd === undefined) return undefined;
  let isOpen = true;
  const output = new Output({
    // What still waits at the end must not reach whatever gets the number next.
    writeSome: (bytes) => (isOpen ? writeSync(fd, bytes) : bytes.length),
    maxBytes,
    retryMs,
    droppedLine: () => '',
  });
  return {
    get columns() {
      return positive(stdout.columns) ?? 80;
    },
    get rows() {
      return positive(stdout.rows) ?? 24;
    },
    colour,
    write: (text) => output.write(text),
    onDisturbed,
    close: () => {
      output.flushSync();
      isOpen = false;
      closeSync(fd);
    },
  };
}

/** Opened anew, since what the process was given blocks it when the user holds the terminal (Ctrl-S). */
function openTty(): number | undefined {
  try {
    return openSync('/dev/tty', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** A pseudo-terminal that nobody told its size says 0. */
function positive(size: number | undefined): number | undefined {
  return size === 0 ? undefined : size;
}

function onDisturbed(listener: () => void): () => void {
  const signals = ['SIGWINCH', 'SIGCONT'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
