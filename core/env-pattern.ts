import { maxEnvLength } from './names.ts';
import { quote } from './quote.ts';

/**
 * Whether an environment name matches a pattern. `*` stands for any run of characters, also none, and `?` for one. In place of the name a
 * pattern may stand: of that, only a star takes a star, and only a star or a `?` takes a `?`.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  // Greedy with one place to go back to: never more than pattern times name steps, whatever the pattern.
  let at = 0;
  let star = -1;
  let retry = 0;
  for (let i = 0; i < name.length;) {
    const taker = pattern[at];
    const given = name[i];
    if (taker === '*') {
      star = at++;
      retry = i;
    } else if (given !== '*' && (taker === '?' || taker === given)) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++retry;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** What is wrong with a pattern for environment names; undefined for a good one. One that no valid name can match is a mistake. */
export function patternProblem(pattern: string): string | undefined {
  const about = `pattern ${quote(pattern)}`;
  if (pattern === '') return 'an empty pattern matches no environment; for any name write *';
  if (pattern.includes(',')) return `${about}: give each pattern with its own --env`;
  if (/[A-Z]/.test(pattern)) return `${about} can match no environment: their names are in lower case`;
  if (!/^[a-z0-9*?-]+$/.test(pattern))
    return `${about} can match no environment: names have a-z, 0-9 and single hyphens; * is any run of characters, ? is one`;
  const neverThere = /--|^-|-$/.exec(pattern);
  if (neverThere !== null)
    return `${about} can match no environment: in names a hyphen stands alone and between other characters`;
  const fewest = pattern.replaceAll('*', '').length;
  if (fewest > maxEnvLength || pattern.length > 2 * maxEnvLength)
    return `${about} is too long: names have at most ${String(maxEnvLength)} characters`;
  return pattern === 'xn' ? `${about} can match no environment: the name is reserved` : undefined;
}
