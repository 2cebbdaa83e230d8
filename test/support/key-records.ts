import { fingerprint } from '../../core/fingerprint.ts';
import type { KeyRecord, NewKey } from '../../server/identity/key-record.ts';
import type { TestScope } from './scope.ts';
import { makeKey, type SshKey } from './ssh-keys.ts';

/** A key as somebody adds it: a machine's, of `ana`, called `laptop`, unless the test says otherwise. */
export function newKey(key: SshKey, overrides: Partial<NewKey> = {}): NewKey {
  return {
    fingerprint: fingerprint(key.blob),
    principal: 'ana',
    name: 'laptop',
    role: 'machine',
    envPatterns: ['pr-*'],
    type: key.type,
    bits: 256,
    blob: key.blob.toString('base64'),
    comment: 'ana@laptop',
    options: { touchRequired: true, verifyRequired: false },
    source: 'added',
    createdAt: 1000,
    createdBy: 'root',
    ...overrides,
  };
}

/** The same with a key of its own. */
export function freshKey(t: TestScope, overrides: Partial<NewKey> = {}): NewKey {
  return newKey(makeKey(t), overrides);
}

/** As it is once it was added. */
export function recordOf(key: NewKey, overrides: Partial<KeyRecord> = {}): KeyRecord {
  return { ...key, preferred: false, ...overrides };
}
