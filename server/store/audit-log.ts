import { setImmediate as nextTurn } from 'node:timers/promises';
import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Audit, AuditEntry, AuditLine, AuditQuery } from './audit-entry.ts';
import { insertAudit, pruneAudit, selectAudit } from './audit-queries.ts';
import { AuditRepeats } from './audit-repeats.ts';
import { BatchWriter } from './batch-writer.ts';
import type { Database } from './database.ts';

export interface AuditLogOptions {
  readonly database: Pick<Database, 'db'>;
  readonly log: Log;
  /** How long lines are kept; at least a day. */
  readonly retentionMs: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly writeIntervalMs?: number;
  /** How often repeats are summed up. */
  readonly sumMs?: number;
  readonly pruneMs?: number;
  /** Lines that wait to be written; what is over it is lost, counted and told. */
  readonly maxPending?: number;
  /** Lines that are kept, and how many of them may be about strangers who were refused. */
  readonly maxLines?: number;
  readonly maxStrangerLines?: number;
}

const defaults = {
  now: Date.now,
  writeIntervalMs: 250,
  sumMs: 10_000,
  pruneMs: 3_600_000,
  maxPending: 10_000,
  maxLines: 1_000_000,
  maxStrangerLines: 200_000,
};

const linesPerTurn = 500;
/** The database itself keeps every line for a day; this much more for clocks that differ a little. */
const minKeptMs = 86_400_000 + 60_000;

/**
 * The audit in the database. Nothing waits for it and nothing fails because of it: while the disk fails, lines wait, a bounded number of them,
 * and those that are lost are counted and noted when it works again. What must be noted if and only if it is done, such as a change of
 * a key, is written by `insertAudit` in the same transaction instead.
 */
export class AuditLog implements Audit {
  readonly #options: Required<AuditLogOptions>;
  readonly #repeats = new AuditRepeats();
  readonly #writer: BatchWriter<AuditEntry>;
  readonly #timers: readonly NodeJS.Timeout[];
  #sequence = 0;
  #lost = 0;
  #closed: Promise<void> | undefined;

  constructor(options: AuditLogOptions) {
    this.#options = { ...defaults, ...options };
    const { database, log, writeIntervalMs, sumMs, pruneMs, maxPending, now } = this.#options;
    this.#writer = new BatchWriter({
      write: (batch) => insertAll(database.db, batch),
      intervalMs: writeIntervalMs,
      maxBatch: linesPerTurn,
      // What was lost is counted here: the writer itself gives up nothing.
      maxPending: maxPending + linesPerTurn,
      onFailing: (err) => {
        log.error({ err }, 'the audit cannot be written to the database; lines wait until it can');
      },
      onWorking: () => {
        this.#tellLost();
      },
    });
    this.#timers = [
      setInterval(() => this.#putAll(this.#repeats.take(now())), sumMs).unref(),
      setInterval(() => void this.#prune(), pruneMs).unref(),
    ];
  }

  record(entry: AuditEntry): void {
    if (this.#closed === undefined && this.#repeats.isNew(entry)) this.#put(entry);
  }

  /** With all that was recorded before, so far as it can be written. */
  async list(query: AuditQuery): Promise<readonly AuditLine[]> {
    this.#putAll(this.#repeats.take());
    await this.#writer.flush();
    try {
      return await selectAudit(this.#options.database.db, query);
    } catch (cause) {
      throw new PortholeError('ERR_STORE_UNAVAILABLE', {
        cause,
        message: 'The audit cannot be read at the moment.',
      });
    }
  }

  /** Takes nothing more, and writes what it has. Before the database is closed. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#putAll(this.#repeats.take());
    this.#tellLost();
    await this.#writer.stop();
  }

  #putAll(entries: readonly AuditEntry[]): void {
    for (const entry of entries) this.#put(entry);
  }

  /** What is there already is kept: what came first is what one wants to know. */
  #put(entry: AuditEntry): void {
    if (this.#writer.pending >= this.#options.maxPending) {
      this.#lost += 1;
      return;
    }
    this.#sequence += 1;
    this.#writer.put(String(this.#sequence), entry);
  }

  #tellLost(): void {
    const lost = this.#lost;
    if (lost === 0) return;
    this.#lost = 0;
    this.#options.log.error({ lost }, 'lines of the audit were lost: they could not be written in time');
    this.#put({ at: this.#options.now(), action: 'audit.lost', result: 'failed', detail: { lines: lost } });
  }

  /** Not at the start: a clock that is wrong then would forget everything. */
  async #prune(): Promise<void> {
    const { database, retentionMs, maxLines, maxStrangerLines, now, log } = this.#options;
    const limits = {
      before: now() - retentionMs,
      youngSince: now() - minKeptMs,
      maxLines,
      maxStrangerLines,
      limit: linesPerTurn,
    };
    try {
      while (this.#closed === undefined && (await pruneAudit(database.db, limits)) > 0) await nextTurn();
    } catch (err) {
      log.warn({ err }, 'old lines of the audit cannot be removed from the database');
    }
  }
}

function insertAll(db: Database['db'], batch: readonly (readonly [string, AuditEntry])[]): Promise<void> {
  return insertAudit(
    db,
    batch.map(([, entry]) => entry),
  );
}
