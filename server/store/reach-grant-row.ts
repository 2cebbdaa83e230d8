import { z } from 'zod';
import { patternProblem } from '../../core/env-pattern.ts';
import { isGrantId } from '../access/record-ids.ts';
import type { ReachGrant } from '../targets/target-record.ts';
import { jsonOf, lineOfText, moment, wholeOrNull, wordsOf, type ReadRow } from './record-fields.ts';
import type { ReachGrantsTable } from './tables.ts';
import { osUsers, services } from './target-row.ts';

const pattern = z.string().refine((text) => patternProblem(text) === undefined, 'is no pattern');

const storedGrant = z.object({
  id: z.string().refine(isGrantId),
  principal: lineOfText.min(1),
  env_patterns: jsonOf(z.array(pattern).min(1).max(1000)),
  owner: lineOfText.min(1).nullable(),
  services,
  os_users: osUsers,
  expires_at: moment.nullable(),
  created_at: moment,
  created_by: lineOfText,
});

export function toReachGrantRow(grant: ReachGrant): ReachGrantsTable {
  return {
    id: grant.id,
    principal: grant.principal,
    env_patterns: JSON.stringify(grant.envPatterns),
    owner: grant.owner ?? null,
    services: JSON.stringify(grant.services),
    os_users: JSON.stringify(grant.osUsers),
    expires_at: wholeOrNull(grant.expiresAt),
    created_at: Math.trunc(grant.createdAt),
    created_by: grant.createdBy,
  };
}

export function fromReachGrantRow(row: unknown): ReadRow<ReachGrant> {
  const parsed = storedGrant.safeParse(row);
  if (!parsed.success) return { ok: false, problem: wordsOf(parsed.error) };
  const stored = parsed.data;
  return {
    ok: true,
    record: {
      id: stored.id,
      principal: stored.principal,
      envPatterns: stored.env_patterns,
      services: stored.services,
      osUsers: stored.os_users,
      createdAt: stored.created_at,
      createdBy: stored.created_by,
      ...(stored.owner !== null && { owner: stored.owner }),
      ...(stored.expires_at !== null && { expiresAt: stored.expires_at }),
    },
  };
}
