import type { CertificateRecord, CertificateRecords } from '../identity/issuer.ts';
import type { AuditEntry } from './audit-entry.ts';
import { insertAudit } from './audit-queries.ts';
import { databaseError, type Database } from './database.ts';
import { countRevision, readRevision } from './revisions.ts';
import { storeReleased, writeFailure } from './write-failure.ts';

export interface CertificateStoreOptions {
  readonly database: Database;
  readonly now?: () => number;
}

/** The audit goes on telling of what is not kept here any more. */
const keptMs = 30 * 86_400_000;

/** The certificates that the own authority has signed. Which of them were revoked is in memory; asking costs nothing. */
export class CertificateStore implements CertificateRecords {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #callbacks: (() => void)[] = [];
  #revoked: ReadonlySet<string> = new Set();
  /** By serial: the fingerprint of the key that each rests on. */
  #keys = new Map<string, string>();
  #revision = -1;
  #last: Promise<unknown> = Promise.resolve();
  #released = false;

  /** Rejects with `ERR_STATE_DIR`. The database stays its opener's. */
  static async open(options: CertificateStoreOptions): Promise<CertificateStore> {
    const store = new CertificateStore(options);
    try {
      await store.refresh();
      return store;
    } catch (error) {
      throw databaseError(options.database.path, error);
    }
  }

  private constructor({ database, now = Date.now }: CertificateStoreOptions) {
    this.#database = database;
    this.#now = now;
  }

  /** Whether the certificate with this serial, in decimal, was revoked. */
  isRevoked(serial: string): boolean {
    return this.#revoked.has(serial);
  }

  /** The fingerprint of the key that got the certificate with this serial for itself; undefined for others. */
  keyOf(serial: string): string | undefined {
    return this.#keys.get(serial);
  }

  async record(certificate: CertificateRecord, audit: AuditEntry): Promise<void> {
    if (this.#released) throw storeReleased();
    try {
      await this.#write(certificate, audit);
    } catch (error) {
      throw writeFailure(error);
    }
    if (isFingerprint(certificate.issuedFor)) this.#keys.set(certificate.serial, certificate.issuedFor);
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  /** Reads what was revoked, here or by another process. Rejects when the database cannot be read. */
  async refresh(): Promise<void> {
    const turn = this.#last.then(() => this.#read());
    this.#last = turn.catch(() => undefined);
    await turn;
  }

  /** From now on nothing is recorded: a successor does. What others revoke is still seen. */
  release(): void {
    this.#released = true;
  }

  async #write(certificate: CertificateRecord, audit: AuditEntry): Promise<void> {
    await this.#database.db.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom('certificates')
        .where('expires_at', '<', this.#now() - keptMs)
        .execute();
      await transaction
        .insertInto('certificates')
        .values({
          serial: certificate.serial,
          certificate_id: certificate.certificateId,
          principal: certificate.principal,
          fingerprint: certificate.fingerprint,
          issued_for: certificate.issuedFor,
          issued_at: Math.trunc(certificate.issuedAt),
          expires_at: Math.trunc(certificate.expiresAt),
          revoked_at: null,
        })
        .execute();
      await insertAudit(transaction, [audit]);
      await countRevision(transaction, 'certificates');
    });
  }

  async #read(): Promise<void> {
    const { db } = this.#database;
    // Read first: what changes meanwhile is read again.
    const revision = await readRevision(db, 'certificates');
    if (revision === this.#revision) return;
    const rows = await db
      .selectFrom('certificates')
      .select(['serial', 'revoked_at', 'issued_for'])
      .where('expires_at', '>', this.#now())
      .execute();
    this.#revoked = new Set(rows.filter((row) => row.revoked_at !== null).map(({ serial }) => serial));
    this.#keys = new Map(
      rows
        .filter(({ issued_for: key }) => isFingerprint(key))
        .map(({ serial, issued_for: key }) => [serial, key]),
    );
    this.#revision = revision;
    for (const callback of this.#callbacks) callback();
  }
}

function isFingerprint(issuedFor: string): boolean {
  return issuedFor.startsWith('SHA256:');
}
