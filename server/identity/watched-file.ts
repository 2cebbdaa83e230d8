import { readFileSync, statSync } from 'node:fs';

export interface WatchedFileOptions {
  readonly path: string;
  /** Called with the whole text when it has changed; `undefined` when the file is not there. */
  readonly onText: (text: string | undefined) => void;
  /** It is there, and cannot be read. */
  readonly onUnreadable: (error: unknown) => void;
  readonly pollMs?: number;
  /** How long a change must rest before it is read: editors empty a file, or move it away, before they write it anew. */
  readonly settleMs?: number;
}

/** Nothing that belongs here is longer. */
const maxBytes = 16 * 1024 * 1024;

/** A file that is read at once, and again whenever it has changed and rests, until it is closed. */
export class WatchedFile {
  readonly #options: WatchedFileOptions;
  readonly #timer: NodeJS.Timeout;
  #settleTimer: NodeJS.Timeout | undefined;
  #version: string;

  constructor(options: WatchedFileOptions) {
    this.#options = options;
    this.#version = this.#currentVersion();
    this.#read();
    this.#timer = setInterval(() => {
      this.#poll();
    }, options.pollMs ?? 1000).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#settleTimer);
  }

  #poll(): void {
    if (this.#settleTimer !== undefined) return;
    const version = this.#currentVersion();
    if (version === this.#version) return;
    this.#settleTimer = setTimeout(() => {
      this.#settleTimer = undefined;
      if (this.#currentVersion() === version) this.#reread(version);
      else this.#poll();
    }, this.#options.settleMs ?? 100).unref();
  }

  #reread(version: string): void {
    this.#version = version;
    this.#read();
  }

  #read(): void {
    let text: string | undefined;
    try {
      text = readBounded(this.#options.path);
    } catch (error) {
      this.#options.onUnreadable(error);
      return;
    }
    this.#options.onText(text);
  }

  /** Differs whenever the file does. Never throws: it runs on a timer. */
  #currentVersion(): string {
    try {
      const stat = statSync(this.#options.path);
      return [stat.dev, stat.ino, stat.mtimeMs, stat.ctimeMs, stat.size].join(':');
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

function readBounded(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.size > maxBytes) throw new Error(`it has more than ${String(maxBytes)} bytes`);
  return readFileSync(path, 'utf8');
}
