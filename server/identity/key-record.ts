import type { Access } from '../../core/forward.ts';
import type { AuditEntry } from '../store/audit-entry.ts';
import type { Identity, Role } from './identity.ts';

/** What a FIDO key must show in each signature; for other keys it says nothing. */
export interface KeyRules {
  /** Somebody touched it. */
  readonly touchRequired: boolean;
  /** It knew who touched it: by a PIN or a fingerprint. */
  readonly verifyRequired: boolean;
}

/** What holds for a key of which nothing else is said. */
export const defaultKeyRules: KeyRules = { touchRequired: true, verifyRequired: false };

/** A key that the gateway's store knows, revoked ones too. All times are milliseconds since the epoch. */
export interface KeyRecord {
  /** `SHA256:...` */
  readonly fingerprint: string;
  readonly principal: string;
  /** Unique among the keys of its principal. */
  readonly name: string;
  readonly role: Role;
  /** Globs for the environment names that it may claim; none is none. */
  readonly envPatterns: readonly string[];
  /** The most open access that its forwards may have; without one what the gateway allows. */
  readonly widestAccess?: Access;
  /** SSH's name of its type: `ssh-ed25519`. */
  readonly type: string;
  readonly bits: number;
  /** The key itself, base64. */
  readonly blob: string;
  /** What followed the key on its line. */
  readonly comment: string;
  readonly options: KeyRules;
  /** How it came here: `added`, `operator`, `import NAME`. */
  readonly source: string;
  readonly createdAt: number;
  /** The principal who added it; `operator` is whoever has the gateway's state directory. */
  readonly createdBy: string;
  /** From this moment on it logs nobody in. */
  readonly expiresAt?: number;
  readonly lastUsedAt?: number;
  /** The address that it was last used from. */
  readonly lastUsedFrom?: string;
  /** The last signature counter of a FIDO key. */
  readonly counter?: number;
  /** At most one of a principal's keys is. */
  readonly preferred: boolean;
  readonly revokedAt?: number;
  readonly revokedReason?: string;
}

/** A key to be added: nobody has used, preferred or revoked it yet. */
export type NewKey = Omit<
  KeyRecord,
  'lastUsedAt' | 'lastUsedFrom' | 'counter' | 'preferred' | 'revokedAt' | 'revokedReason'
>;

/** A token for the API, or the login of a browser. */
export interface CallerVia {
  readonly kind: 'api-token' | 'session';
  readonly id: string;
  /** When it ends by itself, in milliseconds since the epoch. */
  readonly until: number;
}

/** Who does something, and from where. */
export interface Caller {
  readonly identity: Identity;
  readonly address: string;
  /** What stands for the key, where they did not log in with it just now; what it gives out lives no longer than it does. */
  readonly via?: CallerVia;
  /** The plain key that they have proven to have, also where it came in a certificate; none where they came without one, such as with a token. */
  readonly key?: PlainKey;
}

/** A public key itself, and what each of its signatures must show. */
export interface PlainKey {
  readonly type: string;
  readonly blob: Uint8Array;
  readonly rules: KeyRules;
}

/** What `update` sets; what is not named stays. */
export interface KeyUpdate {
  readonly name?: string;
  readonly role?: Role;
  readonly envPatterns?: readonly string[];
  /** `null`: never. */
  readonly expiresAt?: number | null;
  readonly comment?: string;
}

export type KeyChange =
  /** Makes its principal too, if there is none of that name. */
  | { readonly kind: 'add'; readonly key: NewKey }
  | { readonly kind: 'update'; readonly fingerprint: string; readonly set: KeyUpdate }
  /** Instead of the principal's other one, if there is one. */
  | { readonly kind: 'prefer'; readonly fingerprint: string }
  | { readonly kind: 'unprefer'; readonly fingerprint: string }
  | {
      readonly kind: 'revoke';
      readonly fingerprint: string;
      /** Told to the key's holder. */
      readonly reason: string;
      readonly at: number;
    }
  /** Takes a revocation back: by the operator, or by the import that had revoked it. From then on it counts as new. */
  | { readonly kind: 'reinstate'; readonly fingerprint: string; readonly at: number }
  | { readonly kind: 'remove'; readonly fingerprint: string }
  /** Makes a principal, if there is none of that name. */
  | { readonly kind: 'principal'; readonly name: string };

/** One use of a key to log in. */
export interface KeyUse {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly address: string;
  /** The signature counter of a FIDO key. */
  readonly counter?: number;
}

/** The keys that the gateway's store knows: a view in memory, and the way to change them. */
export interface Keys {
  all(): Iterable<KeyRecord>;
  byFingerprint(fingerprint: string): KeyRecord | undefined;
  ofPrincipal(name: string): readonly KeyRecord[];
  hasPrincipal(name: string): boolean;
  /**
   * All of the changes with their audit line, or nothing; the view changes when it is written. Rejects with `ERR_STORE_UNAVAILABLE` when
   * it cannot be written (read-only, full, locked, handed over) and with `ERR_CONFLICT` when what is asked for cannot be (two keys of one
   * name, a key that is there already or no more, no admin left), both in words for whoever asked.
   */
  change(changes: readonly KeyChange[], audit: AuditEntry): Promise<void>;
  /** Noted a little later, or not at all when the disk fails; never throws. */
  used(fingerprint: string, use: KeyUse): void;
  /** Called after each change, of whichever process. */
  onChange(callback: () => void): void;
}
