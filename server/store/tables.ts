import type { Generated } from 'kysely';

/** An environment as it was when it was last noted. */
export interface EnvironmentsTable {
  readonly name: string;
  /** The principal that the name belongs to. */
  readonly owner: string;
  readonly state: string;
  /** Milliseconds since the epoch: when it entered that state. */
  readonly since: number;
  /** Milliseconds since the epoch. For one that is online: at least then, and as long as its gateway was alive. */
  readonly last_seen_at: number;
  /** Milliseconds since the epoch: when it was given to its owner, who has not been seen with it since. */
  readonly given_at: number | null;
  /** Milliseconds since the epoch: when the name last passed from one owner to another, whose visitors may still keep things of the former. */
  readonly changed_hands_at: number | null;
  /** 1 while a tunnel of it is live, else 0. */
  readonly online: number;
  /** JSON: what it offers, or offered last. */
  readonly services: string;
  /** The gateway that noted it. */
  readonly epoch: number;
}

/** Whose a name was that nobody has any more. */
export interface FormerOwnersTable {
  readonly name: string;
  readonly owner: string;
  /** As in `environments`. */
  readonly changed_hands_at: number | null;
  /** Milliseconds since the epoch. */
  readonly last_had_at: number;
}

/** One run of the gateway on this state directory; a later one has a higher epoch. */
export interface GatewaysTable {
  readonly epoch: number;
  /** Milliseconds since the epoch. */
  readonly started_at: number;
  /** Milliseconds since the epoch: the last sign of life. */
  readonly alive_at: number;
}

/** Somebody or something that keys authenticate. */
export interface PrincipalsTable {
  readonly name: string;
  readonly created_at: number;
}

/** A key that may log in, or might once. All times are milliseconds since the epoch. */
export interface KeysTable {
  /** `SHA256:...` */
  readonly fingerprint: string;
  readonly principal: string;
  /** Unique among the keys of its principal. */
  readonly name: string;
  readonly role: 'machine' | 'member' | 'admin';
  /** JSON: a list of globs. */
  readonly env_patterns: string;
  readonly type: string;
  readonly bits: number;
  /** Base64. */
  readonly blob: string;
  readonly comment: string;
  /** JSON: what a FIDO key need not or must also do. */
  readonly options: string;
  /** How it came here: `added`, `operator`, `import NAME`. */
  readonly source: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly last_used_from: string | null;
  /** The signature counter of a FIDO key. */
  readonly counter: number | null;
  readonly preferred: number;
  readonly revoked_at: number | null;
  readonly revoked_reason: string | null;
  /** The most open access that its forwards may ask for; null: what the gateway allows. */
  readonly widest_access: 'private' | 'team' | 'public' | null;
}

/** A certificate that the gateway's own authority signed. */
export interface CertificatesTable {
  /** Decimal. */
  readonly serial: string;
  readonly certificate_id: string;
  readonly principal: string;
  /** Of the key in it. */
  readonly fingerprint: string;
  /** What it rests on: the fingerprint of the key that asked for it, or `oidc NAME`, or `operator`. */
  readonly issued_for: string;
  readonly issued_at: number;
  readonly expires_at: number;
  readonly revoked_at: number | null;
}

/** An account elsewhere whose keys are kept in step here. */
export interface KeyImportsTable {
  /** Of the source: `github:ana`. */
  readonly name: string;
  readonly principal: string;
  readonly role: 'machine' | 'member' | 'admin';
  readonly env_patterns: string;
  readonly expires_at: number | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly checked_at: number | null;
  readonly succeeded_at: number | null;
  /** Why the last check did not do all that it should; for people. */
  readonly problem: string | null;
  readonly problem_since: number | null;
  /** Since then the account may be somebody else's: there was none of that name. */
  readonly absent_since: number | null;
}

/** Who did what: lines are added, never changed, and removed only when they are old. */
export interface AuditTable {
  readonly id: Generated<number>;
  readonly at: number;
  readonly principal: string | null;
  readonly fingerprint: string | null;
  readonly address: string | null;
  readonly action: string;
  readonly target: string | null;
  readonly result: 'ok' | 'refused' | 'failed';
  /** JSON: facts, none of them secret. */
  readonly detail: string | null;
}

