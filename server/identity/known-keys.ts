import { fingerprint } from '../../core/fingerprint.ts';
import type { Access } from '../../core/forward.ts';
import { keyId } from '../../core/names.ts';
import { parseCertificate } from '../../core/ssh-certificate.ts';
import type { Admission, Admissions, OfferedKey } from './admission.ts';
import type { Identity } from './identity.ts';
import type { KeyRecord, Keys } from './key-record.ts';
import { expiryReason, isUsable } from './key-state.ts';

/** The keys of the store, as far as admission asks. */
export interface StoredKeys extends Pick<Keys, 'byFingerprint' | 'onChange'> {
  /** Whether something is stored of this key that makes no sense. */
  isDamaged(fingerprint: string): boolean;
}

/** Keys that are known by themselves: those of the operator's file. */
export interface ListedKeys extends Admissions {
  knows(key: OfferedKey): boolean;
}

export interface CombinedAdmissionsOptions {
  readonly stored: StoredKeys;
  readonly file: ListedKeys | undefined;
  readonly certificates: Admissions | undefined;
  /** For keys that nobody knows. */
  readonly open: Admissions | undefined;
  readonly now?: () => number;
}

const certificateSuffix = '-cert-v01@openssh.com';

/**
 * Everybody who may dial in, by whatever speaks for them. What the store says of a key goes before anything else: a revoked or expired
 * one is refused although the file lists it, although admission is open, and although it comes in a good certificate.
 */
export class CombinedAdmissions implements Admissions {
  readonly #options: CombinedAdmissionsOptions;
  readonly #now: () => number;

  constructor(options: CombinedAdmissionsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  admit(key: OfferedKey, address: string): Admission {
    if (key.type.endsWith(certificateSuffix)) return this.#admitCertificate(key, address);
    const { stored, file, open } = this.#options;
    const print = fingerprint(key.blob);
    const record = stored.byFingerprint(print);
    const withdrawn = this.#withdrawal(print, record);
    if (withdrawn !== undefined) return { kind: 'refused', reason: withdrawn };
    if (record !== undefined) return admissionOf(record, key);
    if (file?.knows(key) === true) return file.admit(key, address);
    return (open ?? file)?.admit(key, address) ?? { kind: 'refused', reason: 'this key is not known here' };
  }

  onChange(callback: () => void): void {
    const { stored, file, certificates, open } = this.#options;
    for (const source of [stored, file, certificates, open]) source?.onChange(callback);
  }

  /** Closes all but the store, which has others who use it. */
  close(): void {
    const { file, certificates, open } = this.#options;
    for (const source of [file, certificates, open]) source?.close();
  }

  #admitCertificate(key: OfferedKey, address: string): Admission {
    const { stored, certificates } = this.#options;
    if (certificates === undefined)
      return { kind: 'refused', reason: 'certificates are not accepted here, only plain keys' };
    const admission = certificates.admit(key, address);
    if (admission.kind === 'refused') return admission;
    const { fingerprint: inner } = admission.identity;
    const record = stored.byFingerprint(inner);
    const withdrawn = this.#withdrawal(inner, record);
    if (withdrawn !== undefined) return { kind: 'refused', reason: withdrawn };
    const widestAccess = record === undefined ? this.#limitInFile(key, address) : record.widestAccess;
    if (widestAccess === undefined) return admission;
    return { ...admission, identity: { ...admission.identity, widestAccess } };
  }

  /** A certificate says nothing of access, and whoever holds a key may get one for it: what limits the key limits it there too. */
  #limitInFile({ blob }: OfferedKey, address: string): Access | undefined {
    const certificate = parseCertificate(blob);
    const { file } = this.#options;
    if (!certificate.ok || file?.knows(certificate.value.subject) !== true) return undefined;
    const admission = file.admit(certificate.value.subject, address);
    return admission.kind === 'admitted' ? admission.identity.widestAccess : undefined;
  }

  /** Why the store lets a key log nobody in; undefined when it has nothing against it. */
  #withdrawal(print: string, record: KeyRecord | undefined): string | undefined {
    if (this.#options.stored.isDamaged(print))
      return 'what the gateway has stored of this key makes no sense; ask its operator';
    if (record === undefined || isUsable(record, this.#now())) return undefined;
    const { revokedAt, revokedReason = '', expiresAt = 0 } = record;
    if (revokedAt === undefined) return expiryReason(expiresAt);
    return revokedReason === '' ? 'this key was revoked' : `this key was revoked: ${revokedReason}`;
  }
}

function admissionOf(record: KeyRecord, key: OfferedKey): Admission {
  // The same bytes under the name of another type would be verified as what they are not.
  if (record.type !== key.type) return { kind: 'refused', reason: 'this key is not known here' };
  const { touchRequired, verifyRequired } = record.options;
  return {
    kind: 'admitted',
    identity: identityOf(record),
    securityKey: {
      touchRequired,
      verifyRequired,
      ...(record.counter !== undefined && { lastCounter: record.counter }),
    },
  };
}

/** Whom a stored key authenticates. */
export function identityOf(record: KeyRecord): Identity {
  return {
    principal: record.principal,
    role: record.role,
    envPatterns: record.envPatterns,
    fingerprint: record.fingerprint,
    keyId: keyId(Buffer.from(record.blob, 'base64')),
    source: { kind: 'stored' },
    ...(record.widestAccess !== undefined && { widestAccess: record.widestAccess }),
    ...(record.expiresAt !== undefined && { expiresAt: record.expiresAt }),
  };
}
