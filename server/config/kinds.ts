import { z } from 'zod';
import { maxTimerMs } from '../../core/lifecycle.ts';
import { problem, type Parsed } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../core/units.ts';

/** A kind of value that a key may have: how its text is read, and how the value is told as such a text again. */
export interface Kind<T> {
  /** Stands for the value in the help: `--hold DURATION`. */
  readonly placeholder: string;
  readonly schema: z.ZodType<T, string>;
  print(value: T): string;
}

/** A kind from a parser whose refusals are sentences about the text. */
export function kind<T>(
  placeholder: string,
  parse: (text: string) => Parsed<T>,
  print: (value: T) => string,
): Kind<T> {
  const schema = z.string().transform((text, context): T => {
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    context.issues.push({ code: 'custom', message: parsed.problem, input: text });
    return z.NEVER;
  });
  return { placeholder, schema, print };
}

/** A duration; at most what a timer can wait, if nothing else is said. */
export function duration({ minMs = 1, maxMs = maxTimerMs } = {}): Kind<number> {
  const parse = (text: string): Parsed<number> => {
    const ms = parseDuration(text);
    if (ms === undefined)
      return problem(`${quote(text)} is not a duration such as 250ms, 10s, 5m, 2h or 30d`);
    return within(ms, { min: minMs, max: maxMs, print: formatDuration });
  };
  return kind('DURATION', parse, formatDuration);
}

export function size({ minBytes, maxBytes }: { minBytes: number; maxBytes: number }): Kind<number> {
  const parse = (text: string): Parsed<number> => {
    const bytes = parseSize(text);
    if (bytes === undefined) return problem(`${quote(text)} is not a size such as 512, 32KiB or 1MB`);
    return within(bytes, { min: minBytes, max: maxBytes, print: formatSize });
  };
  return kind('SIZE', parse, formatSize);
}

export function count({ min = 1, max = 1_000_000 } = {}): Kind<number> {
  const parse = (text: string): Parsed<number> =>
    /^\d{1,15}$/.test(text)
      ? within(Number(text), { min, max, print: String })
      : problem(`${quote(text)} is not a whole number`);
  return kind('N', parse, String);
}

export function choice<const T extends string>(...choices: readonly T[]): Kind<T> {
  const parse = (text: string): Parsed<T> => {
    const chosen = choices.find((candidate) => candidate === text);
    return chosen === undefined ? problem(`${quote(text)} is not one of ${choices.join(', ')}`) : yes(chosen);
  };
  return kind(choices.join('|'), parse, String);
}

/** Words for people, in one line. */
export function words({ maxLength = 200 } = {}): Kind<string> {
  const parse = (text: string): Parsed<string> => {
    const trimmed = text.trim();
    if (trimmed === '') return problem('is empty');
    if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(trimmed)) return problem('has control characters in it');
    if (trimmed.length > maxLength) return problem(`is longer than ${String(maxLength)} characters`);
    return yes(trimmed);
  };
  return kind('TEXT', parse, String);
}

/**
 * The path of a file or directory. Never repeated in a problem: a private key's text where its path belongs is a
 * likely mistake.
 */
export function path(placeholder: 'FILE' | 'DIR'): Kind<string> {
  const parse = (text: string): Parsed<string> => {
    if (text === '') return problem('is empty; a path is needed');
    if (/[\0\r\n]|-----BEGIN/.test(text))
      return problem('is not a path; the name of the file is needed, not its contents');
    return yes(text);
  };
  return kind(placeholder, parse, String);
}

function within(
  value: number,
  { min, max, print }: { min: number; max: number; print: (value: number) => string },
): Parsed<number> {
  if (value < min) return problem(`${print(value)} is too little; at least ${print(min)}`);
  if (value > max) return problem(`${print(value)} is too much; at most ${print(max)}`);
  return yes(value);
}

export function yes<T>(value: T): Parsed<T> {
  return { ok: true, value };
}
