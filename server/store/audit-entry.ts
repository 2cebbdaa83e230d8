/** Something that was done or refused: who, from where, what, on what, when, and how it ended. Never anything secret. */
export interface AuditEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Who, as far as known: whoever was refused has none. */
  readonly principal?: string;
  /** Of the key that spoke for them, or was offered: `SHA256:...` */
  readonly fingerprint?: string;
  /** The IP address that they came from. */
  readonly address?: string;
  /** What, as `thing.verb`: `login`, `login.refused`, `tunnel.end`, `forward.refused`, `key.add`, `env.release`. */
  readonly action: string;
  /** On what: an environment, `principal/name` of a key, the user name of a login. */
  readonly target?: string;
  readonly result: AuditResult;
  /** Facts for whoever reads it later. `reason` is text for people. */
  readonly detail?: AuditDetail;
}

/** `refused`: was not allowed. `failed`: was allowed, and did not come about. */
export type AuditResult = 'ok' | 'refused' | 'failed';

export type AuditDetail = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** An entry as it was written. */
export interface AuditLine extends AuditEntry {
  /** Grows with each line; never used twice. */
  readonly id: number;
}

export interface AuditQuery {
  /** Milliseconds since the epoch; from then on. */
  readonly sinceMs?: number;
  readonly principal?: string;
  /** Exactly this one, or all that begin with it and a dot: `key` finds `key.add` and `key.revoke`. */
  readonly action?: string;
  /** The newest so many. */
  readonly limit: number;
}

/** Where things are noted as they happen. */
export interface AuditRecorder {
  /** Cheap, and never throws: it is written a little later. */
  record(entry: AuditEntry): void;
}

export interface Audit extends AuditRecorder {
  /** The newest lines that match, the oldest of them first. Rejects with `ERR_STORE_UNAVAILABLE`. */
  list(query: AuditQuery): Promise<readonly AuditLine[]>;
}
