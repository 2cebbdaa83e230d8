import { applyChanges } from '../../server/identity/key-changes.ts';
import {
  defaultKeyRules,
  type KeyChange,
  type KeyRecord,
  type Keys,
  type KeyUse,
} from '../../server/identity/key-record.ts';
import { KeyRing } from '../../server/identity/key-ring.ts';
import type { AuditEntry } from '../../server/store/audit-entry.ts';

/** Keys in memory only, with the rules of the real ones. */
export class MemoryKeys implements Keys {
  /** The audit lines of all changes. */
  readonly audit: AuditEntry[] = [];
  readonly uses = new Map<string, KeyUse>();
  /** What the next change fails with. */
  failure: Error | undefined;
  #ring: KeyRing;
  readonly #callbacks: (() => void)[] = [];

  constructor(keys: readonly KeyRecord[] = []) {
    this.#ring = new KeyRing({ keys });
  }

  all(): Iterable<KeyRecord> {
    return this.#ring.all();
  }

  byFingerprint(fingerprint: string): KeyRecord | undefined {
    return this.#ring.byFingerprint(fingerprint);
  }

  ofPrincipal(name: string): readonly KeyRecord[] {
    return this.#ring.ofPrincipal(name);
  }

  hasPrincipal(name: string): boolean {
    return this.#ring.hasPrincipal(name);
  }

  async change(changes: readonly KeyChange[], audit: AuditEntry): Promise<void> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    this.#ring = applyChanges(this.#ring, changes, { now: audit.at, otherAdmins: [] }).ring;
    this.audit.push(audit);
    for (const callback of this.#callbacks) callback();
  }

  used(fingerprint: string, use: KeyUse): void {
    this.uses.set(fingerprint, use);
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }
}

/** A key as it might be in the store. */
export function storedKey(key: Pick<KeyRecord, 'fingerprint'> & Partial<KeyRecord>): KeyRecord {
  return {
    principal: 'ana',
    name: 'laptop',
    role: 'machine',
    envPatterns: ['*'],
    type: 'ssh-ed25519',
    bits: 256,
    blob: '',
    comment: '',
    options: defaultKeyRules,
    source: 'added',
    createdAt: 1,
    createdBy: 'root',
    preferred: false,
    ...key,
  };
}
