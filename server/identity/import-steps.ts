import type { AuditEntry } from '../store/audit-entry.ts';
import { importedNames } from './imported-names.ts';
import { importedFrom, noLongerListed, type Difference } from './import-difference.ts';
import { defaultKeyRules, type KeyChange, type KeyRecord, type Keys, type NewKey } from './key-record.ts';
import type { ListedKey } from './key-listing.ts';
import type { ImportTerms } from './kept-import.ts';

/** Who has an import done, for the audit: somebody who asked for it, or nobody but the import itself. */
export type ImportActor = Pick<AuditEntry, 'principal' | 'fingerprint' | 'address'>;

/** Changes that are made together, with their line of the audit. */
export interface ImportStep {
  readonly changes: readonly KeyChange[];
  readonly audit: AuditEntry;
}

export interface StepOptions {
  readonly terms: ImportTerms;
  /** What keys without a comment are named after. */
  readonly label: string;
  readonly by: ImportActor;
  /** Whether somebody asked for it, and whether they want it kept in step; undefined when the import does it by itself. */
  readonly asked?: { readonly keep: boolean };
  readonly now: number;
}

/** The keys that an import adds. */
export function newKeys(
  missing: readonly ListedKey[],
  { terms, label, now, by }: StepOptions,
  keys: Pick<Keys, 'ofPrincipal'>,
): NewKey[] {
  const taken = keys.ofPrincipal(terms.principal).map(({ name }) => name);
  const names = importedNames(missing, label, taken);
  return missing.map(({ fingerprint, key }, index) => ({
    fingerprint,
    principal: terms.principal,
    name: names[index] ?? fingerprint,
    role: terms.role,
    envPatterns: terms.envPatterns,
    type: key.type,
    bits: key.bits,
    blob: key.base64,
    comment: key.comment,
    options: defaultKeyRules,
    source: importedFrom(terms.source),
    createdAt: now,
    createdBy: by.principal ?? terms.createdBy,
    ...(terms.expiresAt !== undefined && { expiresAt: terms.expiresAt }),
  }));
}

/** Adds keys, and takes back the import's own revocations of those that are listed again. */
export function additionStep(
  added: readonly NewKey[],
  returned: readonly ListedKey[],
  { terms, by, asked, now }: StepOptions,
): ImportStep {
  const { role, envPatterns, principal, expiresAt } = terms;
  return {
    changes: [
      ...added.map((key) => ({ kind: 'add' as const, key })),
      ...returned.map(({ fingerprint }) => ({ kind: 'reinstate' as const, fingerprint, at: now })),
    ],
    audit: {
      at: now,
      ...by,
      action: 'key.import',
      target: terms.source,
      result: 'ok',
      detail: {
        for: principal,
        role,
        envs: envPatterns,
        ...(asked !== undefined && { kept: asked.keep }),
        ...(expiresAt !== undefined && { expires: new Date(expiresAt).toISOString() }),
        added: added.map(({ name, fingerprint }) => `${name} ${fingerprint}`),
        ...(returned.length > 0 && { returned: returned.map(({ fingerprint }) => fingerprint) }),
      },
    },
  };
}

/** Revokes a key that its source does not list any more. A step of its own, because the last key of an admin has to stay. */
export function revocationStep(key: KeyRecord, { terms, by, now }: StepOptions): ImportStep {
  const { fingerprint, principal, name } = key;
  const reason = noLongerListed(terms.source);
  return {
    changes: [{ kind: 'revoke', fingerprint, reason, at: now }],
    audit: {
      at: now,
      ...by,
      action: 'key.revoke',
      target: `${principal}/${name}`,
      result: 'ok',
      detail: { fingerprint, reason },
    },
  };
}

/** What a source that no longer knows its account may still change: it may only take away. */
export function withoutAdditions(difference: Difference): Difference {
  return { ...difference, missing: [], returned: [] };
}
