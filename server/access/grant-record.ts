import type { AuditEntry } from '../store/audit-entry.ts';

/**
 * What opens an environment without an account. `link`: a share link, opened in a browser. `token`: sent by programs. `password`: asked for by
 * the login page, or sent as HTTP Basic.
 */
export type GrantKind = 'link' | 'token' | 'password';

/** Something that was given out to open one environment, or one service of it. All times are milliseconds since the epoch. */
export interface GrantRecord {
  /** 12 base32 characters; tells one from another in lists and logs; no secret. */
  readonly id: string;
  readonly kind: GrantKind;
  readonly env: string;
  /** The service that it opens, on all of its ports; undefined for all of the environment. */
  readonly service: string | undefined;
  /** Who owned the environment when it was made: it opens nothing there when the name has passed to somebody else. */
  readonly owner: string;
  /** For people; may be empty. */
  readonly name: string;
  readonly createdAt: number;
  /** The principal who made it. */
  readonly createdBy: string;
  /** Undefined only of passwords. */
  readonly expiresAt: number | undefined;
  /** Of a link: the people whom it lets in, who must log in as one of these; none: whoever has it. Lower case. */
  readonly emails: readonly string[];
  /** Of a link: how many browsers may exchange it. */
  readonly maxUses: number | undefined;
  readonly uses: number;
  readonly lastUsedAt: number | undefined;
  /** The address that it was last used from. */
  readonly lastUsedFrom: string | undefined;
  /** Of a password: its scrypt hash. Links and tokens carry a MAC of their id instead, and nothing of them is stored. */
  readonly hash: string | undefined;
  readonly revokedAt: number | undefined;
}

export type NewGrant = Omit<GrantRecord, 'uses' | 'lastUsedAt' | 'lastUsedFrom' | 'revokedAt'>;

export type GrantChange =
  /** A password takes the place of the one that the environment (or the same service) had. */
  | { readonly kind: 'add'; readonly grant: NewGrant }
  | { readonly kind: 'revoke'; readonly id: string; readonly at: number };

export interface GrantUse {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly address: string;
}

/** The grants that the gateway's store knows: a view in memory, and the way to change them. Those long over are forgotten. */
export interface Grants {
  all(): Iterable<GrantRecord>;
  byId(id: string): GrantRecord | undefined;
  ofEnv(env: string): readonly GrantRecord[];
  /**
   * All of the changes with their audit line, or nothing; the view changes when it is written. Rejects with `ERR_STORE_UNAVAILABLE`,
   * `ERR_LIMIT` (an environment has as many as it may) or `ERR_CONFLICT`, in words for whoever asked.
   */
  change(changes: readonly GrantChange[], audit: AuditEntry): Promise<void>;
  /** Counts one use of a link, on the disk before it says so. `spent`: it had as many as it may. Rejects with `ERR_STORE_UNAVAILABLE`. */
  take(id: string, use: GrantUse, audit: AuditEntry): Promise<'taken' | 'spent' | 'gone'>;
  /** Noted a little later, or not at all when the disk fails; never throws. Not counted as a use. */
  used(id: string, use: GrantUse): void;
  /** Called after each change, of whichever process. */
  onChange(callback: () => void): void;
}

/** Why a grant opens nothing now; undefined for one that does. */
export function grantProblem(
  grant: GrantRecord,
  place: { readonly env: string; readonly service: string | undefined; readonly owner: string | undefined },
  nowMs: number,
): 'revoked' | 'expired' | 'elsewhere' | undefined {
  if (grant.revokedAt !== undefined) return 'revoked';
  if (grant.expiresAt !== undefined && grant.expiresAt <= nowMs) return 'expired';
  if (grant.env !== place.env || grant.owner !== place.owner) return 'elsewhere';
  return grant.service === undefined || grant.service === place.service ? undefined : 'elsewhere';
}
