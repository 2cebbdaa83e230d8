import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../../core/log.ts';
import { maxFormerOwners, type FormerOwner } from '../routing/former-owners.ts';
import type { EnvironmentMemory, RememberedEnvironment } from '../routing/memory.ts';
import type { AuditEntry } from './audit-entry.ts';
import { insertAudit } from './audit-queries.ts';
import { BatchWriter } from './batch-writer.ts';
import { databaseError, type Database } from './database.ts';
import * as queries from './environment-queries.ts';
import { formerOwners, pruneFormerOwners } from './former-owners.ts';
import { fromRow, toRow } from './environment-row.ts';
import type { EnvironmentsTable } from './tables.ts';
import { storeReleased, writeFailure } from './write-failure.ts';

export interface EnvironmentStoreOptions {
  readonly database: Database;
  readonly log: Log;
  /** How long a name stays its owner's after it was last seen. */
  readonly claimTtlMs: number;
  /** Environments that are kept; the longest gone are forgotten first. */
  readonly maxRemembered: number;
  readonly now?: () => number;
  readonly writeIntervalMs?: number;
  readonly heartbeatMs?: number;
  readonly pruneMs?: number;
}

const defaults = { now: Date.now, writeIntervalMs: 250, heartbeatMs: 10_000, pruneMs: 3_600_000 };

/** Rows that are written or read in one turn of the event loop. */
const rowsPerTurn = 200;
/** Names that one log line tells. */
const maxToldNames = 5;
/** An environment is told to be offline, not unknown, for at least this long, however short claims are. */
const minKeptMs = 7 * 24 * 3_600_000;

/** Browsers keep what a site put into them for about as long (RFC 6265bis, 5.5: cookies for 400 days). */
const formerOwnersKeptMs = 400 * 24 * 3_600_000;

/** The memory of environments in the database: what was known survives the process, however that ends. No request waits on it. */
export class EnvironmentStore implements EnvironmentMemory {
  readonly #options: Required<EnvironmentStoreOptions>;
  readonly #epoch: number;
  readonly #writer: BatchWriter<RememberedEnvironment | undefined>;
  readonly #timers: readonly NodeJS.Timeout[];
  #beating = true;
  #released: Promise<void> | undefined;

  /** Rejects with `ERR_STATE_DIR`. The database stays its opener's. */
  static async open(options: EnvironmentStoreOptions): Promise<EnvironmentStore> {
    const settled = { ...defaults, ...options };
    const { database, now } = settled;
    try {
      return new EnvironmentStore(settled, await queries.beginEpoch(database.db, now()));
    } catch (error) {
      throw databaseError(database.path, error);
    }
  }

