import { matchesPattern } from '../../core/env-pattern.ts';
import type { Access } from '../../core/forward.ts';

/** The roles, the least first; each may what those before it may. */
export const roles = ['machine', 'member', 'admin'] as const;

/** What a key may do: dial in; also visit and reach machines; also manage. */
export type Role = (typeof roles)[number];

/** Who a key authenticates, and what that principal may do. */
export interface Identity {
  readonly principal: string;
  readonly role: Role;
  /** Globs for the environment names that it may claim; `*` alone is any, and none is none. */
  readonly envPatterns: readonly string[];
  /** The key's fingerprint, `SHA256:...`; that of the key inside, where it came with a certificate. */
  readonly fingerprint: string;
  /** 12 base32 characters of the key's SHA-256. */
  readonly keyId: string;
  /** The most open access that its forwards may have; without one what the gateway allows. */
  readonly widestAccess?: Access;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
  readonly source: IdentitySource;
}

/** What speaks for a key: the gateway's store, the operator's file, a certificate, or nothing but open admission. */
export type IdentitySource =
  | { readonly kind: 'stored' }
  | { readonly kind: 'file' }
  | { readonly kind: 'open' }
  | {
      readonly kind: 'certificate';
      /** As OpenSSH prints it, in decimal. */
      readonly serial: string;
      readonly certificateId: string;
      /** The fingerprint of the authority that signed it. */
      readonly authority: string;
    };

/** What stands for "any environment name" among patterns. */
export const anyEnv: readonly string[] = ['*'];

/** Whether an environment name matches one of the identity's patterns. `*` stands for any run of characters, `?` for one. */
export function mayNameEnv(identity: Pick<Identity, 'envPatterns'>, env: string): boolean {
  return identity.envPatterns.some((pattern) => matchesPattern(pattern, env));
}
