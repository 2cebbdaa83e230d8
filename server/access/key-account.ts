import type { Identity } from '../identity/identity.ts';
import type { Account } from './session-record.ts';

/** Somebody who has shown by a key who they are. */
export type KeyAccount = Extract<Account, { kind: 'key' }>;

/** The account of whoever is logged in with a key. */
export function keyAccountOf(identity: Identity): KeyAccount {
  const { principal, fingerprint, role, envPatterns, source, expiresAt } = identity;
  const certificate =
    source.kind === 'certificate'
      ? { serial: source.serial, id: source.certificateId, authority: source.authority, expiresAt }
      : undefined;
  return { kind: 'key', principal, fingerprint, role, envPatterns, certificate };
}
