import type { Difference } from './import-difference.ts';
import type { ImportSource } from './import-source.ts';
import type { SkippedLine } from './key-listing.ts';
import type { ImportCheck, KeptImport } from './kept-import.ts';

/** Whether there is anything to import, or anything that is not there yet. */
export function brings({ missing, returned, unchanged }: Difference, which: 'any' | 'new' = 'any'): boolean {
  return missing.length + returned.length + (which === 'any' ? unchanged.length : 0) > 0;
}

/** Why an import that would bring nothing is none. */
export function bringsNothing(
  { name }: ImportSource,
  { passedOver }: Difference,
  { skipped }: { skipped: readonly SkippedLine[] },
): string {
  const reasons = [
    ...passedOver.map(({ fingerprint, why }) => `${fingerprint}: ${why}`),
    ...skipped.map(({ line, problem }) => `line ${line}: ${problem}`),
  ];
  if (reasons.length === 0) return `${name} lists no keys`;
  return `${name} lists no key that could be imported: ${reasons.join('; ')}`;
}

/** Why keys that a source lists now, and did not before, are not taken. */
export function whyNothingNew(
  { check, source, expiresAt = Infinity }: KeptImport,
  now: number,
): string | undefined {
  if (expiresAt <= now) return 'it lists new keys, but the time until which its keys are good has passed';
  if (check.absentSince === undefined) return undefined;
  const day = new Date(check.absentSince).toISOString().slice(0, 10);
  return `it lists new keys, but there was no such account on ${day}, so it may be somebody else's now; if it is not: key import ${source} --keep`;
}

/** What is known of a source after a look at it: of problems that follow each other the first one's moment. */
export function checkAfter(problems: readonly string[], now: number, before: ImportCheck = {}): ImportCheck {
  const { succeededAt } = before;
  if (problems.length === 0) return { checkedAt: now, succeededAt: now };
  return {
    checkedAt: now,
    ...(succeededAt !== undefined && { succeededAt }),
    problem: problems.join('; '),
    problemSince: before.problemSince ?? now,
  };
}
