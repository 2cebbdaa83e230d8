import { createReadStream, existsSync } from 'node:fs';
import type { Parsed } from '../core/parsed.ts';
import { parsePublicKey, privateKeyForm, type PublicKey, type PublicKeyProblem } from '../core/public-key.ts';
import { quote } from '../core/quote.ts';

/** More than any public key, and than most private ones, so that those are recognised. */
const maxBytes = 64 * 1024;

export type KeyArgument =
  | { readonly ok: true; readonly key: PublicKey }
  | { readonly ok: false; readonly code: PublicKeyProblem | 'unreadable'; readonly problem: string };

export interface KeyArgumentParts {
  /** All of standard input, cut after so many bytes. */
  readonly readStdin: (maxBytes: number) => Promise<string>;
}

/**
 * The public key that a word of the command line stands for: the name of a file, or `-` for standard input. It is checked here, so that
 * a private key never leaves this machine, nor is shown.
 */
export async function readKeyArgument(word: string, parts: KeyArgumentParts): Promise<KeyArgument> {
  const mistake = keyAsWord(word);
  if (mistake !== undefined) return unreadable(mistake);
  const text = await readKeyText(word, parts);
  if (!text.ok) return unreadable(text.problem);
  const parsed = parsePublicKey(text.value);
  if (parsed.ok) return parsed;
  const where = word === '-' ? 'standard input' : word;
  const problem =
    parsed.code === 'private-key' ? privateKeyAdvice(word, text.value) : `${where}: ${parsed.problem}`;
  return { ok: false, code: parsed.code, problem };
}

/** A common slip: the key itself, where its file is meant. */
export function keyAsWord(word: string): string | undefined {
  if (!/^(?:sk-)?(?:ssh|ecdsa)-\S+\s+AAAA/.test(word)) return undefined;
  return 'that is a key, where the name of its file is meant; give - and the key on standard input';
}

/** What to give instead of what is secret, of which nothing is repeated. */
export function privateKeyAdvice(word: string, text: string): string {
  const form = privateKeyForm(text) ?? 'a private key';
  if (word === '-')
    return `what came on standard input is ${form}; nothing of it was sent. Give the public key`;
  const told = `${word} is ${form}; nothing of it was sent`;
  return existsSync(`${word}.pub`)
    ? `${told}. Give its public half: ${word}.pub`
    : `${told}. Give its public half, which is usually in ${word}.pub; ssh-keygen -y -f ${word} prints it`;
}

/** The text that a word stands for: that of a file, or standard input for `-`; bounded. */
export async function readKeyText(word: string, { readStdin }: KeyArgumentParts): Promise<Parsed<string>> {
  if (word === '-') return bounded(await readStdin(maxBytes + 1), 'standard input');
  try {
    return bounded(await readFileStart(word), word);
  } catch (error) {
    return { ok: false, problem: fileProblem(word, error as NodeJS.ErrnoException) };
  }
}

function bounded(text: string, where: string): Parsed<string> {
  return Buffer.byteLength(text) > maxBytes
    ? { ok: false, problem: `${where} is larger than any key` }
    : { ok: true, value: text };
}

/** A pipe as well as a file, such as that of `<(ssh-add -L)`. */
async function readFileStart(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: maxBytes })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function fileProblem(path: string, { code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return `there is no file ${quote(path)}`;
    case 'EISDIR':
      return `${quote(path)} is a directory: name the public key in it, such as ${path.replace(/\/+$/, '')}/id_ed25519.pub`;
    case 'EACCES':
      return `${quote(path)} may not be read by you`;
    default:
      return `${quote(path)} cannot be read: ${code ?? message}`;
  }
}

function unreadable(problem: string): KeyArgument {
  return { ok: false, code: 'unreadable', problem };
}
