import { fingerprint } from '../../core/fingerprint.ts';
import type { PublicKey } from '../../core/public-key.ts';
import { freeName, nameFor } from '../admin/key-names.ts';
import { anyEnv } from '../identity/identity.ts';
import { defaultKeyRules, type KeyChange, type KeyRecord, type NewKey } from '../identity/key-record.ts';
import type { StoredKeys } from '../identity/known-keys.ts';
import { isUsable } from '../identity/key-state.ts';
import type { Keys } from '../identity/key-record.ts';
import { UsageProblem } from './operator.ts';

export interface AdminWish {
  readonly publicKey: PublicKey;
  readonly name?: string;
  readonly principal?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface AdminGrant {
  /** Empty when there is nothing to do. */
  readonly changes: readonly KeyChange[];
  readonly key: Pick<KeyRecord, 'fingerprint' | 'principal' | 'name'>;
  /** What was in the way, and is no more: `revoked`, `expired`, `machine`. */
  readonly repaired: readonly string[];
}

type Known = Pick<Keys, 'byFingerprint' | 'ofPrincipal' | 'hasPrincipal'> & Pick<StoredKeys, 'isDamaged'>;

/** What makes a key the key of an admin, whatever is known of it: a new one is added, one that is there is made good. Throws `UsageProblem`. */
export function grantAdmin(
  keys: Known,
  wish: AdminWish,
  isOwner: (principal: string) => boolean,
): AdminGrant {
  const print = fingerprint(wish.publicKey.blob);
  const known = keys.byFingerprint(print);
  if (known !== undefined) return repair(known, wish);
  const key = newKey(keys, wish, isOwner);
  const damaged = keys.isDamaged(print);
  const clear: KeyChange[] = damaged ? [{ kind: 'remove', fingerprint: print }] : [];
  return { changes: [...clear, { kind: 'add', key }], key, repaired: damaged ? ['damaged'] : [] };
}

function repair(
  known: KeyRecord,
  { name = known.name, principal = known.principal, now }: AdminWish,
): AdminGrant {
  const { fingerprint: print, expiresAt, revokedAt, role } = known;
  if (principal !== known.principal) {
    throw new UsageProblem([
      `this key is there already as ${known.principal}/${known.name}; leave --principal out, or remove the key first`,
    ]);
  }
  const expired = !isUsable({ ...(expiresAt !== undefined && { expiresAt }) }, now);
  const set = {
    ...(role !== 'admin' && { role: 'admin' as const }),
    ...(expired && { expiresAt: null }),
    ...(name !== known.name && { name }),
  };
  const changes: KeyChange[] = [];
  if (revokedAt !== undefined) changes.push({ kind: 'reinstate', fingerprint: print, at: now });
  if (Object.keys(set).length > 0) changes.push({ kind: 'update', fingerprint: print, set });
  const repaired = [
    ...(revokedAt === undefined ? [] : ['revoked']),
    ...(expired ? ['expired'] : []),
    ...(role === 'admin' ? [] : [role]),
  ];
  return { changes, key: { fingerprint: print, principal, name }, repaired };
}

function newKey(
  keys: Known,
  { publicKey, name, principal, now }: AdminWish,
  isOwner: (principal: string) => boolean,
): NewKey {
  const wanted = name ?? nameFor(publicKey);
  const owner = principal ?? freeName(wanted, (each) => keys.hasPrincipal(each) || isOwner(each));
  const isTaken = (each: string): boolean => keys.ofPrincipal(owner).some((key) => key.name === each);
  return {
    fingerprint: fingerprint(publicKey.blob),
    principal: owner,
    // One that was asked for is that one or none.
    name: name ?? freeName(wanted, isTaken),
    role: 'admin',
    envPatterns: anyEnv,
    type: publicKey.type,
    bits: publicKey.bits,
    blob: publicKey.base64,
    comment: publicKey.comment,
    options: defaultKeyRules,
    source: 'operator',
    createdAt: now,
    createdBy: 'operator',
  };
}
