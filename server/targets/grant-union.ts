import type { ReachGrant } from './target-record.ts';

/** Later than any. */
const never = Number.MAX_SAFE_INTEGER;

export interface GrantUnion {
  /** The id of the grant that lasts longest. */
  readonly by: string;
  /** When they let in fewer, or nobody: milliseconds since the epoch. */
  readonly until: number | undefined;
  readonly osUsers: 'any' | readonly string[];
}

/** What several grants allow together at that moment: the most generous of each. Undefined if none of them is good any more. */
export function unionOf(grants: readonly ReachGrant[], now: number): GrantUnion | undefined {
  const good = grants.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  const [longest] = good.toSorted((a, b) => endOf(b) - endOf(a));
  if (longest === undefined) return undefined;
  const forAnybody = good.filter(({ osUsers }) => osUsers.length === 0);
  if (forAnybody.length > 0) return { by: longest.id, until: lastOf(forAnybody), osUsers: 'any' };
  const osUsers = [...new Set(good.flatMap((grant) => grant.osUsers))];
  const ends = osUsers.map((user) => lastOf(good.filter((grant) => grant.osUsers.includes(user))));
  return { by: longest.id, until: soonest(...ends), osUsers };
}

/** The earliest of some moments, of which those that are not there never come. */
export function soonest(...moments: readonly (number | undefined)[]): number | undefined {
  const first = Math.min(...moments.map((moment) => moment ?? Infinity));
  return first === Infinity ? undefined : first;
}

/** Something is granted until the last of the grants for it ends. */
function lastOf(grants: readonly ReachGrant[]): number | undefined {
  const last = Math.max(...grants.map(endOf));
  return last === never ? undefined : last;
}

function endOf({ expiresAt }: ReachGrant): number {
  return expiresAt ?? never;
}
