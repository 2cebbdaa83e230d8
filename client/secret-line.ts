import { privateKeyForm } from '../core/public-key.ts';
import type { Surroundings } from './surroundings.ts';

export type SecretLine =
  { readonly ok: true; readonly line: string } | { readonly ok: false; readonly problem: string };

const maxBytes = 64 * 1024;

/** A password for the gateway: typed twice at a terminal, where it is not shown, else the first line of standard input. Never shown or kept here. */
export async function readSecret({
  askPassphrase,
  readStdin,
}: Pick<Surroundings, 'askPassphrase' | 'readStdin'>): Promise<SecretLine> {
  if (askPassphrase === undefined) return checked(await readStdin(maxBytes));
  const first = await askPassphrase('Password: ');
  if (first === undefined) return { ok: false, problem: 'given up: nothing was changed' };
  const second = await askPassphrase('The same again: ');
  if (second === undefined) return { ok: false, problem: 'given up: nothing was changed' };
  return first === second ? checked(first) : { ok: false, problem: 'the two are not the same' };
}

function checked(text: string): SecretLine {
  const form = privateKeyForm(text);
  if (form !== undefined)
    return { ok: false, problem: `this is ${form}; nothing of it was sent. Give a password of its own` };
  const [line = ''] = text.split(/\r?\n|\r/, 1);
  return line === ''
    ? { ok: false, problem: 'there is no password on standard input; --generate makes one' }
    : { ok: true, line: `${line}\n` };
}
