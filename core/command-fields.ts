import { z } from 'zod';
import { parseSpan } from './moment.ts';
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
