import { PortholeError } from '../../core/errors.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import type { AuditEntry } from '../store/audit-entry.ts';
import { principalsFor } from './certificate.ts';
import { newSerial, signCertificate } from './certificate-signing.ts';
import type { Role } from './identity.ts';
import type { OwnAuthorityKey } from './own-authority.ts';

/** A certificate to be signed. Whether it may be is decided by whoever asks. */
export interface IssueRequest {
  /** The plain public key that it is for, sound. */
  readonly key: { readonly type: string; readonly blob: Uint8Array };
  /** Whom it authenticates; it becomes the key id. */
  readonly principal: string;
  readonly role: Role;
  /** Names that it may claim; none is none. */
  readonly envPatterns: readonly string[];
  /** Milliseconds since the epoch; cut to whole seconds. */
  readonly expiresAt: number;
  /** What it rests on: the fingerprint of a key, with which it is revoked, or `oidc NAME`, or `operator`. */
  readonly issuedFor: string;
  /** For whoever reads the audit: who asked, from where. */
  readonly by?: Pick<AuditEntry, 'principal' | 'fingerprint' | 'address' | 'detail'>;
}

export interface IssuedCertificate {
  /** As it stands in a `-cert.pub` file, without a line end. */
  readonly line: string;
  /** Decimal. */
  readonly serial: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Signs certificates with the gateway's own authority, and keeps count of them. */
export interface CertificateIssuer {
  /**
   * Rejects with `ERR_NO_AUTHORITY` where the gateway has none, and with `ERR_STORE_UNAVAILABLE` when it cannot be recorded; there is no
   * certificate then.
   */
  issue(request: IssueRequest): Promise<IssuedCertificate>;
}

/** A certificate as it is recorded. Times are milliseconds since the epoch. */
export interface CertificateRecord {
  /** Decimal. */
  readonly serial: string;
  readonly certificateId: string;
  readonly principal: string;
  /** Of the key in it. */
  readonly fingerprint: string;
  readonly issuedFor: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Where certificates are recorded. */
export interface CertificateRecords {
  /** With its line of the audit, or not at all. */
  record(certificate: CertificateRecord, audit: AuditEntry): Promise<void>;
}

export interface AuthorityIssuerOptions {
  readonly authority: Pick<OwnAuthorityKey, 'current'>;
  readonly records: CertificateRecords;
  readonly now?: () => number;
}

/** So long before now it is valid already, for machines whose clock is behind. */
const backdatedMs = 60_000;

export class AuthorityIssuer implements CertificateIssuer {
  readonly #options: AuthorityIssuerOptions;

  constructor(options: AuthorityIssuerOptions) {
    this.#options = options;
  }

  async issue(request: IssueRequest): Promise<IssuedCertificate> {
    const { authority, records, now = Date.now } = this.#options;
    const key = authority.current;
    if (key === undefined) throw new PortholeError('ERR_NO_AUTHORITY');
    const issuedAt = now();
    const validBefore = Math.floor(request.expiresAt / 1000);
    const serial = newSerial();
    const line = signCertificate(
      {
        subject: request.key.blob,
        serial,
        id: request.principal,
        principals: principalsFor(request.role, request.envPatterns),
        validAfter: Math.floor((issuedAt - backdatedMs) / 1000),
        validBefore,
      },
      key,
    );
    const record: CertificateRecord = {
      serial: String(serial),
      certificateId: request.principal,
      principal: request.principal,
      fingerprint: fingerprint(request.key.blob),
      issuedFor: request.issuedFor,
      issuedAt,
      expiresAt: validBefore * 1000,
    };
    await records.record(record, auditEntry(request, record));
    return { line, serial: record.serial, expiresAt: record.expiresAt };
  }
}

function auditEntry({ by, role, envPatterns }: IssueRequest, record: CertificateRecord): AuditEntry {
  return {
    ...by,
    at: record.issuedAt,
    action: 'cert.issue',
    target: record.principal,
    result: 'ok',
    detail: {
      serial: record.serial,
      key: record.fingerprint,
      role,
      env: envPatterns,
      expires: new Date(record.expiresAt).toISOString(),
      for: record.issuedFor,
      ...by?.detail,
    },
  };
}
