import { z } from 'zod';
import { isStorableText } from './node-sqlite-dialect.ts';

/** Milliseconds since the epoch, as far as a Date reaches. */
export const moment = z.int().min(0).max(8.64e15);

/** One line. */
export const lineOfText = z
  .string()
  .max(4096)
  .regex(/^[^\p{Cc}]*$/u, 'has control characters');

/** What of a text can stand in such a line, and comes back as it was stored. */
export function storableLine(text: string, maxLength: number): string {
  const line = text.toWellFormed().replace(/\p{Cc}/gu, ' ');
  const cut = line.slice(0, maxLength).toWellFormed();
  return isStorableText(cut) ? cut : '';
}

export function wholeOrNull(value: number | undefined): number | null {
  return value === undefined ? null : Math.trunc(value);
}

export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** A text of JSON, as what is written there. */
export function jsonOf<T>(schema: z.ZodType<T>): z.ZodType<T> {
  return z.string().max(1_048_576).transform(parseJson).pipe(schema);
}

type WithoutNull<T> = { readonly [K in keyof T]?: Exclude<T[K], null> };

/** What is there of them: a record has no field for what is not. */
export function withoutNull<T extends object>(fields: T): WithoutNull<T> {
  const there = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(there) as WithoutNull<T>;
}

/** What is wrong with a row, and not what is in it: that may be secret. */
export function wordsOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join('; ');
}

/** A row that anybody may have edited: all of it makes sense, or none of it counts. */
export type ReadRow<T> =
  { readonly ok: true; readonly record: T } | { readonly ok: false; readonly problem: string };
