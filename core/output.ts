import { writeSync } from 'node:fs';

/** Writes some of the bytes, at once or not at all: throws EAGAIN where the reader does not keep up. */
export type WriteSome = (bytes: Uint8Array) => number;

export interface OutputOptions {
  readonly writeSome: WriteSome;
  /** What may wait for a reader that does not keep up. */
  readonly maxBytes: number;
  readonly retryMs: number;
  /** The line that tells how many were dropped. */
  readonly droppedLine: (count: number) => string;
  /** Told of each one at once, while the reader is still stuck. */
  readonly onDropped?: (() => void) | undefined;
}

/**
 * Lines on their way to a reader that may be slow, stuck or gone. Never blocks, never throws and never grows beyond a bound:
 * lines that do not fit are dropped, and counted in a line of their own when it flows again.
 */
export class Output {
  readonly #options: OutputOptions;
  #lines: string[] = [];
  #lineBytes = 0;
  /** The rest of what the reader took a part of. */
  #rest: Uint8Array = new Uint8Array(0);
  #dropped = 0;
  #scheduled = false;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  get bufferedBytes(): number {
    return this.#lineBytes + this.#rest.length;
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#dropped > 0 || this.bufferedBytes + bytes > this.#options.maxBytes) {
      this.#dropped += 1;
      this.#options.onDropped?.();
    } else {
      this.#lines.push(line);
      this.#lineBytes += bytes;
    }
    this.#schedule();
  }

  /** Hands over what the reader takes at once; pino calls it after a fatal line. */
  flushSync(): void {
    while (this.#refill()) {
      if (!this.#writeOnce()) return;
    }
  }

  /** Lines of one turn of the event loop go out in one write. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flushSync();
      if (this.bufferedBytes > 0) this.#scheduleRetry();
    });
  }

  /** Does not keep the process alive: a reader that is stuck must not. */
  #scheduleRetry(): void {
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.#schedule();
    }, this.#options.retryMs).unref();
  }

  /** Whether there is something to write. */
  #refill(): boolean {
    if (this.#rest.length > 0) return true;
    if (this.#lines.length === 0 && this.#dropped > 0) {
      this.#lines.push(this.#options.droppedLine(this.#dropped));
      this.#dropped = 0;
    }
    this.#rest = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#lineBytes = 0;
    return this.#rest.length > 0;
  }

  #writeOnce(): boolean {
    try {
      const written = this.#options.writeSome(this.#rest);
      this.#rest = this.#rest.subarray(written);
      return written > 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#giveUp();
      return false;
    }
  }

  /** The reader is gone or the disk is full: what waits is lost, later lines try anew. */
  #giveUp(): void {
    this.#rest = new Uint8Array(0);
    this.#lines = [];
    this.#lineBytes = 0;
  }
}

const maxBufferedBytes = 4 * 1024 * 1024;
const retryMs = 50;
const exitTries = 20;
const exitPauseMs = 10;

/**
 * The process's standard output as such an output; one a process. At exit its reader gets a moment to take what waits, since
 * the last lines are those that tell why.
 */
export function stdoutOutput(droppedLine: (count: number) => string, onDropped?: () => void): Output {
  // Node opens a pipe here, and so makes it non-blocking: `writeSync` then says EAGAIN instead of waiting for the reader.
  const { fd } = process.stdout;
  const writeSome: WriteSome = (bytes) => writeSync(fd, bytes);
  const output = new Output({ writeSome, maxBytes: maxBufferedBytes, retryMs, droppedLine, onDropped });
  process.once('exit', () => {
    flushAtExit(output);
  });
  return output;
}

function flushAtExit(output: Output): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < exitTries; tries += 1) {
    output.flushSync();
    if (output.bufferedBytes === 0) return;
    Atomics.wait(pause, 0, 0, exitPauseMs);
  }
}
