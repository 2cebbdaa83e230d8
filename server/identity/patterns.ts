/**
 * Whether every name that matches the pattern also matches one of the others: never true when that is not so. False, too, for what only
 * several of the others cover together.
 */
export function patternWithin(pattern: string, others: readonly string[]): boolean {
  const wanted = inOneOrder(pattern);
  return others.some((other) => covers(inOneOrder(other), wanted));
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

/** Matches a pattern against a pattern, whose own star only a star can take, and whose `?` only a `?` or a star. */
function covers(other: string, wanted: string): boolean {
  let at = 0;
  let star = -1;
  let retry = 0;
  for (let i = 0; i < wanted.length;) {
    const taker = other[at];
    const given = wanted[i];
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
  while (other[at] === '*') at++;
  return at === other.length;
}

/** A name that matches the pattern, as an example for people. */
export function exampleOf(pattern: string): string {
  if (pattern === '*') return 'pr-1';
  const example = pattern.replace(/\*+/g, '1').replaceAll('?', '1');
  return example;
}
