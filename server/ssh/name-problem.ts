import { isReservedLabel } from '../../core/names.ts';
import { mayNameEnv, type Identity } from '../identity/identity.ts';

export interface NameFacts {
  readonly env: string;
  readonly identity: Pick<Identity, 'principal' | 'envPatterns'>;
  readonly routes: { mayClaim(env: string, owner: string): boolean };
  /** Whom to ask, in words that follow "ask". */
  readonly contact: string;
}

const maxToldPatterns = 8;
const maxPatternLength = 63;

/** Why this user can offer nothing under an environment name, and what to do; never whose it is. Undefined when they can. */
export function nameProblem({ env, identity, routes, contact }: NameFacts): string | undefined {
  if (isReservedLabel(env))
    return `the name ${env} is reserved: nothing can be offered under it; use another`;
  if (!mayNameEnv(identity, env))
    return `this key may not use the name ${env} (${mayUse(identity.envPatterns)}); for more, ask ${contact}`;
  if (!routes.mayClaim(env, identity.principal)) return takenName(env, contact);
  return undefined;
}

/** The refusal of a name that belongs to another principal. */
export function takenName(env: string, contact: string): string {
  return `the name ${env} belongs to somebody else; use another, or ask ${contact}`;
}

function mayUse(patterns: readonly string[]): string {
  if (patterns.length === 0) return 'it may use none';
  const told = patterns.slice(0, maxToldPatterns).map((pattern) => pattern.slice(0, maxPatternLength));
  const more = patterns.length - told.length;
  return `it may use ${told.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}
