import type { Call } from './answer.ts';
import type { GateServices } from './gate-services.ts';
import { mayDecide } from './owned-environment.ts';

/** Whether somebody may know of a session through the gate, and end it: their own, one to an environment of theirs, or as an administrator. */
export function maySeeJump(
  { principal, env }: { readonly principal: string | undefined; readonly env: string },
  { caller: { identity } }: Pick<Call<unknown>, 'caller'>,
  { environments }: Pick<GateServices, 'environments'>,
): boolean {
  if (identity.role === 'admin' || principal === identity.principal) return true;
  const owner = environments.view(env)?.owner;
  return owner !== undefined && mayDecide(identity, { env, owner });
}