  private constructor(options: Required<EnvironmentStoreOptions>, epoch: number) {
    this.#options = options;
    this.#epoch = epoch;
    this.#writer = new BatchWriter({
      write: (batch) => this.#write(batch),
      intervalMs: options.writeIntervalMs,
      maxBatch: rowsPerTurn,
      maxPending: 2 * options.maxRemembered,
      onFailing: (err) => {
        options.log.error(
          { err },
          'environments cannot be written to the database; a restart would forget them',
        );
      },
      onWorking: () => {
        options.log.info('environments are written to the database again');
      },
    });
    this.#timers = [
      setInterval(() => void this.#beat(), options.heartbeatMs).unref(),
      setInterval(() => void this.#prune(), options.pruneMs).unref(),
    ];
  }

  remember(environment: RememberedEnvironment): void {
    this.#writer.put(environment.name, environment);
  }

  forget(name: string): void {
    this.#writer.put(name, undefined);
  }

  /**
   * Writes a change of whose a name is, with its line of the audit, or neither. What follows from it is remembered by whoever changes it in memory then.
   * Rejects with `ERR_STORE_UNAVAILABLE`.
   */
  async change(change: queries.ClaimChange, audit: AuditEntry): Promise<void> {
    // What was noted before must not be written over it.
    await this.#writer.flush();
    if (this.#released !== undefined) throw storeReleased();
    try {
      await this.#options.database.db.transaction().execute(async (transaction) => {
        await queries.changeClaim(transaction, change, this.#epoch);
        await insertAudit(transaction, [audit]);
      });
    } catch (error) {
      throw writeFailure(error);
    }
  }

  /** All that is known, the longest gone first. A row that makes no sense is left out, with a warning. Rejects with `ERR_STATE_DIR`. */
  async recall(): Promise<readonly RememberedEnvironment[]> {
    const { database } = this.#options;
    try {
      return await this.#readAll();
    } catch (error) {
      throw databaseError(database.path, error);
    }
  }

  /** Whose names were that nobody has any more, the longest gone first. Without them a name is as if it were new, which is no reason not to serve. */
  async recallFormer(): Promise<readonly FormerOwner[]> {
    const { database, log } = this.#options;
    try {
      return await formerOwners(database.db, maxFormerOwners);
    } catch (err) {
      log.warn({ err }, 'former owners of names cannot be read from the database');
      return [];
    }
  }

  /** Settles when all that was remembered is written, or could not be written just now; never rejects. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /**
   * From now on nothing is noted: what happens next belongs to a successor, or to the end of this process. What was noted before is
   * written, with a last sign of life. Idempotent; never rejects.
   */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #readAll(): Promise<readonly RememberedEnvironment[]> {
    const { database, maxRemembered, now } = this.#options;
    const aliveAt = await queries.signsOfLife(database.db);
    const environments: RememberedEnvironment[] = [];
    const problems: string[] = [];
    const pages = queries.environmentPages(database.db, { max: maxRemembered, pageSize: rowsPerTurn });
    for await (const page of pages) {
      for (const row of page) {
        const read = fromRow(row, { aliveAt: aliveAt.get(row.epoch) ?? 0, now: now() });
        if (read.environment !== undefined) environments.push(read.environment);
        if (read.problem !== undefined) problems.push(`${row.name}: ${read.problem}`);
      }
      await nextTurn();
    }
    this.#warn(problems);
    return environments;
  }

  async #release(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#writer.stop();
    await this.#beat();
  }

  async #write(batch: readonly (readonly [string, RememberedEnvironment | undefined])[]): Promise<void> {
    const rows: EnvironmentsTable[] = [];
    const gone: string[] = [];
    for (const [name, environment] of batch) {
      const row = environment && toRow(environment, this.#epoch);
      if (row === undefined) gone.push(name);
      else rows.push(row);
      if (row === undefined && environment !== undefined) {
        this.#options.log.warn(
          { env: name },
          "its owner's name cannot be kept: a restart forgets whose it is",
        );
      }
    }
    await queries.writeEnvironments(this.#options.database.db, { rows, gone, epoch: this.#epoch });
  }

  async #beat(): Promise<void> {
    const { database, now, log } = this.#options;
    try {
      await queries.signOfLife(database.db, this.#epoch, now());
      this.#beating = true;
    } catch (err) {
      if (this.#beating)
        log.warn({ err }, 'the sign of life of the gateway cannot be written to the database');
      this.#beating = false;
    }
  }

  /** Not at the start: a clock that is wrong then would forget everything. */
  async #prune(): Promise<void> {
    const { database, claimTtlMs, maxRemembered, now, log } = this.#options;
    const before = now() - Math.max(claimTtlMs, minKeptMs);
    try {
      while (
        this.#released === undefined &&
        (await queries.pruneSome(database.db, { before, maxRemembered, limit: rowsPerTurn })) > 0
      )
        await nextTurn();
      if (this.#released === undefined)
        await pruneFormerOwners(database.db, { before: now() - formerOwnersKeptMs, max: maxFormerOwners });
    } catch (err) {
      log.warn({ err }, 'old environments cannot be removed from the database');
    }
  }

  #warn(problems: readonly string[]): void {
    if (problems.length === 0) return;
    this.#options.log.warn(
      { count: problems.length, problems: problems.slice(0, maxToldNames) },
      'rows of the database that make no sense: these environments are not known as they were',
    );
  }
}
