import type { Access } from '../../core/forward.ts';
import { keyIdOfFingerprint } from '../../core/names.ts';
import type { Identity, IdentitySource, Role } from '../identity/identity.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import { isUsable } from '../identity/key-state.ts';
import type { KeyAccount } from './key-account.ts';
import type { AccountCertificate } from './session-record.ts';

/** What a key may do by what somebody says of it. */
export interface KeyRights {
  readonly principal: string;
  readonly role: Role;
  readonly envPatterns: readonly string[];
  readonly widestAccess?: Access;
  readonly expiresAt?: number;
}

interface Changing {
  onChange(callback: () => void): void;
}

/** What is known of keys and certificates, as far as their accounts are concerned. */
export interface KnownKeys extends Changing {
  readonly stored: {
    byFingerprint(fingerprint: string): KeyRecord | undefined;
    isDamaged(fingerprint: string): boolean;
  };
  /** What the operator's file says of a key; undefined for one that it does not list. */
  inFile(fingerprint: string): KeyRights | undefined;
  /** Whether the operator's list has the key on it. */
  isRevoked(fingerprint: string): boolean;
  /** Whether the certificate with this key in it would be taken now, as far as it can be known without it. */
  standsFor(certificate: AccountCertificate, fingerprint: string): boolean;
}

export interface AccountIdentitiesOptions {
  readonly keys: KnownKeys;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Whom the key of an account authenticates at this moment, as if they logged in with it now. */
export class AccountIdentities {
  readonly #keys: KnownKeys;
  readonly #now: () => number;

  constructor({ keys, now = Date.now }: AccountIdentitiesOptions) {
    this.#keys = keys;
    this.#now = now;
  }

  /** Undefined for a key that would log nobody in any more, or somebody else. */
  identityOf(account: KeyAccount): Identity | undefined {
    return account.certificate === undefined
      ? this.#byKey(account)
      : this.#byCertificate(account, account.certificate);
  }

  /** As when it logs in: what the store says of a key goes before what the file says. */
  #byKey({ fingerprint, principal }: KeyAccount): Identity | undefined {
    if (this.#isWithdrawn(fingerprint)) return undefined;
    const stored = this.#keys.stored.byFingerprint(fingerprint);
    const rights = stored ?? this.#keys.inFile(fingerprint);
    if (rights === undefined || (rights.expiresAt ?? Infinity) <= this.#now()) return undefined;
    // The key may be somebody else's by now.
    if (rights.principal !== principal) return undefined;
    return identity(fingerprint, rights, { kind: stored === undefined ? 'file' : 'stored' });
  }

  /** Beside what the certificate itself said, nothing is known of what it may do; how open it may be is said of the key. */
  #byCertificate(account: KeyAccount, certificate: AccountCertificate): Identity | undefined {
    const { fingerprint } = account;
    const { serial, id: certificateId, authority, expiresAt } = certificate;
    if ((expiresAt ?? Infinity) <= this.#now()) return undefined;
    if (this.#isWithdrawn(fingerprint)) return undefined;
    if (!this.#keys.standsFor(certificate, fingerprint)) return undefined;
    const key = this.#keys.stored.byFingerprint(fingerprint) ?? this.#keys.inFile(fingerprint);
    const rights = {
      principal: account.principal,
      role: account.role,
      envPatterns: account.envPatterns,
      ...(key?.widestAccess !== undefined && { widestAccess: key.widestAccess }),
      ...(expiresAt !== undefined && { expiresAt }),
    };
    return identity(fingerprint, rights, { kind: 'certificate', serial, certificateId, authority });
  }

  #isWithdrawn(fingerprint: string): boolean {
    const { stored } = this.#keys;
    if (stored.isDamaged(fingerprint) || this.#keys.isRevoked(fingerprint)) return true;
    const record = stored.byFingerprint(fingerprint);
    return record !== undefined && !isUsable(record, this.#now());
  }
}

function identity(
  fingerprint: string,
  { principal, role, envPatterns, widestAccess, expiresAt }: KeyRights,
  source: IdentitySource,
): Identity {
  return {
    principal,
    role,
    envPatterns,
    fingerprint,
    keyId: keyIdOfFingerprint(fingerprint),
    ...(widestAccess !== undefined && { widestAccess }),
    ...(expiresAt !== undefined && { expiresAt }),
    source,
  };
}
