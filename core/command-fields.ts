import { z } from 'zod';
import { patternProblem } from './env-pattern.ts';
import { parseMoment, parseSpan } from './moment.ts';
import type { Parsed } from './parsed.ts';

/** Text without control and direction characters, of a bounded length. */
export const text = (longest: number): z.ZodString =>
  z
    .string()
    .min(1, 'is empty')
    .max(longest, `is longer than ${String(longest)} characters`)
    .regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, 'has control characters');

/** A value as a parser of the core reads it; its problem is the message. */
export function read<T>(parse: (text: string) => Parsed<T>): z.ZodType<T, string> {
  return z.string().transform((value, context): T => {
    const parsed = parse(value);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: 'custom', message: parsed.problem });
    return z.NEVER;
  });
}

/** An option that takes no value. */
export const flag = z.literal(true).optional();
/** A duration, in milliseconds. */
export const span = read(parseSpan);
/** A point in time, before it is known what time it is. */
export const moment = read(parseMoment);

export const principalName = text(128).regex(
  /^[A-Za-z0-9][A-Za-z0-9._@+:-]*$/,
  'may have letters, digits and ._@+:- and begins with a letter or digit',
);

/** Patterns for the names of environments. */
export const patterns = z
  .array(
    z.string().check((context) => {
      const message = patternProblem(context.value);
      if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
    }),
    'is missing: give at least one pattern',
  )
  .max(32, 'is given too often: at most 32 patterns');

export const wholeNumber = (least: number, most: number): z.ZodCoercedNumber =>
  z.coerce
    .number('takes a number')
    .int('takes a whole number')
    .min(least, `takes a number from ${String(least)}`)
    .max(most, `takes at most ${String(most)}`);
