import type { Role } from '../identity/identity.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import { isUsable } from '../identity/key-state.ts';
import type { KeyAccount } from './key-account.ts';
import type { PeopleRules } from './people-rules.ts';
import type { Account, AccountCertificate } from './session-record.ts';
import type { Viewer, Viewers } from './viewer.ts';

/** What a key may do by what somebody says of it. */
export interface KeyRights {
  readonly principal: string;
  readonly role: Role;
  readonly envPatterns: readonly string[];
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
  inFile(fingerprint: string): (KeyRights & { readonly expiresAt?: number }) | undefined;
  /** Whether the operator's list has the key on it. */
  isRevoked(fingerprint: string): boolean;
  /** Whether the certificate with this key in it would be taken now, as far as it can be known without it. */
  standsFor(certificate: AccountCertificate, fingerprint: string): boolean;
}

export interface AccountViewersOptions {
  readonly keys: KnownKeys;
  readonly people: PeopleRules;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What each account may see, by what is known of its key, or of its person, at this moment. */
export class AccountViewers implements Viewers {
  readonly #keys: KnownKeys;
  readonly #people: PeopleRules;
  readonly #now: () => number;

  constructor({ keys, people, now = Date.now }: AccountViewersOptions) {
    this.#keys = keys;
    this.#people = people;
    this.#now = now;
  }

  viewerOf(account: Account): Viewer | undefined {
    if (account.kind === 'person') return this.#people.viewerOf(account);
    const { certificate } = account;
    const rights =
      certificate === undefined ? this.#rightsOf(account) : this.#certified(account, certificate);
    return rights && viewerOf(rights);
  }

  onChange(callback: () => void): void {
    this.#keys.onChange(callback);
    this.#people.onChange(callback);
  }

  /** As when it logs in: what the store says of a key goes before what the file says. */
  #rightsOf({ fingerprint, principal }: KeyAccount): KeyRights | undefined {
    if (this.#isWithdrawn(fingerprint)) return undefined;
    const rights = this.#keys.stored.byFingerprint(fingerprint) ?? this.#keys.inFile(fingerprint);
    if (rights === undefined || (rights.expiresAt ?? Infinity) <= this.#now()) return undefined;
    // The key may be somebody else's by now.
    return rights.principal === principal ? rights : undefined;
  }

  /** Beside what the certificate itself said, nothing is known of what it may do. */
  #certified(account: KeyAccount, certificate: AccountCertificate): KeyRights | undefined {
    if ((certificate.expiresAt ?? Infinity) <= this.#now()) return undefined;
    if (this.#isWithdrawn(account.fingerprint)) return undefined;
    return this.#keys.standsFor(certificate, account.fingerprint) ? account : undefined;
  }

  #isWithdrawn(fingerprint: string): boolean {
    const { stored } = this.#keys;
    if (stored.isDamaged(fingerprint) || this.#keys.isRevoked(fingerprint)) return true;
    const record = stored.byFingerprint(fingerprint);
    return record !== undefined && !isUsable(record, this.#now());
  }
}

/** A machine sees what it offers itself. */
function viewerOf({ principal, role, envPatterns }: KeyRights): Viewer {
  return {
    member: role !== 'machine',
    admin: role === 'admin',
    principal,
    envPatterns: role === 'machine' ? [] : envPatterns,
    email: undefined,
  };
}
