import { setTimeout as pause } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { databaseError, type Database } from './database.ts';
import { durably } from './durable.ts';
import { countRevision, readRevision, type Revised } from './revisions.ts';
import { resultCodes, sqliteCode } from './sqlite.ts';
import type { Tables } from './tables.ts';
import { storeReleased, writeFailure } from './write-failure.ts';

export interface RevisedViewOptions<R> {
  readonly database: Database;
  readonly log: Log;
  /** Whose revision counts the changes; the word of the log for them, too. */
  readonly name: Revised;
  /** Reads all rows, in a transaction that only reads. */
  readonly read: (db: Kysely<Tables>) => Promise<R>;
  /** Makes them the view. May take its time: the database is free for others meanwhile. */
  readonly take: (rows: R) => Promise<void>;
  /** How long a change waits before it is tried again, while another program keeps the database locked. */
  readonly retryMs: number;
}

export interface Change<T> {
  /** Is done in a transaction, whatever else is in memory; undefined: there was nothing to change. */
  readonly write: (transaction: Kysely<Tables>) => Promise<T | undefined>;
  /** Brings the view up to what was written. */
  readonly apply: (written: T) => void;
}

const maxAttempts = 6;

/**
 * Rows that are all in memory, as far as they are changed: one change after the other, on the disk before it is in memory; and what other
 * processes have changed is seen at a `refresh()`.
 */
export class RevisedView<R> {
  readonly #options: RevisedViewOptions<R>;
  readonly #callbacks: (() => void)[] = [];
  #revision = -1;
  #last: Promise<unknown> = Promise.resolve();
  #released = false;

  constructor(options: RevisedViewOptions<R>) {
    this.#options = options;
  }

  /** For the first time. Rejects with `ERR_STATE_DIR`. */
  async open(): Promise<void> {
    try {
      await this.inTurn(() => this.#load());
    } catch (error) {
      throw databaseError(this.#options.database.path, error);
    }
  }

  get released(): boolean {
    return this.#released;
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  /** Whether what is in memory is what is there; false when another process was faster. To be asked in a change's transaction. */
  async isCurrent(transaction: Kysely<Tables>): Promise<boolean> {
    return (await readRevision(transaction, this.#options.name)) === this.#revision;
  }

  /** Gives what was written. Rejects with `ERR_STORE_UNAVAILABLE`, or with what `write` throws. */
  change<T>({ write, apply }: Change<T>): Promise<T | undefined> {
    return this.inTurn(async () => {
      const done = await this.#write(write);
      if (done === undefined) return undefined;
      // Another process was faster: its change is not in memory yet.
      if (done.revision === this.#revision + 1) this.#install(done.revision, () => apply(done.written));
      else await this.#load().catch(() => this.#install(this.#revision, () => apply(done.written)));
      return done.written;
    });
  }

  /** Reads what another process has changed, if it has. Rejects when the database cannot be read. */
  async refresh(): Promise<void> {
    await this.inTurn(async () => {
      const { database, name, log } = this.#options;
      if ((await readRevision(database.db, name)) === this.#revision) return;
      await this.#load();
      log.info(`${name} read again: another process has changed them`);
    });
  }

  /** Reads everything anew; never rejects: what is known already goes on counting. */
  async reload(): Promise<void> {
    try {
      await this.inTurn(() => this.#load());
    } catch (err) {
      this.#options.log.error({ err }, `${this.#options.name} cannot be read from the database`);
    }
  }

  /** From now on nothing is changed here; what others change is still seen. Idempotent. */
  release(): void {
    this.#released = true;
  }

  /** One after the other. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #write<T>(
    write: Change<T>['write'],
  ): Promise<{ readonly written: T; readonly revision: number } | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#released) throw storeReleased();
      try {
        return await this.#tryToWrite(write);
      } catch (error) {
        if (sqliteCode(error) !== resultCodes.busy || attempt === maxAttempts) throw this.#failure(error);
      }
      await pause(this.#options.retryMs);
    }
  }

  async #tryToWrite<T>(
    write: Change<T>['write'],
  ): Promise<{ readonly written: T; readonly revision: number } | undefined> {
    const { database, name } = this.#options;
    return durably(database.db, () =>
      database.db.transaction().execute(async (transaction) => {
        const written = await write(transaction);
        if (written === undefined) return undefined;
        return { written, revision: await countRevision(transaction, name) };
      }),
    );
  }

  #failure(cause: unknown): PortholeError {
    const failure = writeFailure(cause);
    const { log, name } = this.#options;
    if (failure.code === 'ERR_STORE_UNAVAILABLE')
      log.error({ err: cause }, `${name} cannot be changed in the database`);
    return failure;
  }

  async #load(): Promise<void> {
    const { database, name, read, take } = this.#options;
    const { rows, revision } = await database.db
      .transaction()
      .setAccessMode('read only')
      .execute(async (transaction) => ({
        rows: await read(transaction),
        revision: await readRevision(transaction, name),
      }));
    await take(rows);
    this.#install(revision, () => undefined);
  }

  /** What is written is done, whatever those who are told make of it. */
  #install(revision: number, apply: () => void): void {
    apply();
    this.#revision = revision;
    for (const callback of this.#callbacks) {
      try {
        callback();
      } catch (err) {
        this.#options.log.error(
          { err },
          `a change of ${this.#options.name} could not be followed everywhere`,
        );
      }
    }
  }
}
