import type { TargetRecord } from './target-record.ts';

/** What a machine shows of itself. */
export interface Shown {
  readonly hostKeys: readonly string[];
  /** The fingerprint of the key that it dialled in with. */
  readonly machineKey: string;
}

export interface Claim extends Shown {
  readonly env: string;
  readonly owner: string;
}

/** What the record and the live tunnels say about the UUID that is claimed. */
export interface Claimed {
  readonly target: TargetRecord;
  /** What each other live tunnel of it has shown. */
  readonly others: readonly Shown[];
}

export type Verdict =
  /** `moved`: from another environment. `unconfirmed`: what it shows is not what is pinned. */
  | { readonly kind: 'known' | 'moved' | 'unconfirmed' }
  | { readonly kind: 'conflict' | 'refused'; readonly reason: string };

/**
 * What to make of a machine that says it is a known target. One that shows what is pinned is never kept out by another that does not: whoever
 * came in its place meanwhile is not it.
 */
export function judgeClaim(claim: Claim, { target, others }: Claimed): Verdict {
  if (target.owner !== claim.owner)
    return { kind: 'refused', reason: `the id ${target.id} is that of a machine of somebody else` };
  const isPinned = isAsPinned(claim, target);
  const rivals = isPinned ? others.filter((other) => isAsPinned(other, target)) : others;
  if (target.env !== claim.env && rivals.length > 0)
    return { kind: 'conflict', reason: `the machine ${target.id} is online as ${target.env} at this moment` };
  if (isPinned) return { kind: target.env === claim.env ? 'known' : 'moved' };
  if (rivals.some((rival) => isOther(rival, claim)) && !hasPinnedKeys(claim, target))
    return { kind: 'conflict', reason: `another machine is online as ${target.id} at this moment` };
  return { kind: 'unconfirmed' };
}

/** Whether it shows nothing but what is pinned. A target that was added by hand has no key of its own yet. */
export function isAsPinned(shown: Shown, target: TargetRecord): boolean {
  const isSameKey = target.machineKey === undefined || target.machineKey === shown.machineKey;
  return isSameKey && hasPinnedKeys(shown, target);
}

function hasPinnedKeys({ hostKeys }: Shown, target: TargetRecord): boolean {
  return hostKeys.every((line) => target.hostKeys.includes(line));
}

/** Two with one host key in common are one: it may show more of them than before. */
export function isOther(one: Shown, two: Shown): boolean {
  return !one.hostKeys.some((line) => two.hostKeys.includes(line));
}
