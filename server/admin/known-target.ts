import { didYouMean } from '../../core/suggest.ts';
import type { Identity } from '../identity/identity.ts';
import { findTarget } from '../targets/target-names.ts';
import type { TargetRecord } from '../targets/target-record.ts';
import { failed, notAllowed, type Answer, type Call } from './answer.ts';
import { auditOf } from './command-audit.ts';
import type { GateServices } from './gate-services.ts';
import { first, maxCompared, mayDecide } from './owned-environment.ts';

type Asked = Pick<Call<unknown>, 'caller' | 'now'>;
type Finding = Pick<GateServices, 'book' | 'reach' | 'environments' | 'envNameOf'>;

/** The machine that a text names, if the caller may know of it; another one is answered like one that is not there. */
export function seenTarget(call: Asked, services: Finding, text: string): TargetRecord | Answer {
  const found = named(call, services, text);
  if (found !== undefined && maySee(call, services, found)) return found;
  return failed(unknownTarget(call, services, text));
}

/** The same, of one that the caller may change: its owner with a key that is good for its environment, or an administrator. */
export function ownTarget(
  call: Asked,
  services: Finding & Pick<GateServices, 'audit'>,
  { target: text, action }: { readonly target: string; readonly action: string },
): TargetRecord | Answer {
  const target = named(call, services, text);
  if (target !== undefined && mayDecide(call.caller.identity, target)) return target;
  services.audit.record({ ...auditOf(call, { action, target: target?.name ?? text }), result: 'refused' });
  if (target === undefined || !maySee(call, services, target))
    return failed(unknownTarget(call, services, text));
  return notAllowed(
    target.owner === call.caller.identity.principal
      ? `${target.name} is yours, but this key may not use the name ${target.env}: ask with another key`
      : `${target.name} is ${target.owner}'s: only they and administrators may change it`,
  );
}

/** Whether somebody may know of a machine: its owner, whoever reaches it, and administrators. */
export function maySee(call: Asked, services: Finding, target: TargetRecord): boolean {
  const { role, principal } = call.caller.identity;
  return role === 'admin' || target.owner === principal || mayReach(call, services, target);
}

/** Whether somebody may log in there, by whichever gate. */
export function mayReach({ caller, now }: Asked, services: Finding, target: TargetRecord): boolean {
  const { book, reach, environments } = services;
  const { id, env } = target;
  const owner = environments.view(env)?.owner;
  const by = (user: string): boolean =>
    reach.decide({ identity: caller.identity, user, env, owner, service: 'ssh', target: id, now }).kind ===
    'allowed';
  const { fingerprint } = caller.identity;
  for (const { name, keys, targets } of book.gates()) {
    // Not asked in vain: there may be many.
    const isFor = targets === 'any' || targets.includes(id);
    const takes = keys === 'any' || keys.some((key) => key.fingerprint === fingerprint);
    if (isFor && takes && by(name)) return true;
  }
  return false;
}

/** As it is spelt, or as the environment of that branch is called. */
function named({ caller }: Asked, { book, envNameOf }: Finding, text: string): TargetRecord | undefined {
  return findTarget(book, text) ?? book.targetNamed(envNameOf(caller.identity, text));
}

function unknownTarget(call: Asked, services: Finding, text: string): string {
  const known = first(services.book.targets(), maxCompared).filter((each) => maySee(call, services, each));
  const hint = didYouMean(
    text,
    known.map(({ name }) => name),
  );
  return `there is no machine ${text}${whose(call.caller.identity)}${hint}`;
}

function whose({ role }: Identity): string {
  if (role === 'admin') return '';
  return role === 'machine' ? ' of yours' : ' that you own or may reach';
}
