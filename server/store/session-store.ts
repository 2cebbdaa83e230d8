import type { Kysely } from 'kysely';
import type { Log } from '../../core/log.ts';
import { accountName, type NewSession, type SessionRecord, type Sessions } from '../access/session-record.ts';
import type { AuditEntry } from './audit-entry.ts';
import { insertAudit } from './audit-queries.ts';
import type { Database } from './database.ts';
import { DamagedRows } from './damaged-rows.ts';
import { NotedView } from './noted-view.ts';
import { readRows } from './read-rows.ts';
import {
  endSessions,
  insertSession,
  purgeSessions,
  readSessions,
  surplusSessions,
  writeSeen,
  type Seen,
} from './session-queries.ts';
import { fromSessionRow } from './session-row.ts';
import type { Tables } from './tables.ts';

export interface SessionStoreOptions {
  readonly database: Database;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly writeIntervalMs?: number;
  readonly retryMs?: number;
  readonly maxSessions?: number;
  readonly maxPerAccount?: number;
}

const defaults = {
  now: Date.now,
  writeIntervalMs: 250,
  retryMs: 200,
  maxSessions: 100_000,
  maxPerAccount: 50,
};

/** How long one is kept after it was over: lists tell why it ended. */
const keptMs = 86_400_000;
/** How exactly it is known when one was last seen. */
const seenEachMs = 60_000;
const tooMany = 'the account logged in elsewhere too often';

interface Started {
  readonly session: SessionRecord;
  readonly surplus: readonly string[];
  readonly at: number;
}

/** The logins of browsers, all of them in memory: asking costs nothing, and a change is in memory when it is written. */
export class SessionStore implements Sessions {
  readonly #options: Required<SessionStoreOptions>;
  readonly #view: NotedView<readonly Tables['sessions'][], Seen>;
  readonly #damaged: DamagedRows;
  #sessions = new Map<string, SessionRecord>();

  /** Rejects with `ERR_STATE_DIR`. The database stays its opener's. */
  static async open(options: SessionStoreOptions): Promise<SessionStore> {
    const store = new SessionStore(options);
    await store.#view.open();
    return store;
  }

  private constructor(options: SessionStoreOptions) {
    this.#options = { ...defaults, ...options };
    const { database, log, retryMs, writeIntervalMs, maxSessions } = this.#options;
    this.#damaged = new DamagedRows({ log, what: 'logins' });
    this.#view = new NotedView({
      ...{ database, log, retryMs, writeIntervalMs, name: 'sessions', what: 'logins' },
      read: (db) => readSessions(db, { max: maxSessions, endedAfter: this.#options.now() - keptMs }),
      take: (rows) => this.#take(rows),
      noted: 'when logins were last seen',
      writeNotes: writeSeen,
      maxPending: maxSessions,
    });
  }

  all(): Iterable<SessionRecord> {
    return this.#sessions.values();
  }

  byId(id: string): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  async start(session: NewSession, audit: AuditEntry): Promise<void> {
    await this.#view.change<Started>({
      write: (transaction) => this.#start(transaction, session, audit),
      apply: ({ session: started, surplus, at }) => {
        for (const id of surplus) this.#noteEnd(id, at, tooMany);
        this.#sessions.set(started.id, started);
      },
    });
  }

  async end(ids: readonly string[], reason: string, audit: AuditEntry): Promise<void> {
    const at = this.#options.now();
    await this.#view.change<readonly string[]>({
      write: async (transaction) => {
        const ended = await endSessions(transaction, { ids, reason, at });
        if (ended.length === 0) return undefined;
        await insertAudit(transaction, [audit]);
        return ended;
      },
      apply: (ended) => {
        for (const id of ended) this.#noteEnd(id, at, reason);
      },
    });
  }

  seen(id: string, { at, address }: Seen): void {
    const session = this.#sessions.get(id);
    if (session === undefined || at < session.lastSeenAt + seenEachMs) return;
    this.#sessions.set(id, { ...session, lastSeenAt: at, lastSeenFrom: address });
    this.#view.note(id, { at, address });
  }

  onChange(callback: () => void): void {
    this.#view.onChange(callback);
  }

  /** Forgets those that were over a day ago; on the disk too, unless that is a successor's. Never rejects. */
  async purge(): Promise<void> {
    const before = this.#options.now() - keptMs;
    for (const [id, session] of this.#sessions) {
      if (Math.min(session.endedAt ?? Infinity, session.expiresAt) < before) this.#sessions.delete(id);
    }
    await this.#view.purge((db) => purgeSessions(db, before));
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

  async #start(transaction: Kysely<Tables>, session: NewSession, audit: AuditEntry): Promise<Started> {
    const { now, maxPerAccount, maxSessions } = this.#options;
    const at = now();
    const name = accountName(session.account);
    if (this.#sessions.size >= maxSessions) await purgeSessions(transaction, at);
    const surplus = await surplusSessions(transaction, { name, at, maxPerAccount, maxSessions });
    const started = await insertSession(transaction, session);
    await endSessions(transaction, { ids: surplus, reason: tooMany, at });
    const ends = surplus.map((id): AuditEntry => ({
      at,
      ...{ action: 'session.end', target: id, result: 'ok', detail: { reason: tooMany } },
    }));
    await insertAudit(transaction, [audit, ...ends]);
    return { session: started, surplus, at };
  }

  #noteEnd(id: string, at: number, reason: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined || session.endedAt !== undefined) return;
    this.#sessions.set(id, { ...session, endedAt: at, endedReason: reason });
  }

  async #take(rows: readonly Tables['sessions'][]): Promise<void> {
    const { records, problems } = await readRows(rows, fromSessionRow);
    this.#damaged.tell(problems);
    this.#sessions = new Map(records.map((session) => [session.id, this.#withUse(session)]));
  }

  /** What was noted of it here, and is not on the disk yet. */
  #withUse(session: SessionRecord): SessionRecord {
    const known = this.#sessions.get(session.id);
    if (known === undefined || known.lastSeenAt <= session.lastSeenAt) return session;
    return { ...session, lastSeenAt: known.lastSeenAt, lastSeenFrom: known.lastSeenFrom };
  }
}
