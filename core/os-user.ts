import { problem, type Parsed } from './parsed.ts';
import { quote } from './quote.ts';

const longest = 64;

/**
 * The name of a user of a machine. Stricter than what systems take: it stands in file names, configurations, command lines and the principals
 * of certificates.
 */
export function parseOsUser(text: string): Parsed<string> {
  if (text.length > longest) return problem(`the name of a user has at most ${String(longest)} characters`);
  if (!/^[A-Za-z0-9_][A-Za-z0-9._@+-]*$/.test(text))
    return problem(
      `${quote(text)} is no name of a user: letters, digits and ._@+-, and it begins with a letter, a digit or _`,
    );
  if (/^\d+$/.test(text)) return problem(`${quote(text)} is no name of a user: it is a number`);
  return { ok: true, value: text };
}
