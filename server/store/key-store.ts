import { setTimeout as pause } from 'node:timers/promises';
import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { applyChanges, type AppliedChanges } from '../identity/key-changes.ts';
import type { KeyChange, KeyRecord, Keys, KeyUse } from '../identity/key-record.ts';
import { KeyRing } from '../identity/key-ring.ts';
import type { AuditEntry } from './audit-entry.ts';
import { insertAudit } from './audit-queries.ts';
import { BatchWriter } from './batch-writer.ts';
import { databaseError, type Database } from './database.ts';
import { readKeys, writeKeys, writeUses, type ReadKeys } from './key-queries.ts';
import { durably } from './durable.ts';
import { countRevision, readRevision } from './revisions.ts';
import { resultCodes, sqliteCode } from './sqlite.ts';
import { storeReleased, writeFailure } from './write-failure.ts';

export interface KeyStoreOptions {
  readonly database: Database;
  readonly log: Log;
  /** The fingerprints of the admin keys that are not in the store, at this moment. */
  readonly otherAdmins?: () => Iterable<string>;
  readonly now?: () => number;
  /** How long a use of a key waits to be written with others. */
  readonly writeIntervalMs?: number;
  /** How long a change waits before it is tried again, while another program keeps the database locked. */
  readonly retryMs?: number;
}

const defaults = { otherAdmins: () => [], now: Date.now, writeIntervalMs: 250, retryMs: 200 };

const maxAttempts = 6;
const usesPerTurn = 200;
const maxPendingUses = 100_000;
/** Rows that one log line tells. */
const maxTold = 5;

/**
 * The keys of the database, all of them in memory: asking costs nothing, and a change is in memory when it is written. What other processes
 * change is seen at a `refresh()`.
 */
export class KeyStore implements Keys {
  readonly #options: Required<KeyStoreOptions>;
  readonly #uses: BatchWriter<KeyUse>;
  readonly #callbacks: (() => void)[] = [];
  #ring = new KeyRing();
  #revision = 0;
  #told = '';
  /** The end of the line of those who change something: two at once must not both find that there is another admin. */
  #last: Promise<unknown> = Promise.resolve();
  #released: Promise<void> | undefined;

  /** Rejects with `ERR_STATE_DIR`. The database stays its opener's. */
  static async open(options: KeyStoreOptions): Promise<KeyStore> {
    const store = new KeyStore({ ...defaults, ...options });
    try {
      await store.#load();
      return store;
    } catch (error) {
      throw databaseError(options.database.path, error);
    }
  }

