import { z } from 'zod';
import { fingerprint } from '../../core/fingerprint.ts';
import { inspectPublicKey } from '../../core/public-key.ts';
import { accesses } from '../../core/openness.ts';
import { roles } from '../identity/identity.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import type { KeysTable } from './tables.ts';

/** Milliseconds since the epoch, as far as a Date reaches. */
const moment = z.int().min(0).max(8.64e15);
/** One line. */
const text = z.string().regex(/^[^\p{Cc}]*$/u, 'has control characters');
const patterns = z.array(z.string().regex(/^[a-z0-9*?-]+$/u)).max(1000);
const rules = z.strictObject({ touchRequired: z.boolean(), verifyRequired: z.boolean() });

const storedKey = z.object({
  fingerprint: z.string(),
  principal: text.min(1),
  name: text.min(1),
  role: z.enum(roles),
  env_patterns: z.string(),
  type: z.string(),
  bits: z.int().min(1),
  blob: z.base64(),
  comment: text,
  options: z.string(),
  source: text.min(1),
  created_at: moment,
  created_by: text,
  expires_at: moment.nullable(),
  last_used_at: moment.nullable(),
  last_used_from: text.nullable(),
  counter: z.int().min(0).max(0xffff_ffff).nullable(),
  preferred: z.union([z.literal(0), z.literal(1)]),
  revoked_at: moment.nullable(),
  revoked_reason: text.nullable(),
  widest_access: z.enum(accesses).nullable(),
});

export function toKeyRow(key: KeyRecord): KeysTable {
  return {
    fingerprint: key.fingerprint,
    principal: key.principal,
    name: key.name,
    role: key.role,
    env_patterns: JSON.stringify(key.envPatterns),
    type: key.type,
    bits: key.bits,
    blob: key.blob,
    comment: key.comment,
    options: JSON.stringify(key.options),
    source: key.source,
    created_at: Math.trunc(key.createdAt),
    created_by: key.createdBy,
    expires_at: wholeOrNull(key.expiresAt),
    last_used_at: wholeOrNull(key.lastUsedAt),
    last_used_from: key.lastUsedFrom ?? null,
    counter: wholeOrNull(key.counter),
    preferred: key.preferred ? 1 : 0,
    revoked_at: wholeOrNull(key.revokedAt),
    revoked_reason: key.revokedReason ?? null,
    widest_access: key.widestAccess ?? null,
  };
}

export type ReadKeyRow =
  | { readonly ok: true; readonly key: KeyRecord }
  /** `fingerprints`: of the keys that the row may have been about. */
  | { readonly ok: false; readonly fingerprints: readonly string[]; readonly problem: string };

/** Reads a row that anybody may have edited: all of it makes sense, or none of it counts. `known` is what was read of it before. */
export function fromKeyRow(row: unknown, known?: KeyRecord): ReadKeyRow {
  const parsed = storedKey.safeParse(row);
  if (!parsed.success) return damaged(row, wordsOf(parsed.error));
  const stored = parsed.data;
  const problem = isSameKey(stored, known) ? undefined : keyProblem(stored);
  if (problem !== undefined) return damaged(row, problem);
  const envPatterns = patterns.safeParse(parseJson(stored.env_patterns));
  if (!envPatterns.success) return damaged(row, 'env_patterns: not what is written there');
  const options = rules.safeParse(parseJson(stored.options));
  if (!options.success) return damaged(row, 'options: not what is written there');
  return { ok: true, key: recordOf(stored, envPatterns.data, options.data) };
}

type StoredKey = z.infer<typeof storedKey>;

function isSameKey({ fingerprint: print, type, blob }: StoredKey, known: KeyRecord | undefined): boolean {
  return known?.fingerprint === print && known.type === type && known.blob === blob;
}

/** The dearest part of reading a row. */
function keyProblem({ fingerprint: print, type, blob: base64 }: StoredKey): string | undefined {
  const blob = Buffer.from(base64, 'base64');
  const inspection = inspectPublicKey(type, blob);
  if (!inspection.ok) return inspection.problem;
  return fingerprint(blob) === print ? undefined : 'fingerprint: not of this key';
}

function recordOf(
  stored: StoredKey,
  envPatterns: readonly string[],
  options: KeyRecord['options'],
): KeyRecord {
  return {
    fingerprint: stored.fingerprint,
    principal: stored.principal,
    name: stored.name,
    role: stored.role,
    envPatterns,
    type: stored.type,
    bits: stored.bits,
    blob: stored.blob,
    comment: stored.comment,
    options,
    source: stored.source,
    createdAt: stored.created_at,
    createdBy: stored.created_by,
    ...(stored.expires_at !== null && { expiresAt: stored.expires_at }),
    ...(stored.last_used_at !== null && { lastUsedAt: stored.last_used_at }),
    ...(stored.last_used_from !== null && { lastUsedFrom: stored.last_used_from }),
    ...(stored.counter !== null && { counter: stored.counter }),
    preferred: stored.preferred === 1,
    ...(stored.revoked_at !== null && { revokedAt: stored.revoked_at }),
    ...(stored.revoked_reason !== null && { revokedReason: stored.revoked_reason }),
    ...(stored.widest_access !== null && { widestAccess: stored.widest_access }),
  };
}

function damaged(row: unknown, problem: string): ReadKeyRow {
  const { fingerprint: stated, blob } = row as Partial<Record<'fingerprint' | 'blob', unknown>>;
  const fingerprints = [
    ...(typeof stated === 'string' ? [stated] : []),
    ...(typeof blob === 'string' ? [fingerprint(Buffer.from(blob, 'base64'))] : []),
  ];
  return { ok: false, fingerprints: [...new Set(fingerprints)], problem };
}

function wholeOrNull(value: number | undefined): number | null {
  return value === undefined ? null : Math.trunc(value);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function wordsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}
