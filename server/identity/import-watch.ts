import type { Log } from '../../core/log.ts';
import { maxTimerMs } from '../../core/lifecycle.ts';
import type { KeyImports } from './key-imports.ts';

export interface ImportWatchOptions {
  readonly imports: Pick<KeyImports, 'all' | 'check' | 'close'>;
  /** How often each source is looked at. */
  readonly intervalMs: number;
  readonly log: Log;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** After a start, or a restart of many gateways at once, the servers are not asked by all of them in the same moment. */
const longestFirstMs = 60_000;
/** A source that somebody else looked at a little while ago can wait for the next round. */
const recent = 0.5;

/** Looks at the sources that are kept in step, time and again, one after the other. */
export class ImportWatch {
  readonly #options: Required<ImportWatchOptions>;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ImportWatchOptions) {
    this.#options = { now: Date.now, random: Math.random, ...options };
  }

  /** Begins, a little later. */
  start(): void {
    const { intervalMs, random } = this.#options;
    this.#schedule(random() * Math.min(intervalMs, longestFirstMs));
  }

  /** Fetches nothing more: another process does, or none. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#options.imports.close();
    clearTimeout(this.#timer);
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    const timer = setTimeout(() => void this.#round(), Math.min(delayMs, maxTimerMs));
    this.#timer = timer.unref();
  }

  async #round(): Promise<void> {
    const { imports, intervalMs, log, random } = this.#options;
    try {
      for (const { source, check } of await imports.all()) {
        if (this.#closed) return;
        if (this.#isDue(check.checkedAt)) await this.#look(source);
      }
    } catch (err) {
      log.warn({ err }, 'the keys of accounts elsewhere cannot be kept in step');
    }
    this.#schedule(intervalMs * (0.9 + 0.2 * random()));
  }

  async #look(source: string): Promise<void> {
    try {
      await this.#options.imports.check(source);
    } catch (err) {
      this.#options.log.warn({ err, source }, 'the keys of an account cannot be kept in step');
    }
  }

  /** A clock that was set back makes it due too. */
  #isDue(checkedAt = 0): boolean {
    const { now, intervalMs } = this.#options;
    const age = now() - checkedAt;
    return age < 0 || age >= recent * intervalMs;
  }
}
