import { grantProblem, type Grants } from '../../access/grant-record.ts';

/** Whether a share link that is good invites the address by name. Whether its environment still has the same owner is asked when it is visited. */
export function isInvited(email: string | undefined, grants: Pick<Grants, 'all'>, nowMs: number): boolean {
  if (email === undefined) return false;
  for (const grant of grants.all())
    if (
      grant.kind === 'link' &&
      grant.emails.includes(email) &&
      grantProblem(grant, grant, nowMs) === undefined
    )
      return true;
  return false;
}
