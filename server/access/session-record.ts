import type { Role } from '../identity/identity.ts';
import type { AuditEntry } from '../store/audit-entry.ts';

/** Who is logged in. What they may see is decided anew for each request, by what holds then. */
export type Account =
  /** Whoever holds an SSH key, by `ssh gateway login`. */
  | {
      readonly kind: 'key';
      readonly principal: string;
      /** `SHA256:...` of the key; of the key inside, where it came with a certificate. */
      readonly fingerprint: string;
      /** What it was allowed then: counts only where nothing else is known of the key, as with a certificate. */
      readonly role: Role;
      readonly envPatterns: readonly string[];
      /** What it came with, if not alone. */
      readonly certificate: AccountCertificate | undefined;
    }
  /** Somebody whom a login provider knows. */
  | {
      readonly kind: 'person';
      /** The provider's name in the gateway's configuration. */
      readonly provider: string;
      /** The provider's own address: another one under the same name speaks for other people. */
      readonly issuer?: string | undefined;
      /** The provider's `sub`. */
      readonly subject: string;
      /** In lower case; only if the provider says that it is verified. */
      readonly email: string | undefined;
      /** The organisation that the account belongs to, where the provider tells it (Google's `hd`), in lower case. */
      readonly hostedDomain?: string | undefined;
      readonly name: string | undefined;
      readonly groups: readonly string[];
    };

/** The certificate that somebody's key came with. Their logins end with it. */
export interface AccountCertificate {
  /** As OpenSSH prints it, in decimal. */
  readonly serial: string;
  /** The key id. */
  readonly id: string;
  /** The fingerprint of the authority that signed it. */
  readonly authority: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
}

/** A login of one browser. All times are milliseconds since the epoch. */
export interface SessionRecord {
  /** 16 base32 characters; no secret: the browser's cookie is sealed. */
  readonly id: string;
  readonly account: Account;
  readonly createdAt: number;
  readonly createdFrom: string;
  /** At most 256 characters of what the browser calls itself. */
  readonly userAgent: string;
  readonly lastSeenAt: number;
  readonly lastSeenFrom: string;
  /** It is never prolonged. */
  readonly expiresAt: number;
  readonly endedAt: number | undefined;
  readonly endedReason: string | undefined;
}

export type NewSession = Omit<SessionRecord, 'lastSeenAt' | 'lastSeenFrom' | 'endedAt' | 'endedReason'>;

/** The sessions that the gateway's store knows: a view in memory, and the way to change them. Those over are forgotten after a day. */
export interface Sessions {
  all(): Iterable<SessionRecord>;
  byId(id: string): SessionRecord | undefined;
  /** On the disk before it settles. An account has 50 at most: the longest unseen one ends. Rejects with `ERR_STORE_UNAVAILABLE`. */
  start(session: NewSession, audit: AuditEntry): Promise<void>;
  end(ids: readonly string[], reason: string, audit: AuditEntry): Promise<void>;
  /** Noted a little later, once a minute at most for each; never throws. */
  seen(id: string, use: { readonly at: number; readonly address: string }): void;
  onChange(callback: () => void): void;
}

/** A name for an account, in lists, pages and the audit: `ana`, or `google:ana@example.com`. */
export function accountName(account: Account): string {
  return account.kind === 'key'
    ? account.principal
    : `${account.provider}:${account.email ?? account.subject}`;
}
