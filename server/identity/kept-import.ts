import type { Role } from './identity.ts';

/** What the keys of an account are imported as. */
export interface ImportTerms {
  /** The name of the source: `github:ana`. */
  readonly source: string;
  readonly principal: string;
  readonly role: Role;
  readonly envPatterns: readonly string[];
  /** Milliseconds since the epoch: until when each key is good; undefined for good. */
  readonly expiresAt?: number;
  /** The principal who asked for it. */
  readonly createdBy: string;
}

/** An account elsewhere whose keys are kept in step here. All times are milliseconds since the epoch. */
export interface KeptImport extends ImportTerms {
  readonly createdAt: number;
  readonly check: ImportCheck;
}

/** How the last look at a source ended. */
export interface ImportCheck {
  readonly checkedAt?: number;
  /** When all was last as it should be. */
  readonly succeededAt?: number;
  /** Why it is not, for people. */
  readonly problem?: string;
  readonly problemSince?: number;
  /** Since then the account may be somebody else's: there was none of that name. */
  readonly absentSince?: number;
}

/** The imports that are kept in step, beyond the life of the process. All of it rejects with `ERR_STORE_UNAVAILABLE`. */
export interface KeptImports {
  all(): Promise<readonly KeptImport[]>;
  find(source: string): Promise<KeptImport | undefined>;
  /** Instead of the one that there is of that source. */
  put(kept: KeptImport): Promise<void>;
  /** Nothing where there is none of that source. */
  checked(source: string, check: ImportCheck): Promise<void>;
  /** Whether there was one. */
  remove(source: string): Promise<boolean>;
}
