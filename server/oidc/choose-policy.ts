import { quote } from '../../core/quote.ts';
import { envSlug } from '../../core/names.ts';
import { matchesClaim } from './claim-pattern.ts';
import type { Grant, Policy, Wanted } from './policy.ts';
import { fillTemplate } from './template.ts';

/** The claims of a token whose signature, times and issuer are right. */
export type Claims = Readonly<Record<string, unknown>>;

export type Choice =
  | { readonly kind: 'granted'; readonly grant: Grant }
  /** `why` is for the log: what kept each policy of the issuer from fitting. */
  | { readonly kind: 'none'; readonly isForOthers: boolean; readonly why: readonly string[] };

/** The first policy that fits, in the file's order, decides alone: what others would give is not added to it. */
export function choosePolicy(policies: readonly Policy[], claims: Claims, nowMs: number): Choice {
  const why: string[] = [];
  const ofIssuer = policies.filter(({ issuer }) => issuer === claims['iss']);
  for (const policy of ofIssuer) {
    const result = applyPolicy(policy, claims, nowMs);
    if (typeof result !== 'string') return { kind: 'granted', grant: result };
    why.push(`${policy.name}: ${result}`);
  }
  return { kind: 'none', isForOthers: !ofIssuer.some((policy) => isAudience(policy, claims)), why };
}

/** What the policy gives, or the reason why it does not fit. */
function applyPolicy(policy: Policy, claims: Claims, nowMs: number): Grant | string {
  const problem =
    audienceProblem(policy, claims) ?? ageProblem(policy, claims, nowMs) ?? claimsProblem(policy, claims);
  if (problem !== undefined) return problem;
  const principal = fillTemplate(policy.principal, claims);
  if (principal === undefined) return `the principal needs the claim ${policy.principal.claim ?? ''}`;
  if (principal.length > 255 || /[^\x21-\x7e]/.test(principal))
    return 'the principal would not be a word of printable ASCII';
  const envPatterns = envPatternsFor(policy, claims);
  if (envPatterns.length === 0) return 'the token lacks the claims that name its environments';
  const { name, role, visit, maxTtlMs } = policy;
  return { policy: name, principal, role, envPatterns, visit, maxTtlMs };
}

/** A rule whose claim the token does not have gives nothing. */
function envPatternsFor({ env }: Policy, claims: Claims): string[] {
  const patterns = env.flatMap((rule) => {
    if (rule.kind === 'pattern') return [rule.pattern];
    const text = fillTemplate(rule.template, claims);
    return text === undefined ? [] : [envSlug(text)];
  });
  return [...new Set(patterns)];
}

function isAudience({ audience }: Policy, claims: Claims): boolean {
  return audiencesOf(claims).includes(audience);
}

/**
 * Whoever a token is for can use it: one that is for several would let each of them pass for its owner here, unless it names who it was made for
 * (OpenID Connect Core 1.0, 3.1.3.7).
 */
function audienceProblem(policy: Policy, claims: Claims): string | undefined {
  const { audience } = policy;
  const audiences = audiencesOf(claims);
  if (!audiences.includes(audience))
    return `the audience is ${audiences.map(quote).join(', ')}, not ${quote(audience)}`;
  const party = claims['azp'];
  const isNamed = party === audience || policy.claims.has('azp');
  if (party !== undefined && !isNamed) return 'the token was made for another party (azp)';
  return audiences.length > 1 && !isNamed ? 'the token is for several audiences' : undefined;
}

export function audiencesOf({ aud }: Claims): string[] {
  const all: unknown[] = Array.isArray(aud) ? aud : [aud];
  return [...new Set(all.filter((each) => typeof each === 'string'))];
}

function ageProblem({ maxTokenAgeMs }: Policy, { iat }: Claims, nowMs: number): string | undefined {
  const isYoung = typeof iat === 'number' && nowMs - iat * 1000 <= maxTokenAgeMs;
  return isYoung ? undefined : 'the token was made too long ago';
}

function claimsProblem(policy: Policy, claims: Claims): string | undefined {
  for (const [name, wanted] of policy.claims) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (value === undefined || value === null) return `the token has no claim ${name}`;
    // A list, such as the groups of a user, fits when one of its members does.
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!values.some((each) => wanted.some((one) => fits(each, one))))
      return `the claim ${name} is ${told(value)}`;
  }
  return undefined;
}

function fits(value: unknown, wanted: Wanted): boolean {
  if (typeof wanted !== 'string') return value === wanted;
  return typeof value === 'string' && value.length <= maxClaimLength && matchesClaim(wanted, value);
}

const maxClaimLength = 1024;

/** Numbers in quotes and without are often taken for each other. */
function told(value: unknown): string {
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${String(value)}, not a text`;
  return 'a list or an object';
}
