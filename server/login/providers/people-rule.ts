import { matchesPattern } from '../../../core/env-pattern.ts';
import type { PersonAccount } from '../../access/people-rules.ts';
import type { Viewer } from '../../access/viewer.ts';

/** One `[[people]]` of the login file: whom it is for, and what they may see. */
export interface PeopleRule {
  /** Undefined for any. */
  readonly provider: string | undefined;
  /** Patterns, addresses and domains in lower case. Whatever is given must hold, by one pattern at least. */
  readonly email: readonly string[] | undefined;
  readonly domain: readonly string[] | undefined;
  readonly groups: readonly string[] | undefined;
  /** Where nothing of that is given: everybody whom the provider knows. */
  readonly everyone: boolean;
  readonly team: boolean;
  readonly envPatterns: readonly string[];
  readonly admin: boolean;
}

export interface PersonAtProvider {
  readonly person: PersonAccount;
  /** Whether an address counts for its domain only if the provider says that the account belongs there, as Google does. */
  readonly needsHostedDomain: boolean;
}

/** Whether the rule is for the person. A rule without conditions is for nobody, unless it says that it is for everyone. */
export function isFor(rule: PeopleRule, asked: PersonAtProvider): boolean {
  const { person } = asked;
  if (rule.provider !== undefined && rule.provider !== person.provider) return false;
  const { email, domain, groups } = rule;
  if (email === undefined && domain === undefined && groups === undefined) return rule.everyone;
  return (
    (email === undefined || matchesAny(email, person.email)) &&
    (domain === undefined || isOfDomain(domain, asked)) &&
    (groups === undefined || person.groups.some((group) => matchesAny(groups, group)))
  );
}

/** What all of the rules together let a person see. Whom none is for is known by the address only: links may invite them. */
export function viewerBy(rules: readonly PeopleRule[], asked: PersonAtProvider): Viewer {
  const own = rules.filter((rule) => isFor(rule, asked));
  return {
    member: own.some(({ team }) => team),
    admin: own.some(({ admin }) => admin),
    principal: undefined,
    envPatterns: [...new Set(own.flatMap(({ envPatterns }) => envPatterns))],
    email: asked.person.email,
  };
}

function isOfDomain(patterns: readonly string[], { person, needsHostedDomain }: PersonAtProvider): boolean {
  const domain = person.email?.slice(person.email.lastIndexOf('@') + 1);
  if (!matchesAny(patterns, domain)) return false;
  return !needsHostedDomain || matchesAny(patterns, person.hostedDomain);
}

function matchesAny(patterns: readonly string[], text: string | undefined): boolean {
  return text !== undefined && patterns.some((pattern) => matchesPattern(pattern, text));
}
