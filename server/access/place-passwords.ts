import { grantProblem, type GrantRecord, type Grants } from './grant-record.ts';
import { verifyPassword, wasteTime } from './passwords.ts';
import type { Place } from './viewer.ts';

/** The passwords that open a place now: that of its service, and that of the environment. */
export function passwordsOf(
  place: Place,
  { grants, nowMs }: { readonly grants: Pick<Grants, 'ofEnv'>; readonly nowMs: number },
): readonly GrantRecord[] {
  return grants
    .ofEnv(place.env)
    .filter((grant) => grant.kind === 'password' && grantProblem(grant, place, nowMs) === undefined);
}

/**
 * Which of a place's passwords it is. For a wrong one as many steps as such a place can have passwords: nobody learns from the time how many it has. Rejects with
 * `ERR_BUSY`.
 */
export async function findPassword(
  password: string,
  place: Place,
  passwords: readonly GrantRecord[],
): Promise<GrantRecord | undefined> {
  const steps = Math.max(place.service === undefined ? 1 : 2, passwords.length);
  for (let step = 0; step < steps; step += 1) {
    const grant = passwords[step];
    if (grant === undefined) await wasteTime(password);
    else if (await verifyPassword(password, grant.hash ?? '')) return grant;
  }
  return undefined;
}
