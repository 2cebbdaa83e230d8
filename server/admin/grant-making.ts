import type { AuditDetail } from '../store/audit-entry.ts';
import type { GrantKind, NewGrant } from '../access/grant-record.ts';
import { newGrantId } from '../access/record-ids.ts';
import type { Call } from './answer.ts';
import { auditOf } from './command-audit.ts';
import { placeName, type SharedPlace } from './shared-place.ts';
import type { VisitServices } from './visit-services.ts';

/** What is given out beside the place. */
export type Given = Partial<Pick<NewGrant, 'name' | 'expiresAt' | 'emails' | 'maxUses' | 'hash'>>;

/** Something new that opens a place. */
export function newGrant(
  kind: GrantKind,
  { env, service, owner }: Pick<SharedPlace, 'env' | 'service' | 'owner'>,
  made: { readonly by: string; readonly at: number; readonly given?: Given },
): NewGrant {
  return {
    id: newGrantId(),
    kind,
    env,
    service,
    owner,
    createdAt: made.at,
    createdBy: made.by,
    name: '',
    expiresAt: undefined,
    emails: [],
    maxUses: undefined,
    hash: undefined,
    ...made.given,
  };
}

/** Writes it down with its line of the audit, which holds nothing that opens it. Rejects as the store does. */
export async function give(
  call: Call<unknown>,
  { grants }: Pick<VisitServices, 'grants'>,
  { grant, action }: { readonly grant: NewGrant; readonly action: string },
): Promise<void> {
  const { id, name, expiresAt, emails, maxUses } = grant;
  const detail: AuditDetail = {
    id,
    ...(name !== '' && { name }),
    ...(expiresAt !== undefined && { until: new Date(expiresAt).toISOString() }),
    ...(emails.length > 0 && { emails }),
    ...(maxUses !== undefined && { maxUses }),
  };
  await grants.change([{ kind: 'add', grant }], auditOf(call, { action, target: placeName(grant), detail }));
}
