import { matchesPattern } from '../../core/env-pattern.ts';

/**
 * Whether every name that matches the pattern also matches one of the others: never true when that is not so. False, too, for what only
 * several of the others cover together.
 */
export function patternWithin(pattern: string, others: readonly string[]): boolean {
  const wanted = inOneOrder(pattern);
  return others.some((other) => matchesPattern(inOneOrder(other), wanted));
}

/** The first of the patterns that is not within the others. */
export function patternOutside(patterns: readonly string[], others: readonly string[]): string | undefined {
  return patterns.find((pattern) => !patternWithin(pattern, others));
}

/** `*?` and `?*` and `?**` are the same: the single ones first, then one star. */
function inOneOrder(pattern: string): string {
  return pattern.replace(
    /[*?]*\*[*?]*/g,
    (run) => '?'.repeat(run.length - run.replaceAll('?', '').length) + '*',
  );
}

/** A name that matches the pattern, as an example for people. */
export function exampleOf(pattern: string): string {
  if (pattern === '*') return 'pr-1';
  return pattern.replace(/\*+/g, '1').replaceAll('?', '1');
}
