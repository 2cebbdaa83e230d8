import { z } from 'zod';
import { isName, isServiceName } from '../../core/names.ts';
import type { GrantRecord, NewGrant } from '../access/grant-record.ts';
import { isGrantId } from '../access/record-ids.ts';
import {
  lineOfText,
  moment,
  parseJson,
  storableLine,
  wholeOrNull,
  wordsOf,
  type ReadRow,
} from './record-fields.ts';
import type { GrantsTable } from './tables.ts';

const maxNameLength = 256;
const maxEmails = 100;

const email = z
  .string()
  .max(320)
  .regex(/^[^\s\p{Cc}@\p{Lu}]+@[^\s\p{Cc}@\p{Lu}]+$/u);
const emails = z.array(email).max(maxEmails);
const count = z.int().min(0).max(1_000_000_000);

const storedGrant = z
  .object({
    id: z.string().refine(isGrantId),
    kind: z.enum(['link', 'token', 'password']),
    env: z.string().refine(isName),
    service: z.string().refine(isServiceName).nullable(),
    owner: lineOfText.min(1),
    name: lineOfText.max(maxNameLength),
    created_at: moment,
    created_by: lineOfText,
    expires_at: moment.nullable(),
    emails: z.string().max(65_536),
    max_uses: count.min(1).nullable(),
    uses: count,
    last_used_at: moment.nullable(),
    last_used_from: lineOfText.nullable(),
    hash: z.string().min(1).max(1024).nullable(),
    revoked_at: moment.nullable(),
  })
  .refine(({ kind, expires_at: end }) => kind === 'password' || end !== null, 'expires_at: has no end')
  .refine(({ kind, hash }) => (kind === 'password') === (hash !== null), 'hash: only passwords have one');

/** Something that is given out: nobody has used or revoked it yet. */
export function toGrantRow(grant: NewGrant): GrantsTable {
  return {
    id: grant.id,
    kind: grant.kind,
    env: grant.env,
    service: grant.service ?? null,
    owner: grant.owner,
    name: storableLine(grant.name, maxNameLength),
    created_at: Math.trunc(grant.createdAt),
    created_by: grant.createdBy,
    expires_at: wholeOrNull(grant.expiresAt),
    emails: JSON.stringify(grant.emails),
    max_uses: wholeOrNull(grant.maxUses),
    uses: 0,
    last_used_at: null,
    last_used_from: null,
    hash: grant.hash ?? null,
    revoked_at: null,
  };
}

export function fromGrantRow(row: unknown): ReadRow<GrantRecord> {
  const parsed = storedGrant.safeParse(row);
  if (!parsed.success) return { ok: false, problem: wordsOf(parsed.error) };
  const stored = parsed.data;
  const invited = emails.safeParse(parseJson(stored.emails));
  // Whom it was for is not known: it must not be for everybody.
  if (!invited.success) return { ok: false, problem: 'emails: not what is written there' };
  return {
    ok: true,
    record: {
      id: stored.id,
      kind: stored.kind,
      env: stored.env,
      service: stored.service ?? undefined,
      owner: stored.owner,
      name: stored.name,
      createdAt: stored.created_at,
      createdBy: stored.created_by,
      expiresAt: stored.expires_at ?? undefined,
      emails: invited.data,
      maxUses: stored.max_uses ?? undefined,
      uses: stored.uses,
      lastUsedAt: stored.last_used_at ?? undefined,
      lastUsedFrom: stored.last_used_from ?? undefined,
      hash: stored.hash ?? undefined,
      revokedAt: stored.revoked_at ?? undefined,
    },
  };
}
