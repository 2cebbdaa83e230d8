import { inspectPublicKey } from '../../core/public-key.ts';
import type { AuthorizedKey } from '../identity/authorized-keys.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import { nameFor } from './key-names.ts';
import { fileSource } from './key-services.ts';

/** To look into a key takes a moment, and the file may have many. */
const known = new WeakMap<AuthorizedKey, KeyRecord>();

/** The keys of the operator's file as the gateway's own are told: nothing is known of their use. */
export function fileKeyRecords(keys: Iterable<AuthorizedKey>): KeyRecord[] {
  return Array.from(keys, (key) => {
    const record = known.get(key) ?? recordOf(key);
    known.set(key, record);
    return record;
  });
}

function recordOf({ identity, type, blob, comment, rules }: AuthorizedKey): KeyRecord {
  const { principal, role, envPatterns, widestAccess, fingerprint, expiresAt } = identity;
  const inspected = inspectPublicKey(type, blob);
  return {
    fingerprint,
    principal,
    name: nameFor({ comment, blob }),
    role,
    envPatterns,
    type,
    bits: inspected.ok ? inspected.key.bits : 0,
    blob: blob.toString('base64'),
    comment,
    options: rules,
    source: fileSource,
    createdAt: 0,
    createdBy: '',
    preferred: false,
    ...(widestAccess !== undefined && { widestAccess }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
