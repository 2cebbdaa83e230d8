import { sql } from 'kysely';
import type { Log } from '../../core/log.ts';
import type { Database } from './database.ts';

export interface DatabaseWatchOptions {
  readonly database: Database;
  readonly log: Log;
  readonly pollMs?: number;
}

const defaultPollMs = 1000;

/** Tells that another process has changed the database: a gateway that drains beside this one, or the operator's commands. */
export class DatabaseWatch {
  readonly #options: DatabaseWatchOptions;
  readonly #callbacks: (() => Promise<void>)[] = [];
  readonly #timer: NodeJS.Timeout;
  #version: number | undefined;
  #looking: Promise<void> | undefined;
  #works = true;
  #stopped = false;

  constructor(options: DatabaseWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), options.pollMs ?? defaultPollMs).unref();
  }

  /** Called once at the first look too, and again a little later when it fails. What it does may take its time: looks wait for it. */
  onChange(callback: () => Promise<void>): void {
    this.#callbacks.push(callback);
  }

  /** Looks now; never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Settles when no look is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { database, log } = this.#options;
    if (this.#stopped) return;
    try {
      // Read first: what changes from here on is seen at the next look.
      const { rows } = await sql<{ data_version: number }>`pragma data_version`.execute(database.db);
      const version = rows[0]?.data_version;
      if (version === this.#version) return;
      for (const callback of this.#callbacks) await callback();
      this.#version = version;
      if (!this.#works) log.info('changes that other processes make to the database are seen again');
      this.#works = true;
    } catch (err) {
      if (this.#works) log.error({ err }, 'changes that other processes make to the database are not seen');
      this.#works = false;
    }
  }
}
