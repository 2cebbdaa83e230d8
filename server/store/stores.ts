import type { Log } from '../../core/log.ts';
import { AuditLog } from './audit-log.ts';
import { CertificateStore } from './certificate-store.ts';
import { DatabaseWatch } from './database-watch.ts';
import { openDatabase, type Database } from './database.ts';
import { EnvironmentStore } from './environment-store.ts';
import { GrantStore } from './grant-store.ts';
import { KeyStore } from './key-store.ts';
import { SessionStore } from './session-store.ts';
import { TargetStore } from './target-store.ts';

export interface StoresOptions {
  readonly stateDir: string;
  readonly log: Log;
  /** How long a name stays its owner's after it was last seen. */
  readonly claimTtlMs: number;
  /** Environments that are kept; the longest gone are forgotten first. */
  readonly maxRemembered: number;
  /** How long the audit is kept. */
  readonly auditRetentionMs: number;
  /** The fingerprints of the admin keys of the operator's file, at this moment. */
  readonly otherAdmins: () => Iterable<string>;
}

/** All that a gateway keeps over restarts, in the one database that this opens and closes. */
export class Stores {
  readonly database: Database;
  readonly environments: EnvironmentStore;
  readonly keys: KeyStore;
  readonly certificates: CertificateStore;
  readonly sessions: SessionStore;
  readonly grants: GrantStore;
  readonly targets: TargetStore;
  /** Goes on after the others were released: what happens to the tunnels that are left is worth noting too. */
  readonly audit: AuditLog;
  readonly #watch: DatabaseWatch;
  readonly #log: Log;
  #closed: Promise<void> | undefined;

  /** Rejects with `ERR_STATE_DIR`, and leaves nothing open. */
  static async open(options: StoresOptions): Promise<Stores> {
    const { stateDir, log, claimTtlMs, maxRemembered, auditRetentionMs, otherAdmins } = options;
    const database = await openDatabase(stateDir);
    try {
      const keys = await KeyStore.open({ database, log, otherAdmins });
      const certificates = await CertificateStore.open({ database });
      const sessions = await SessionStore.open({ database, log });
      const grants = await GrantStore.open({ database, log });
      const targets = await TargetStore.open({ database, log });
      const environments = await EnvironmentStore.open({ database, log, claimTtlMs, maxRemembered });
      const audit = new AuditLog({ database, log, retentionMs: auditRetentionMs });
      const parts = { database, environments, keys, certificates, sessions, grants, targets, audit };
      return new Stores(parts, log);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  private constructor(
    parts: Pick<
      Stores,
      'database' | 'environments' | 'keys' | 'certificates' | 'sessions' | 'grants' | 'targets' | 'audit'
    >,
    log: Log,
  ) {
    this.database = parts.database;
    this.environments = parts.environments;
    this.keys = parts.keys;
    this.certificates = parts.certificates;
    this.sessions = parts.sessions;
    this.grants = parts.grants;
    this.targets = parts.targets;
    this.audit = parts.audit;
    this.#log = log;
    this.#watch = new DatabaseWatch({ database: parts.database, log });
    this.#watch.onChange(() => parts.keys.refresh());
    this.#watch.onChange(() => parts.certificates.refresh());
    this.#watch.onChange(() => parts.sessions.refresh());
    this.#watch.onChange(() => parts.grants.refresh());
    this.#watch.onChange(() => parts.targets.refresh());
    // A key takes the certificates with it that were issued for it.
    parts.keys.onChange(() => void this.#refreshCertificates());
  }

  /** Reads anew what the process that this one replaces has written last, also what counts no revision; never rejects. */
  async reload(): Promise<void> {
    const { keys, sessions, grants, targets } = this;
    await Promise.all([keys, sessions, grants, targets].map((store) => store.reload()));
  }

  /**
   * From now on nothing is noted or changed here: it is a successor's to do. What was noted is written; what the successor changes is still
   * seen. Idempotent; never rejects.
   */
  async release(): Promise<void> {
    this.certificates.release();
    const { environments, keys, sessions, grants, targets } = this;
    await Promise.all([environments, keys, sessions, grants, targets].map((store) => store.release()));
  }

  /** Releases them, and closes the database. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.release();
    await this.#watch.stop();
    await this.audit.close();
    try {
      await this.database.close();
    } catch (err) {
      this.#log.warn({ err }, 'the database was not closed well');
    }
  }

  async #refreshCertificates(): Promise<void> {
    if (this.#closed !== undefined) return;
    try {
      await this.certificates.refresh();
    } catch (err) {
      this.#log.error({ err }, 'which certificates were revoked cannot be read from the database');
    }
  }
}
