import type { z } from 'zod';
import { didYouMean } from '../../../core/suggest.ts';

/** Something that is wrong with an entry of the login file: with one of its keys, if that can be told. */
export interface EntryProblem {
  readonly key: string | undefined;
  readonly text: string;
}

export type ReadEntry<T> = { readonly value: T } | { readonly problems: readonly EntryProblem[] };

/** Reads an entry by its schema, and tells everything that is wrong with it. Never what a value is: it may be a secret. */
export function readBy<T>(schema: z.ZodType<T>, entry: unknown, known: readonly string[]): ReadEntry<T> {
  const read = schema.safeParse(entry);
  if (read.success) return { value: read.data };
  return { problems: read.error.issues.flatMap((issue) => problemsOf(issue, known)) };
}

function problemsOf(issue: z.core.$ZodIssue, known: readonly string[]): EntryProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ key, text: `unknown key${didYouMean(key, known)}` }));
  const [key] = issue.path;
  return [{ key: key === undefined ? undefined : String(key), text: issue.message }];
}
