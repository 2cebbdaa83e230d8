import type { Kysely } from 'kysely';
import type { Log } from '../../core/log.ts';
import type { GrantChange, GrantRecord, Grants, GrantUse } from '../access/grant-record.ts';
import type { AuditEntry } from './audit-entry.ts';
import { insertAudit } from './audit-queries.ts';
import { DamagedRows } from './damaged-rows.ts';
import type { Database } from './database.ts';
import {
  addGrant,
  purgeGrants,
  readGrants,
  revokeGrant,
  takeGrant,
  writeGrantUses,
} from './grant-queries.ts';
import { NotedView } from './noted-view.ts';
import { readRows } from './read-rows.ts';
import { fromGrantRow } from './grant-row.ts';
import type { Tables } from './tables.ts';

export interface GrantStoreOptions {
  readonly database: Database;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly writeIntervalMs?: number;
  readonly retryMs?: number;
  readonly maxGrants?: number;
  /** Links and tokens of one environment that are good at once. */
  readonly maxPerEnv?: number;
}

const defaults = {
  now: Date.now,
  writeIntervalMs: 250,
  retryMs: 200,
  maxGrants: 100_000,
  maxPerEnv: 200,
};

/** How long one is kept after it was over: lists tell what there was. */
const keptMs = 30 * 86_400_000;
/** How exactly it is known when one was last used. */
const usedEachMs = 60_000;
const none: readonly GrantRecord[] = [];

/** What was given out to open environments, all of it in memory: asking costs nothing, and a change is in memory when it is written. */
export class GrantStore implements Grants {
  readonly #options: Required<GrantStoreOptions>;
  readonly #view: NotedView<readonly Tables['grants'][], GrantUse>;
  readonly #damaged: DamagedRows;
  #grants = new Map<string, GrantRecord>();
  /** By environment, then by id. */
  #ofEnvs = new Map<string, readonly GrantRecord[]>();

  /** Rejects with `ERR_STATE_DIR`. The database stays its opener's. */
  static async open(options: GrantStoreOptions): Promise<GrantStore> {
    const store = new GrantStore(options);
    await store.#view.open();
    return store;
  }

  private constructor(options: GrantStoreOptions) {
    this.#options = { ...defaults, ...options };
    const { database, log, retryMs, writeIntervalMs, maxGrants } = this.#options;
    const what = 'links, tokens and passwords';
    this.#damaged = new DamagedRows({ log, what });
    this.#view = new NotedView({
      ...{ database, log, retryMs, writeIntervalMs, name: 'grants', what },
      read: (db) => readGrants(db, { max: maxGrants, endedAfter: this.#options.now() - keptMs }),
      take: (rows) => this.#take(rows),
      noted: `when ${what} were last used`,
      writeNotes: writeGrantUses,
      maxPending: maxGrants,
    });
  }

  all(): Iterable<GrantRecord> {
    return this.#grants.values();
  }

  byId(id: string): GrantRecord | undefined {
    return this.#grants.get(id);
  }

  ofEnv(env: string): readonly GrantRecord[] {
    return this.#ofEnvs.get(env) ?? none;
  }

  async change(changes: readonly GrantChange[], audit: AuditEntry): Promise<void> {
    await this.#view.change<readonly GrantRecord[]>({
      write: async (transaction) => {
        const written: GrantRecord[] = [];
        for (const change of changes) {
          written.push(...(await this.#write(transaction, change, this.#grants.size + written.length)));
        }
        await insertAudit(transaction, [audit]);
        return written;
      },
      apply: (written) => {
        for (const grant of written) this.#put(grant);
      },
    });
  }

  async take(id: string, use: GrantUse, audit: AuditEntry): Promise<'taken' | 'spent' | 'gone'> {
    let outcome: 'taken' | 'spent' | 'gone' = 'gone';
    await this.#view.change<GrantRecord>({
      write: async (transaction) => {
        const taken = await takeGrant(transaction, { id, use, at: this.#options.now() });
        outcome = taken.kind;
        if (taken.kind !== 'taken') return undefined;
        await insertAudit(transaction, [audit]);
        return taken.grant;
      },
      apply: (grant) => {
        this.#put(grant);
      },
    });
    return outcome;
  }

  used(id: string, { at, address }: GrantUse): void {
    const grant = this.#grants.get(id);
    if (grant === undefined) return;
    const { lastUsedAt = -Infinity, lastUsedFrom } = grant;
    const isNews = at >= lastUsedAt + usedEachMs || (at >= lastUsedAt && address !== lastUsedFrom);
    if (!isNews) return;
    this.#put({ ...grant, lastUsedAt: at, lastUsedFrom: address });
    this.#view.note(id, { at, address });
  }

  onChange(callback: () => void): void {
    this.#view.onChange(callback);
  }

  /** Forgets those that were over 30 days ago; on the disk too, unless that is a successor's. Never rejects. */
  async purge(): Promise<void> {
    const before = this.#options.now() - keptMs;
    for (const grant of this.#grants.values()) {
      if (Math.min(grant.revokedAt ?? Infinity, grant.expiresAt ?? Infinity) < before) this.#drop(grant);
    }
    await this.#view.purge((db) => purgeGrants(db, before));
  }

  /** Reads what another process has changed, if it has. Rejects when the database cannot be read. */
  refresh(): Promise<void> {
    return this.#view.refresh();
  }

  /** Reads everything anew; never rejects. */
  reload(): Promise<void> {
    return this.#view.reload();
  }

  /** Settles when all uses are written, or could not be written just now; never rejects. */
  flush(): Promise<void> {
    return this.#view.flush();
  }

  /** From now on nothing is changed or noted; what others change is still seen. Idempotent; never rejects. */
  release(): Promise<void> {
    return this.#view.end();
  }

  async #write(
    transaction: Kysely<Tables>,
    change: GrantChange,
    inAll: number,
  ): Promise<readonly GrantRecord[]> {
    const { now, maxGrants, maxPerEnv } = this.#options;
    if (change.kind === 'revoke') return [await revokeGrant(transaction, change)];
    return addGrant(transaction, change.grant, { at: now(), inAll, maxGrants, maxPerEnv });
  }

  #put(grant: GrantRecord): void {
    const before = this.#grants.get(grant.id);
    const others = (this.#ofEnvs.get(grant.env) ?? none).filter(({ id }) => id !== grant.id);
    if (before !== undefined && before.env !== grant.env) this.#drop(before);
    this.#grants.set(grant.id, grant);
    this.#ofEnvs.set(grant.env, [...others, grant]);
  }

  #drop({ id, env }: GrantRecord): void {
    this.#grants.delete(id);
    const others = (this.#ofEnvs.get(env) ?? none).filter((grant) => grant.id !== id);
    if (others.length === 0) this.#ofEnvs.delete(env);
    else this.#ofEnvs.set(env, others);
  }

  async #take(rows: readonly Tables['grants'][]): Promise<void> {
    const { records, problems } = await readRows(rows, fromGrantRow);
    this.#damaged.tell(problems);
    const grants = records.map((grant) => this.#withUse(grant));
    this.#grants = new Map(grants.map((grant) => [grant.id, grant]));
    this.#ofEnvs = Map.groupBy(grants, ({ env }) => env);
  }

  /** What was noted of it here, and is not on the disk yet. */
  #withUse(grant: GrantRecord): GrantRecord {
    const { lastUsedAt = -Infinity, lastUsedFrom } = this.#grants.get(grant.id) ?? {};
    return lastUsedAt > (grant.lastUsedAt ?? -Infinity) ? { ...grant, lastUsedAt, lastUsedFrom } : grant;
  }
}
