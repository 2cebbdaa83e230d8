import { patternProblem } from '../../core/env-pattern.ts';
import { quote } from '../../core/quote.ts';
import { didYouMean } from '../../core/suggest.ts';
import { formatDuration, parseDuration } from '../../core/units.ts';
import type { Role } from '../identity/identity.ts';
import { issuerProblem } from './issuer-address.ts';
import type { EnvRule, Policy, Wanted } from './policy.ts';
import { defaultPrincipal } from './public-issuers.ts';
import { parseTemplate, type Template } from './template.ts';
import { readClaims, tooWide } from './wanted-claims.ts';

const known = [
  'name',
  'issuer',
  'audience',
  'claims',
  'env',
  'role',
  'visit',
  'max-ttl',
  'max-token-age',
  'principal',
];
const roles: readonly Role[] = ['machine', 'member', 'admin'];
const dayMs = 86_400_000;
const minuteMs = 60_000;
const defaultTtlMs = 3_600_000;
const maxEnvPatterns = 64;

/** Something that is wrong with an entry: of one of its keys, if that can be told. */
export interface PolicyProblem {
  readonly key: string | undefined;
  readonly text: string;
}

export type ReadPolicy = { readonly policy: Policy } | { readonly problems: readonly PolicyProblem[] };

/** Reads one entry as TOML gave it, and finds everything that is wrong with it. `audience` is what it means when it says nothing. */
export function readPolicy(entry: Readonly<Record<string, unknown>>, audience: string): ReadPolicy {
  return new PolicyReading(entry).read(audience);
}

class PolicyReading {
  readonly #entry: Readonly<Record<string, unknown>>;
  readonly #problems: PolicyProblem[] = [];

  constructor(entry: Readonly<Record<string, unknown>>) {
    this.#entry = entry;
  }

  read(defaultAudience: string): ReadPolicy {
    for (const key of Object.keys(this.#entry))
      if (!known.includes(key)) this.#wrong(key, `unknown key${didYouMean(key, known)}`);
    const name = this.#name();
    const issuer = this.#issuer();
    const claims = this.#claims(issuer);
    const policy: Policy = {
      name,
      issuer,
      claims,
      audience: this.#audience(defaultAudience),
      env: this.#env(),
      role: this.#role(claims),
      visit: this.#visit(),
      maxTtlMs: this.#duration('max-ttl', defaultTtlMs),
      maxTokenAgeMs: this.#duration('max-token-age', dayMs),
      principal: this.#principal(name, issuer),
    };
    return this.#problems.length === 0 ? { policy } : { problems: this.#problems };
  }

  #name(): string {
    const { name } = this.#entry;
    if (typeof name === 'string' && /^[A-Za-z0-9][\w.-]{0,62}$/.test(name)) return name;
    this.#wrong('name', 'a name is needed, of letters, digits, dots, hyphens and underscores');
    return 'nameless';
  }

  #issuer(): string {
    const issuer = this.#text('issuer') ?? '';
    const problem = issuerProblem(issuer);
    if (problem !== undefined) this.#wrong('issuer', problem);
    return issuer;
  }

  #audience(otherwise: string): string {
    const audience = this.#text('audience') ?? otherwise;
    if (audience === '' || /[^\x21-\x7e]/.test(audience))
      this.#wrong('audience', 'is one word, such as a URL');
    return audience;
  }

  #claims(issuer: string): ReadonlyMap<string, readonly Wanted[]> {
    const { claims, problems } = readClaims(this.#entry['claims']);
    for (const problem of problems) this.#wrong('claims', problem);
    const wide = problems.length === 0 ? tooWide(issuer, claims) : undefined;
    if (wide !== undefined) this.#wrong('claims', wide);
    return claims;
  }

  #env(): readonly EnvRule[] {
    const given = this.#entry['env'];
    const texts = typeof given === 'string' ? [given] : given;
    if (!Array.isArray(texts) || texts.length === 0 || texts.length > maxEnvPatterns) {
      this.#wrong('env', 'is needed: the environments that may be claimed, such as ["pr-*"]');
      return [];
    }
    return texts.flatMap((text: unknown) => {
      const rule = typeof text === 'string' ? envRule(text) : { problem: 'takes texts, such as ["pr-*"]' };
      if (!('problem' in rule)) return [rule];
      this.#wrong('env', rule.problem);
      return [];
    });
  }

  #role(claims: Policy['claims']): Role {
    const text = this.#text('role') ?? 'machine';
    const role = roles.find((each) => each === text);
    if (role === undefined) this.#wrong('role', `must be one of ${roles.join(', ')}`);
    if (
      role === 'admin' &&
      [...claims.values()].flat().some((wanted) => typeof wanted === 'string' && /[*?]/.test(wanted))
    )
      this.#wrong('role', 'admin is only for claims that are spelled out: this policy has wildcards in them');
    return role ?? 'machine';
  }

  #visit(): boolean {
    const { visit = false } = this.#entry;
    if (typeof visit === 'boolean') return visit;
    this.#wrong('visit', 'takes true or false');
    return false;
  }

  #duration(key: string, otherwiseMs: number): number {
    const text = this.#text(key);
    if (text === undefined) return otherwiseMs;
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= minuteMs && ms <= dayMs) return ms;
    const range = `from ${formatDuration(minuteMs)} to ${formatDuration(dayMs)}`;
    this.#wrong(key, `${quote(text)} is not a duration ${range}, such as 30m (minutes) or 2h`);
    return otherwiseMs;
  }

  #principal(name: string, issuer: string): Template {
    const text = this.#text('principal') ?? defaultPrincipal(issuer, name);
    const template = parseTemplate(text);
    const problem = template.ok ? principalProblem(template.value) : template.problem;
    if (problem !== undefined) this.#wrong('principal', problem);
    return template.ok ? template.value : { before: '', claim: undefined, after: '' };
  }

  /** Undefined when it is not there, or was complained of. */
  #text(key: string): string | undefined {
    const value = this.#entry[key];
    if (value === undefined || typeof value === 'string') return value;
    this.#wrong(key, 'takes one text');
    return undefined;
  }

  #wrong(key: string, text: string): void {
    this.#problems.push({ key, text });
  }
}

/** A claim gives one whole name, which the gateway makes a valid one of: what is in it can never be a wildcard. */
function envRule(text: string): EnvRule | { problem: string } {
  if (!text.includes('${')) {
    const problem = patternProblem(text);
    return problem === undefined ? { kind: 'pattern', pattern: text } : { problem };
  }
  const template = parseTemplate(text);
  if (!template.ok) return template;
  if (/[*?]/.test(template.value.before + template.value.after))
    return {
      problem: `${quote(text)}: a pattern with a claim in it names one environment; it has no wildcards`,
    };
  return { kind: 'claim', template: template.value };
}

/** What others own must be out of reach of what a token says of itself. */
function principalProblem({ before, claim, after }: Template): string | undefined {
  if (/[^\x21-\x7e]/.test(before + after) || before.length + after.length > 128)
    return 'is a word of printable ASCII, at most 128 characters long';
  if (/^(?:cert|SHA256):/i.test(before))
    return 'may not begin with cert: or SHA256:, which have a meaning already';
  if (claim === undefined) return before === '' ? 'is empty' : undefined;
  if (/^[A-Za-z0-9][\w.-]*:/.test(before)) return undefined;
  return `begins with a word and a colon when it has a claim in it, such as shop:\${${claim}}: what a token says can then be no other's name`;
}
