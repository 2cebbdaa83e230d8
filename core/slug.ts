import { createHash } from 'node:crypto';
import { base32 } from './base32.ts';

const hashLength = 6;

/**
 * A valid name of at most `maxLength` octets for any text: its readable part, `-` and six base32 characters of the
 * SHA-256 of the text, so that two texts do not meet by chance (one in 2^30, if their readable parts are the same).
 */
export function slug(original: string, maxLength: number): string {
  const readableLength = maxLength - hashLength - 1;
  if (readableLength < 1) throw new RangeError(`no slug fits ${String(maxLength)} octets`);
  const readable = lowerCaseAscii(original)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, readableLength)
    .replace(/-$/, '');
  return `${readable === '' ? 'x' : readable}-${shortHash(original)}`;
}

/** Lower case for A to Z only: Unicode's rules make a `k` of the Kelvin sign, which DNS does not know. */
export function lowerCaseAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function shortHash(text: string): string {
  return base32(createHash('sha256').update(text).digest()).slice(0, hashLength);
}