  private constructor(options: Required<KeyStoreOptions>) {
    this.#options = options;
    this.#uses = new BatchWriter({
      write: (batch) => writeUses(options.database.db, batch),
      intervalMs: options.writeIntervalMs,
      maxBatch: usesPerTurn,
      maxPending: maxPendingUses,
      onFailing: (err) => {
        options.log.error({ err }, 'when keys were last used cannot be written to the database');
      },
      onWorking: () => {
        options.log.info('when keys were last used is written to the database again');
      },
    });
  }

  all(): Iterable<KeyRecord> {
    return this.#ring.all();
  }

  byFingerprint(fingerprint: string): KeyRecord | undefined {
    return this.#ring.byFingerprint(fingerprint);
  }

  ofPrincipal(name: string): readonly KeyRecord[] {
    return this.#ring.ofPrincipal(name);
  }

  hasPrincipal(name: string): boolean {
    return this.#ring.hasPrincipal(name);
  }

  /** Whether something is stored of this key that makes no sense. */
  isDamaged(fingerprint: string): boolean {
    return this.#ring.isDamaged(fingerprint);
  }

  async change(changes: readonly KeyChange[], audit: AuditEntry): Promise<void> {
    await this.#inTurn(async () => {
      const { ring, revision } = await this.#write(changes, audit);
      this.#install(ring, revision);
    });
  }

  used(fingerprint: string, { at, address, counter }: KeyUse): void {
    const key = this.#ring.byFingerprint(fingerprint);
    if (key === undefined) return;
    const used = withUse(key, { at, address, ...(counter !== undefined && { counter }) });
    this.#ring.put(used);
    this.#noteUse(used);
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  /** Reads what another process has changed, if it has. Rejects when the database cannot be read. */
  async refresh(): Promise<void> {
    await this.#inTurn(async () => {
      if ((await readRevision(this.#options.database.db, 'keys')) === this.#revision) return;
      await this.#load();
      this.#options.log.info({ keys: this.#ring.size }, 'keys read again: another process has changed them');
    });
  }

  /** Reads everything anew, with how keys were used; never rejects: what is known already goes on counting. */
  async reload(): Promise<void> {
    try {
      await this.#inTurn(() => this.#load());
    } catch (err) {
      this.#options.log.error({ err }, 'keys cannot be read from the database');
    }
  }

  /** Settles when all uses are written, or could not be written just now; never rejects. */
  flush(): Promise<void> {
    return this.#uses.flush();
  }

  /** From now on nothing is changed and no use is noted; what others change is still seen. Idempotent; never rejects. */
  release(): Promise<void> {
    this.#released ??= this.#inTurn(() => this.#uses.stop());
    return this.#released;
  }

  // --- one after the other ---------------------------------------------------------------------------------------------

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #write(
    changes: readonly KeyChange[],
    audit: AuditEntry,
  ): Promise<{ ring: KeyRing; revision: number }> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#released !== undefined) throw storeReleased();
      try {
        return await this.#tryToWrite(changes, audit);
      } catch (error) {
        if (sqliteCode(error) !== resultCodes.busy || attempt === maxAttempts) throw this.#failure(error);
      }
      await pause(this.#options.retryMs);
    }
  }

  #tryToWrite(
    changes: readonly KeyChange[],
    audit: AuditEntry,
  ): Promise<{ ring: KeyRing; revision: number }> {
    const { db } = this.#options.database;
    return durably(db, () =>
      db.transaction().execute(async (transaction) => {
        const applied = await this.#apply(transaction, changes);
        await insertAudit(transaction, [audit]);
        if (applied.withdrawn.length > 0) await countRevision(transaction, 'certificates');
        return { ring: applied.ring, revision: await countRevision(transaction, 'keys') };
      }),
    );
  }

  async #apply(transaction: Database['db'], changes: readonly KeyChange[]): Promise<AppliedChanges> {
    const now = this.#options.now();
    const otherAdmins = this.#options.otherAdmins();
    const isCurrent = (await readRevision(transaction, 'keys')) === this.#revision;
    const before = isCurrent ? this.#ring : (await readKeys(transaction, this.#ring)).ring;
    const applied = applyChanges(before, changes, { now, otherAdmins });
    await writeKeys(transaction, applied, now);
    return applied;
  }

  #failure(cause: unknown): PortholeError {
    if (sqliteCode(cause) === resultCodes.constraint) {
      const message =
        'what the gateway has stored of another key makes no sense and is in the way; see its log';
      return new PortholeError('ERR_CONFLICT', { cause, message });
    }
    const failure = writeFailure(cause);
    if (failure.code === 'ERR_STORE_UNAVAILABLE')
      this.#options.log.error({ err: cause }, 'keys cannot be changed in the database');
    return failure;
  }

  // --- the view --------------------------------------------------------------------------------------------------------

  async #load(): Promise<void> {
    const { database } = this.#options;
    const { keys, revision } = await database.db
      .transaction()
      .setAccessMode('read only')
      .execute(async (transaction) => ({
        keys: await readKeys(transaction, this.#ring),
        revision: await readRevision(transaction, 'keys'),
      }));
    this.#warn(keys);
    this.#install(keys.ring, revision);
  }

  #install(ring: KeyRing, revision: number): void {
    for (const { fingerprint, lastUsedAt, lastUsedFrom, counter } of this.#ring.all()) {
      const key = ring.byFingerprint(fingerprint);
      if (key === undefined || lastUsedAt === undefined || lastUsedFrom === undefined) continue;
      ring.put(
        withUse(key, { at: lastUsedAt, address: lastUsedFrom, ...(counter !== undefined && { counter }) }),
      );
    }
    this.#ring = ring;
    this.#revision = revision;
    for (const callback of this.#callbacks) this.#tell(callback);
  }

  /** What is written is done, whatever those who are told make of it. */
  #tell(callback: () => void): void {
    try {
      callback();
    } catch (err) {
      this.#options.log.error({ err }, 'a change of the keys could not be followed everywhere');
    }
  }

  #noteUse({ fingerprint, lastUsedAt = 0, lastUsedFrom = '', counter }: KeyRecord): void {
    this.#uses.put(fingerprint, {
      at: lastUsedAt,
      address: lastUsedFrom,
      ...(counter !== undefined && { counter }),
    });
  }

  #warn({ problems }: ReadKeys): void {
    const told = problems.join('\n');
    if (told !== '' && told !== this.#told) {
      this.#options.log.warn(
        { count: problems.length, problems: problems.slice(0, maxTold) },
        'rows of the database that make no sense: these keys are refused',
      );
    }
    this.#told = told;
  }
}

/** The later use counts, and no counter goes back. */
function withUse(key: KeyRecord, { at, address, counter = 0 }: KeyUse): KeyRecord {
  const isLater = at >= (key.lastUsedAt ?? 0);
  const highest = Math.max(counter, key.counter ?? 0);
  return {
    ...key,
    ...(isLater && { lastUsedAt: at, lastUsedFrom: address }),
    ...((highest > 0 || key.counter !== undefined) && { counter: highest }),
  };
}
