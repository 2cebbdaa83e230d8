import { problem, type Parsed } from './parsed.ts';

const maxBytes = 8192;
const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * The words of a command line, by the quoting rules of a POSIX shell (XCU 2.2) and nothing else of it: no variables, globs, comments or
 * operators. At most 8 KiB.
 */
export function splitWords(text: string): Parsed<string[]> {
  if (Buffer.byteLength(text) > maxBytes) return problem('the command is longer than 8 KiB');
  const words: string[] = [];
  // A blank, or one piece of a word: quoted, escaped, or plain.
  const piece = /[ \t\r\n]+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|[^ \t\r\n'"\\]+/y;
  let word: string | undefined;
  while (piece.lastIndex < text.length) {
    const match = piece.exec(text);
    if (match === null) return problem('a quote is open at the end of the command');
    const part = unquoted(match);
    if (part !== undefined) word = (word ?? '') + part;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  return { ok: true, value: words };
}

/** Undefined for a blank. */
function unquoted([whole, single, double, escaped]: RegExpExecArray): string | undefined {
  if (single !== undefined) return single;
  if (double !== undefined) return double.replace(/\\(?:\n|([$`"\\]))/g, '$1');
  if (escaped !== undefined) return escaped === '\n' ? '' : escaped;
  return /^[ \t\r\n]/.test(whole) ? undefined : whole;
}

/** One word such that `splitWords` and every POSIX shell read it back: as it is when nothing in it is special, else in single quotes. */
export function quoteWord(word: string): string {
  return plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