/** A login of one browser. All times are milliseconds since the epoch. */
export interface SessionsTable {
  readonly id: string;
  /** For lists: `ana`, `google:ana@example.com`. */
  readonly account_name: string;
  /** JSON: who is logged in. */
  readonly account: string;
  readonly created_at: number;
  readonly created_from: string;
  readonly user_agent: string;
  readonly last_seen_at: number;
  readonly last_seen_from: string;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly ended_reason: string | null;
}

/** Something that was given out to open an environment: a link, a token, a password. */
export interface GrantsTable {
  readonly id: string;
  readonly kind: 'link' | 'token' | 'password';
  readonly env: string;
  readonly service: string | null;
  readonly owner: string;
  readonly name: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number | null;
  /** JSON: a list of addresses. */
  readonly emails: string;
  readonly max_uses: number | null;
  readonly uses: number;
  readonly last_used_at: number | null;
  readonly last_used_from: string | null;
  /** Of a password: its scrypt hash. */
  readonly hash: string | null;
  readonly revoked_at: number | null;
}

/** A machine that people reach with SSH. All times are milliseconds since the epoch. */
export interface TargetsTable {
  /** A UUID. */
  readonly id: string;
  readonly name: string;
  readonly env: string;
  readonly owner: string;
  readonly os_user: string | null;
  /** JSON: a list of public keys, `TYPE BASE64`. */
  readonly host_keys: string;
  readonly origin: 'reported' | 'added';
  /** `SHA256:...` */
  readonly machine_key: string | null;
  /** JSON: what it says of itself that differs from what is pinned. */
  readonly unconfirmed: string | null;
  readonly takes_certificates: number;
  /** JSON: a list of names. */
  readonly os_users: string;
  readonly longest_certificate_ms: number | null;
  readonly reach: 'members' | 'grants' | 'owner';
  /** JSON: a list of names. */
  readonly services: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly last_seen_at: number | null;
}

/** How somebody reaches a target. */
export interface ProfilesTable {
  readonly id: string;
  readonly principal: string;
  readonly name: string;
  readonly target: string;
  readonly os_user: string | null;
  readonly identity_file: string | null;
  readonly created_at: number;
}

/** An entry point for people; its lists are in tables of their own. */
export interface GatesTable {
  readonly id: string;
  readonly name: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly keys: 'any' | 'listed';
  readonly targets: 'any' | 'listed';
  readonly is_default: number;
  readonly created_at: number;
  readonly created_by: string;
}

export interface GateKeysTable {
  readonly gate: string;
  readonly fingerprint: string;
  readonly added_at: number;
  readonly added_by: string;
}

export interface GateTargetsTable {
  readonly gate: string;
  readonly target: string;
  /** In the order of the list. */
  readonly place: number;
}

/** What lets a principal reach machines. */
export interface ReachGrantsTable {
  readonly id: string;
  readonly principal: string;
  /** JSON: a list of globs. */
  readonly env_patterns: string;
  /** The principal whose environments it is for; null: whoever has them. */
  readonly owner: string | null;
  /** JSON: lists of names. */
  readonly services: string;
  readonly os_users: string;
  readonly expires_at: number | null;
  readonly created_at: number;
  readonly created_by: string;
}

/** Counts up with each change of what others hold in memory. */
export interface RevisionsTable {
  readonly name: string;
  readonly value: number;
}

/** The tables of `porthole.db`, at the newest schema version. */
export interface Tables {
  readonly environments: EnvironmentsTable;
  readonly former_owners: FormerOwnersTable;
  readonly gateways: GatewaysTable;
  readonly principals: PrincipalsTable;
  readonly keys: KeysTable;
  readonly certificates: CertificatesTable;
  readonly key_imports: KeyImportsTable;
  readonly audit: AuditTable;
  readonly sessions: SessionsTable;
  readonly grants: GrantsTable;
  readonly targets: TargetsTable;
  readonly profiles: ProfilesTable;
  readonly gates: GatesTable;
  readonly gate_keys: GateKeysTable;
  readonly gate_targets: GateTargetsTable;
  readonly reach_grants: ReachGrantsTable;
  readonly revisions: RevisionsTable;
}
