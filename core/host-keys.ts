import { problem, type Parsed } from './parsed.ts';
import { parsePublicKey, privateKeyForm, publicKeyTypes } from './public-key.ts';
import { quote } from './quote.ts';

/** The most host keys that one machine has. */
export const maxHostKeys = 16;

/** The types of certificates, and those that nobody accepts any more, are words that a key begins with, too. */
const isType = (word: string): boolean =>
  publicKeyTypes.includes(word) || word === dsa || /-cert-v\d\d@openssh\.com$/.test(word);
const dsa = 'ssh-dss';

/**
 * Reads the public host keys of one machine, each once, as `TYPE BASE64`: from lines of `.pub` files, of `known_hosts` (also with hashed names),
 * and what `ssh-keyscan` prints. A DSA key is passed over, since no ssh takes one any more. Never throws.
 */
export function parseHostKeys(text: string): Parsed<readonly string[]> {
  const form = privateKeyForm(text);
  if (form !== undefined)
    return problem(`this is ${form}; nothing of it was kept. Give the public host keys, ssh_host_*_key.pub`);
  const keys = new Set<string>();
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    const words = line.trim().split(/[ \t]+/);
    const [first = ''] = words;
    if (first === '' || first.startsWith('#')) continue;
    const read = parseLine(words);
    if (!read.ok) return problem(`line ${String(at + 1)}: ${read.problem}`);
    if (read.value !== undefined) keys.add(read.value);
    if (keys.size > maxHostKeys)
      return problem(`there are more than ${String(maxHostKeys)} host keys: give those of one machine`);
  }
  return keys.size > 0 ? { ok: true, value: [...keys] } : problem(nothing);
}

const nothing =
  'there is no host key: the public ones of an SSH server are in /etc/ssh/ssh_host_*_key.pub, and ssh-keyscan prints them';

/** Undefined for a key that is passed over. */
function parseLine(words: readonly string[]): Parsed<string | undefined> {
  const [first = ''] = words;
  if (first.startsWith('@')) return problem(markerProblem(first));
  // In known_hosts the names of the host come first.
  const [type = '', base64 = ''] = isType(first) ? words : words.slice(1);
  if (type === dsa) return { ok: true, value: undefined };
  if (!isType(type)) return problem('this is no public host key: TYPE BASE64, or a line of known_hosts');
  const parsed = parsePublicKey(`${type} ${base64}`);
  return parsed.ok ? { ok: true, value: parsed.key.line } : problem(parsed.problem);
}

function markerProblem(marker: string): string {
  if (marker === '@cert-authority')
    return 'this is an authority that signs host keys, not a host key: give the host key itself';
  if (marker === '@revoked') return 'this host key is revoked: leave it out';
  return `${quote(marker)} is no marker of known_hosts`;
}
