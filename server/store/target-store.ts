import type { Kysely } from 'kysely';
import type { Log } from '../../core/log.ts';
import { draftChanges } from '../targets/book-changes.ts';
import type { BookTables } from '../targets/book-tables.ts';
import { type BookWrites } from '../targets/book-tables.ts';
import { BookView } from '../targets/book-view.ts';
import type { BookChange, TargetBook } from '../targets/target-book.ts';
import type { TargetRecord } from '../targets/target-record.ts';
import type { AuditEntry } from './audit-entry.ts';
import { insertAudit } from './audit-queries.ts';
import { DamagedRows } from './damaged-rows.ts';
import type { Database } from './database.ts';
import { NotedView } from './noted-view.ts';
import { readBookTables } from './read-book.ts';
import type { Tables } from './tables.ts';
import { purgeReachGrants, readBook, writeBook, writeSightings, type BookRows } from './target-queries.ts';

export interface TargetStoreOptions {
  readonly database: Database;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly writeIntervalMs?: number;
  readonly retryMs?: number;
}

const defaults = { now: Date.now, writeIntervalMs: 250, retryMs: 200 };

/** How long a grant is kept after it was over: lists tell what there was. */
const keptMs = 30 * 86_400_000;
/** How exactly it is known when a target was last seen. */
const seenEachMs = 1000;
const maxPendingSightings = 10_000;

/** The book in the database, all of it in memory: asking costs nothing, and a change is in memory when it is written. */
export class TargetStore extends BookView implements TargetBook {
  readonly #options: Required<TargetStoreOptions>;
  readonly #view: NotedView<BookRows, number>;
  readonly #damaged: DamagedRows;

  /** Rejects with `ERR_STATE_DIR`. The database stays its opener's. */
  static async open(options: TargetStoreOptions): Promise<TargetStore> {
    const store = new TargetStore(options);
    await store.#view.open();
    return store;
  }

  private constructor(options: TargetStoreOptions) {
    super();
    this.#options = { ...defaults, ...options };
    const { database, log, retryMs, writeIntervalMs } = this.#options;
    this.#damaged = new DamagedRows({ log, what: 'machines, profiles, gates and grants' });
    this.#view = new NotedView({
      ...{ database, log, retryMs, writeIntervalMs, name: 'targets', what: 'grants' },
      read: readBook,
      take: (rows) => this.#take(rows),
      noted: 'when machines were last seen',
      writeNotes: writeSightings,
      maxPending: maxPendingSightings,
    });
  }

  async change(changes: readonly BookChange[], audit: AuditEntry): Promise<void> {
    await this.#view.change<BookWrites>({
      write: async (transaction) => {
        const written = await writeBook(
          transaction,
          draftChanges(await this.#tablesIn(transaction), changes),
        );
        await insertAudit(transaction, [audit]);
        return written;
      },
      apply: (written) => {
        const seen = [...written.targets.keys()].flatMap((id) => this.target(id) ?? []);
        this.tables.install(written);
        keepSightings(this.tables, seen);
      },
    });
  }

  seen(id: string, at: number): void {
    const target = this.tables.targets.get(id);
    if (target === undefined || at < (target.lastSeenAt ?? -Infinity) + seenEachMs) return;
    this.tables.targets.put({ ...target, lastSeenAt: at });
    this.#view.note(id, at);
  }

  onChange(callback: () => void): void {
    this.#view.onChange(callback);
  }

  /** Forgets grants that were over 30 days ago; on the disk too, unless that is a successor's. Never rejects. */
  async purge(): Promise<void> {
    const before = this.#options.now() - keptMs;
    for (const { id, expiresAt = Infinity } of [...this.grants()])
      if (expiresAt < before) this.tables.grants.delete(id);
    await this.#view.purge((db) => purgeReachGrants(db, before));
  }

  /** Reads what another process has changed, if it has. Rejects when the database cannot be read. */
  refresh(): Promise<void> {
    return this.#view.refresh();
  }

  /** Reads everything anew; never rejects. */
  reload(): Promise<void> {
    return this.#view.reload();
  }

  /** Settles when it is written when they were last seen, or that could not be just now; never rejects. */
  flush(): Promise<void> {
    return this.#view.flush();
  }

  /** From now on nothing is changed or noted; what others change is still seen. Idempotent; never rejects. */
  release(): Promise<void> {
    return this.#view.end();
  }

  /** As they are in the database at this moment. */
  async #tablesIn(transaction: Kysely<Tables>): Promise<BookTables> {
    if (await this.#view.isCurrent(transaction)) return this.tables;
    return (await readBookTables(await readBook(transaction))).tables;
  }

  async #take(rows: BookRows): Promise<void> {
    const { tables, problems } = await readBookTables(rows);
    this.#damaged.tell(problems);
    keepSightings(tables, this.targets());
    this.tables = tables;
  }
}

/** What was noted of machines here, and is not on the disk yet. */
function keepSightings({ targets }: BookTables, seen: Iterable<TargetRecord>): void {
  for (const { id, lastSeenAt = -Infinity } of seen) {
    const target = targets.get(id);
    if (target !== undefined && lastSeenAt > (target.lastSeenAt ?? -Infinity))
      targets.put({ ...target, lastSeenAt });
  }
}
