import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../../core/log.ts';
import type { AuditEntry } from '../store/audit-entry.ts';
import { accountName, type SessionRecord, type Sessions } from './session-record.ts';
import type { Viewers } from './viewer.ts';

export interface SessionSweepOptions {
  readonly sessions: Pick<Sessions, 'all' | 'end'> & { purge(): Promise<void> };
  readonly grants: { purge(): Promise<void> };
  readonly viewers: Pick<Viewers, 'viewerOf'>;
  readonly log: Log;
  readonly intervalMs?: number;
  readonly purgeMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const usualIntervalMs = 5000;
const usualPurgeMs = 3_600_000;
const sessionsPerTurn = 1000;
/** What the audit and the lists say. */
const reason = 'the key or the person may not log in any more';

/**
 * Ends the logins of accounts that are no longer any: such a login opens nothing from the first moment, and it shall not come back to life when
 * somebody else gets the key, or the rule is written anew. Forgets what is long over.
 */
export class SessionSweep {
  readonly #options: Required<SessionSweepOptions>;
  readonly #timers: NodeJS.Timeout[] = [];
  /** A file that is being written anew names nobody for a moment. */
  #suspects: ReadonlySet<string> = new Set();

  constructor(options: SessionSweepOptions) {
    this.#options = { intervalMs: usualIntervalMs, purgeMs: usualPurgeMs, now: Date.now, ...options };
  }

  /** For the one process whose state directory it is. */
  start(): void {
    if (this.#timers.length > 0) return;
    const { intervalMs, purgeMs } = this.#options;
    this.#timers.push(
      setInterval(() => void this.sweep(), intervalMs).unref(),
      setInterval(() => void this.#purge(), purgeMs).unref(),
    );
    void this.#purge();
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  /** Ends those that were found at the sweep before too. Never rejects. */
  async sweep(): Promise<void> {
    const gone = await this.#findGone();
    const found = gone.filter(({ id }) => this.#suspects.has(id));
    this.#suspects = new Set(gone.map(({ id }) => id));
    for (const [account, ended] of Map.groupBy(found, (session) => accountName(session.account))) {
      await this.#end(account, ended);
    }
  }

  async #findGone(): Promise<readonly SessionRecord[]> {
    const { viewers, sessions, now } = this.#options;
    const at = now();
    const gone: SessionRecord[] = [];
    for (const [place, session] of [...sessions.all()].entries()) {
      if (place % sessionsPerTurn === sessionsPerTurn - 1) await nextTurn();
      const isLive = session.endedAt === undefined && session.expiresAt > at;
      if (isLive && viewers.viewerOf(session.account) === undefined) gone.push(session);
    }
    return gone;
  }

  async #end(account: string, ended: readonly SessionRecord[]): Promise<void> {
    const audit: AuditEntry = {
      ...{ at: this.#options.now(), action: 'session.end', target: account, result: 'ok' },
      detail: { reason, sessions: ended.map(({ id }) => id) },
    };
    try {
      await this.#options.sessions.end(
        ended.map(({ id }) => id),
        reason,
        audit,
      );
    } catch (err) {
      this.#options.log.warn({ err, account }, 'logins of an account that is gone stay in the database');
    }
  }

  async #purge(): Promise<void> {
    await Promise.all([this.#options.sessions.purge(), this.#options.grants.purge()]);
  }
}
