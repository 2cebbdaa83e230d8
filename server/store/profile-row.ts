import { z } from 'zod';
import { isGrantId } from '../access/record-ids.ts';
import { isTargetId } from '../targets/target-names.ts';
import type { ProfileRecord } from '../targets/target-record.ts';
import { lineOfText, moment, withoutNull, wordsOf, type ReadRow } from './record-fields.ts';
import type { ProfilesTable } from './tables.ts';
import { osUser } from './target-row.ts';

const storedProfile = z.object({
  id: z.string().refine(isGrantId),
  principal: lineOfText.min(1),
  name: lineOfText.min(1).max(64),
  target: z.string().refine(isTargetId),
  os_user: osUser.nullable(),
  identity_file: lineOfText.min(1).max(1024).nullable(),
  created_at: moment,
});

export function toProfileRow(profile: ProfileRecord): ProfilesTable {
  return {
    id: profile.id,
    principal: profile.principal,
    name: profile.name,
    target: profile.target,
    os_user: profile.osUser ?? null,
    identity_file: profile.identityFile ?? null,
    created_at: Math.trunc(profile.createdAt),
  };
}

export function fromProfileRow(row: unknown): ReadRow<ProfileRecord> {
  const parsed = storedProfile.safeParse(row);
  if (!parsed.success) return { ok: false, problem: wordsOf(parsed.error) };
  const { id, principal, name, target, os_user: user, identity_file: file, created_at: at } = parsed.data;
  const rest = withoutNull({ osUser: user, identityFile: file });
  return { ok: true, record: { id, principal, name, target, createdAt: at, ...rest } };
}
