import { quote } from '../../core/quote.ts';
import { matchesAnything } from './claim-pattern.ts';
import type { Wanted } from './policy.ts';
import { publicIssuer } from './public-issuers.ts';

const maxClaims = 32;
const maxPatterns = 256;
const maxPatternLength = 256;

/** What the gateway looks at itself. */
const ownClaims: Readonly<Record<string, string>> = {
  iss: 'the issuer has its own key: issuer',
  aud: 'the audience has its own key: audience',
  exp: 'the gateway checks it itself',
  nbf: 'the gateway checks it itself',
  iat: 'the gateway checks it itself; max-token-age bounds it',
  jti: 'it is another one in each token',
};

interface ReadClaims {
  readonly claims: ReadonlyMap<string, readonly Wanted[]>;
  readonly problems: readonly string[];
}

/** Reads the table `claims` of a policy: for each claim one value, or several of which one must fit. */
export function readClaims(table: unknown): ReadClaims {
  if (table === undefined)
    return nothing('is needed: without claims every token of the issuer would be let in');
  if (typeof table !== 'object' || table === null || Array.isArray(table) || table instanceof Date)
    return nothing('takes a table, such as { repository_id = "123456" }');
  const entries = Object.entries(table);
  if (entries.length === 0) return nothing('is empty: every token of the issuer would be let in');
  if (entries.length > maxClaims) return nothing(`has more than ${String(maxClaims)} claims`);
  const claims = new Map<string, readonly Wanted[]>();
  const problems: string[] = [];
  for (const [name, value] of entries) {
    const wanted: unknown[] = Array.isArray(value) ? value : [value];
    const found = [claimProblem(name, wanted), ...wanted.map((each) => wantedProblem(name, each))];
    problems.push(...found.filter((problem) => problem !== undefined));
    claims.set(name, wanted.filter(isWanted));
  }
  return { claims, problems };
}

/** Why strangers' tokens would fit, or undefined. */
export function tooWide(issuer: string, claims: ReadonlyMap<string, readonly Wanted[]>): string | undefined {
  const says = (name: string, isEnough: (pattern: string) => boolean): boolean => {
    const wanted = claims.get(name) ?? [];
    return wanted.length > 0 && wanted.every((each) => typeof each === 'string' && isEnough(each));
  };
  const known = publicIssuer(issuer);
  if (known !== undefined) {
    if (Object.entries(known.owners).some(([name, isEnough]) => says(name, isEnough))) return undefined;
    const names = Object.keys(known.owners).join(', ');
    return `would let in everybody who uses ${known.name}: say whose tokens, by one of ${names}, with at least the owner spelled out`;
  }
  const narrows = [...claims.values()].some((wanted) =>
    wanted.every((each) => typeof each !== 'string' || !matchesAnything(each)),
  );
  return narrows
    ? undefined
    : 'would let in every token of the issuer: none of the patterns rules anything out';
}

function claimProblem(name: string, wanted: readonly unknown[]): string | undefined {
  if (Object.hasOwn(ownClaims, name)) return `${name}: ${ownClaims[name] ?? ''}`;
  if (wanted.length === 0) return `${name}: an empty list matches nothing`;
  return wanted.length > maxPatterns ? `${name}: more than ${String(maxPatterns)} values` : undefined;
}

function wantedProblem(name: string, value: unknown): string | undefined {
  if (!isWanted(value)) return `${name}: takes texts, numbers and truth values`;
  if (value === '') return `${name}: an empty text matches nothing`;
  if (typeof value === 'number' && !Number.isFinite(value))
    return `${name}: ${String(value)} is no number that a claim can be`;
  if (typeof value === 'string' && value.length > maxPatternLength)
    return `${name}: ${quote(value)} is too long`;
  return undefined;
}

function isWanted(value: unknown): value is Wanted {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function nothing(problem: string): ReadClaims {
  return { claims: new Map(), problems: [problem] };
}
