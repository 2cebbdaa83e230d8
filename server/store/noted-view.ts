import { BatchWriter } from './batch-writer.ts';
import type { Database } from './database.ts';
import { RevisedView, type RevisedViewOptions } from './revised-view.ts';

export interface NotedViewOptions<R, N> extends RevisedViewOptions<R> {
  /** What the records are, for the log: `logins`. */
  readonly what: string;
  /** What is noted of them, for the log: `when logins were last seen`. */
  readonly noted: string;
  /** Writes all of it or nothing. */
  readonly writeNotes: (
    db: Database['db'],
    notes: readonly (readonly [id: string, note: N])[],
  ) => Promise<void>;
  /** How long a note waits to be written with others. */
  readonly writeIntervalMs: number;
  readonly maxPending: number;
}

const notesPerTurn = 200;

/**
 * Rows that are all in memory, with what is only noted of them: that is written a little later, or not at all when the disk fails, and
 * nobody is told.
 */
export class NotedView<R, N> extends RevisedView<R> {
  readonly #options: NotedViewOptions<R, N>;
  readonly #notes: BatchWriter<N>;
  #ended: Promise<void> | undefined;

  constructor(options: NotedViewOptions<R, N>) {
    super(options);
    this.#options = options;
    const { database, log, noted, writeNotes, writeIntervalMs, maxPending } = options;
    this.#notes = new BatchWriter({
      write: (batch) => writeNotes(database.db, batch),
      intervalMs: writeIntervalMs,
      maxBatch: notesPerTurn,
      maxPending,
      onFailing: (err) => {
        log.error({ err }, `${noted} cannot be written to the database`);
      },
      onWorking: () => {
        log.info(`${noted} is written to the database again`);
      },
    });
  }

  note(id: string, note: N): void {
    this.#notes.put(id, note);
  }

  /** Settles when all notes are written, or could not be written just now; never rejects. */
  flush(): Promise<void> {
    return this.#notes.flush();
  }

  /** Removes on the disk what is over, unless that is a successor's to do. Never rejects. */
  async purge(remove: (db: Database['db']) => Promise<void>): Promise<void> {
    const { database, log, what } = this.#options;
    try {
      if (!this.released) await this.inTurn(() => remove(database.db));
    } catch (err) {
      log.warn({ err }, `${what} that are over cannot be removed from the database`);
    }
  }

  /** From now on nothing is changed or noted; what others change is still seen. Idempotent; never rejects. */
  end(): Promise<void> {
    this.release();
    this.#ended ??= this.inTurn(() => this.#notes.stop());
    return this.#ended;
  }
}
