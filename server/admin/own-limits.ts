import type { Access } from '../../core/forward.ts';
import { formatTime } from '../../core/moment.ts';
import { isWider } from '../../core/openness.ts';
import type { Identity, Role } from '../identity/identity.ts';
import { patternOutside } from '../identity/patterns.ts';
import { isAtLeast } from './key-selection.ts';

/** What a key gives to whoever holds it. */
export interface Powers {
  readonly role: Role;
  readonly envPatterns: readonly string[];
  /** Without one what the gateway allows. */
  readonly widestAccess?: Access | undefined;
  /** Milliseconds since the epoch; never without one. */
  readonly expiresAt?: number | undefined;
}

/**
 * Why somebody may not give what is asked for; undefined when they may. Nobody but an administrator gives more than they have, or for longer
 * than what they logged in with is good.
 */
export function beyondOwn(identity: Identity, powers: Powers): string | undefined {
  if (identity.role === 'admin') return undefined;
  if (!isAtLeast(identity.role, powers.role))
    return `you are a ${identity.role}, and cannot make anything ${powers.role}`;
  const outside = patternOutside(powers.envPatterns, identity.envPatterns);
  if (outside !== undefined)
    return `the pattern ${outside} allows names that you may not use yourself: yours are ${told(identity.envPatterns)}`;
  const { widestAccess: own = 'public' } = identity;
  if (isWider(powers.widestAccess ?? 'public', own))
    return `what you offer may be ${own} at most, and so may what others offer by your leave`;
  return outlives(identity, powers.expiresAt);
}

/** Why it would be good for too long; undefined when it would not. */
function outlives({ expiresAt: own, source }: Identity, asked: number | undefined): string | undefined {
  if (own === undefined || (asked !== undefined && asked <= own)) return undefined;
  const what = source.kind === 'certificate' ? 'certificate' : 'key';
  return `it cannot be good for longer than the ${what} that you log in with, which expires ${formatTime(own)}`;
}

function told(patterns: readonly string[]): string {
  return patterns.length === 0 ? 'none' : patterns.slice(0, 8).join(', ');
}
