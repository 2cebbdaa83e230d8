import type { GrantKind, GrantRecord } from '../access/grant-record.ts';
import { answer, failed, type Answer, type Call } from './answer.ts';
import { auditOf } from './command-audit.ts';
import { mayDecide } from './owned-environment.ts';
import { placeName } from './shared-place.ts';
import type { VisitServices } from './visit-services.ts';

/** `share revoke` and `token revoke`: ends what was given out. Somebody else's is answered like one that never was. */
export async function revokeGrant(
  call: Call<{ id: string }>,
  services: VisitServices,
  { kind, action }: { readonly kind: Exclude<GrantKind, 'password'>; readonly action: string },
): Promise<Answer> {
  const { caller, values, now } = call;
  const grant = services.grants.byId(values.id);
  if (grant?.kind !== kind || !mayDecide(caller.identity, grant)) {
    const refused = auditOf({ caller, now }, { action, target: values.id });
    services.audit.record({ ...refused, result: 'refused' });
    return failed(`there is no ${kind} ${values.id}${caller.identity.role === 'admin' ? '' : ' of yours'}`);
  }
  if (grant.revokedAt !== undefined)
    return answer({ id: grant.id, revoked: true, changed: false }, [
      `${kind} ${grant.id} was revoked already`,
    ]);
  await endGrant(call, services, { grant, action });
  return answer(
    { id: grant.id, env: grant.env, service: grant.service ?? null, revoked: true, changed: true },
    [`revoked ${kind} ${grant.id} of ${placeName(grant)}: what was opened with it ends now`],
  );
}

/** Rejects as the store does. */
export async function endGrant(
  call: Pick<Call<unknown>, 'caller' | 'now'>,
  { grants }: Pick<VisitServices, 'grants'>,
  { grant, action }: { readonly grant: GrantRecord; readonly action: string },
): Promise<void> {
  const { id, name } = grant;
  const detail = { id, ...(name !== '' && { name }) };
  await grants.change(
    [{ kind: 'revoke', id, at: call.now }],
    auditOf(call, { action, target: placeName(grant), detail }),
  );
}
