/**
 * What separates the parts of a claim: `acme/shop`, `refs/heads/main`, `repo:acme/shop:ref:refs/heads/main`. `*` stays within a part, so that a pattern
 * for one thing does not reach into the next.
 */
const separators = '/:';

type Step =
  | { readonly kind: 'literal'; readonly character: string }
  /** `?`: one character of a part. */
  | { readonly kind: 'one' }
  /** `*`: any run of characters of a part, also none. */
  | { readonly kind: 'run' }
  /** `**`: any run of characters. */
  | { readonly kind: 'all' };

/**
 * Whether a claim's text matches a pattern, from its first character to its last, in the same case. Each character of the text costs at most one look at
 * each of the pattern.
 */
export function matchesClaim(pattern: string, text: string): boolean {
  const steps = stepsOf(pattern);
  let at = reach(steps, new Set([0]));
  for (const character of text) at = reach(steps, advance(steps, at, character));
  return at.has(steps.length);
}

/** Whether everything matches it, or everything without separators. */
export function matchesAnything(pattern: string): boolean {
  return /^[*?]*$/.test(pattern);
}

export function isExact(pattern: string): boolean {
  return !/[*?]/.test(pattern);
}

/** What each text that matches begins with. */
export function literalStart(pattern: string): string {
  return pattern.split(/[*?]/, 1).join('');
}

function stepsOf(pattern: string): readonly Step[] {
  return Array.from(pattern.matchAll(/\*\*+|\*|\?|[^*?]/gsu), ([text]): Step => {
    if (text === '?') return { kind: 'one' };
    if (text === '*') return { kind: 'run' };
    return text.startsWith('*') ? { kind: 'all' } : { kind: 'literal', character: text };
  });
}

/** The places after one more character. */
function advance(steps: readonly Step[], places: ReadonlySet<number>, character: string): Set<number> {
  const next = new Set<number>();
  for (const place of places) {
    const step = steps[place];
    if (step === undefined || !takes(step, character)) continue;
    next.add(step.kind === 'run' || step.kind === 'all' ? place : place + 1);
  }
  return next;
}

function takes(step: Step, character: string): boolean {
  if (step.kind === 'literal') return step.character === character;
  return step.kind === 'all' || !separators.includes(character);
}

/** A run may be empty: the place after it is reached with it. */
function reach(steps: readonly Step[], places: Set<number>): Set<number> {
  for (const place of places) {
    const kind = steps[place]?.kind;
    if (kind === 'run' || kind === 'all') places.add(place + 1);
  }
  return places;
}
