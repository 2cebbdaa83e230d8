import { maxHostKeys, parseHostKeys } from '../core/host-keys.ts';
import { problem, type Parsed } from '../core/parsed.ts';
import { privateKeyForm } from '../core/public-key.ts';
import { keyAsWord, privateKeyAdvice, readKeyText, type KeyArgumentParts } from './public-key-argument.ts';

/**
 * The public host keys, as `TYPE BASE64`, that words of the command line stand for: names of files, or `-` for standard input. They are read here,
 * so that a private key never leaves this machine, nor is shown.
 */
export async function readHostKeys(
  words: readonly string[],
  parts: KeyArgumentParts,
): Promise<Parsed<readonly string[]>> {
  const keys = new Set<string>();
  for (const word of words.length === 0 ? ['-'] : words) {
    const read = await readOne(word, parts);
    if (!read.ok) return read;
    for (const key of read.value) keys.add(key);
    if (keys.size > maxHostKeys)
      return problem(`there are more than ${String(maxHostKeys)} host keys: give those of one machine`);
  }
  return { ok: true, value: [...keys] };
}

async function readOne(word: string, parts: KeyArgumentParts): Promise<Parsed<readonly string[]>> {
  const mistake = keyAsWord(word);
  if (mistake !== undefined) return problem(mistake);
  const text = await readKeyText(word, parts);
  if (!text.ok) return text;
  if (privateKeyForm(text.value) !== undefined) return problem(privateKeyAdvice(word, text.value));
  const parsed = parseHostKeys(text.value);
  return parsed.ok ? parsed : problem(`${word === '-' ? 'standard input' : word}: ${parsed.problem}`);
}
