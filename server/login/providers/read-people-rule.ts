import { z } from 'zod';
import { patternProblem } from '../../../core/env-pattern.ts';
import { readBy, type EntryProblem, type ReadEntry } from './entry-problem.ts';
import type { PeopleRule } from './people-rule.ts';

const maxPatterns = 256;
const longestPattern = 256;

/** One text, or a list of them. */
function patterns(example: string): z.ZodType<readonly string[] | undefined> {
  const wrong = `takes a list of patterns, such as ["${example}"]`;
  const list = z
    .array(z.string(wrong), wrong)
    .min(1, wrong)
    .max(maxPatterns, `has more than ${String(maxPatterns)} patterns`);
  return z.preprocess((value) => (typeof value === 'string' ? [value] : value), list.optional());
}

const truth = z.boolean('is true or false').optional();

const schema = z.strictObject({
  provider: z.string('takes the name of one provider').optional(),
  email: patterns('*@example.com'),
  domain: patterns('example.com'),
  groups: patterns('eng-*'),
  everyone: truth,
  team: truth,
  env: patterns('pr-*'),
  admin: truth,
});

const known = Object.keys(schema.shape);

/** Reads one `[[people]]`, and finds everything that is wrong with it. */
export function readPeopleRule(entry: unknown): ReadEntry<PeopleRule> {
  const read = readBy(schema, entry, known);
  if ('problems' in read) return read;
  const { value } = read;
  const { provider, everyone = false, team = true, admin = false } = value;
  const [email, domain] = [lowerCase(value.email), lowerCase(value.domain)];
  const { groups, env: envPatterns = [] } = value;
  const problems: EntryProblem[] = [
    ...wrongPatterns('email', email, emailProblem),
    ...wrongPatterns('domain', domain, domainProblem),
    ...wrongPatterns('groups', groups, groupProblem),
    ...wrongPatterns('env', envPatterns, patternProblem),
    ...conditionProblems({ everyone, hasConditions: (email ?? domain ?? groups) !== undefined }),
  ];
  if (problems.length > 0) return { problems };
  return { value: { provider, email, domain, groups, everyone, team, envPatterns, admin } };
}

/** Who writes nothing by mistake must not let in the world. */
function conditionProblems({
  everyone,
  hasConditions,
}: {
  everyone: boolean;
  hasConditions: boolean;
}): EntryProblem[] {
  if (everyone && hasConditions)
    return [{ key: 'everyone', text: 'everyone = true takes no email, domain or groups beside it' }];
  if (everyone || hasConditions) return [];
  return [
    {
      key: undefined,
      text: 'needs email, domain or groups; for everybody whom the provider knows write everyone = true',
    },
  ];
}

function wrongPatterns(
  key: string,
  given: readonly string[] | undefined,
  problemOf: (pattern: string) => string | undefined,
): EntryProblem[] {
  return (given ?? []).flatMap((pattern) => {
    const text = problemOf(pattern);
    return text === undefined ? [] : [{ key, text }];
  });
}

function emailProblem(pattern: string): string | undefined {
  if (isTooWide(pattern.replace('@', ''))) return tooWide;
  const [name, domain, ...more] = pattern.split('@');
  const isAddress = domain !== undefined && more.length === 0 && name !== '' && isWord(pattern);
  if (!isAddress) return 'takes addresses such as ana@example.com or *@example.com';
  return isSpelledOut(domain) ? undefined : notSpelledOut;
}

function domainProblem(pattern: string): string | undefined {
  if (isTooWide(pattern)) return tooWide;
  if (!isWord(pattern) || pattern.includes('@')) return 'takes domains such as example.com or *.example.com';
  return isSpelledOut(pattern) ? undefined : notSpelledOut;
}

/** `*example.com` is `evil-example.com` as well, and anybody can have a name below `*.com`. */
function isSpelledOut(domain: string): boolean {
  const name = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
  return new RegExp(`^(?:${name}(?:\\.${name})*|[a-z0-9*?.-]*\\.${name}\\.${name})$`).test(domain);
}

const notSpelledOut = 'must end in a domain of somebody, such as example.com or *.example.com';

function groupProblem(pattern: string): string | undefined {
  if (isTooWide(pattern)) return tooWide;
  return pattern.length > longestPattern ? 'is too long' : undefined;
}

const tooWide = 'matches everybody: if that is meant, write everyone = true in its place';

function isTooWide(pattern: string): boolean {
  return /^[*?]*$/.test(pattern);
}

function isWord(pattern: string): boolean {
  return pattern.length <= longestPattern && /^[\x21-\x7e]+$/.test(pattern);
}

function lowerCase(texts: readonly string[] | undefined): readonly string[] | undefined {
  return texts?.map((text) => text.toLowerCase());
}
