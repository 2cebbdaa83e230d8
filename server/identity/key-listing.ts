import { fingerprint } from '../../core/fingerprint.ts';
import {
  parsePublicKey,
  privateKeyForm,
  type PublicKey,
  type PublicKeyProblem,
} from '../../core/public-key.ts';

/** A key that an account lists. */
export interface ListedKey {
  /** `SHA256:...` */
  readonly fingerprint: string;
  readonly key: PublicKey;
}

/** A line that is a key, but none that may log in here. */
export interface SkippedLine {
  /** Counted from 1. */
  readonly line: number;
  readonly problem: string;
}

/** The public keys of an account, one a line. */
export type Listing =
  | { readonly ok: true; readonly keys: readonly ListedKey[]; readonly skipped: readonly SkippedLine[] }
  | { readonly ok: false; readonly problem: string };

const maxKeys = 64;
const tooWeak: ReadonlySet<PublicKeyProblem> = new Set(['dsa', 'rsa-size', 'rsa-exponent']);
/** A key of a kind that is not known here; not any text. */
const keyOfOtherKind = /^(?:ssh|ecdsa|sk|webauthn-sk)-[a-z0-9@.-]+ AAAA/;

/**
 * Reads what a server listed. A key that is too weak, or of a kind that is not known here, is left out; a line that is no key at all makes nothing of it count, because then it is
 * not a list of keys, or not all of it, and what is missing from it means nothing.
 */
export function readListing(text: string): Listing {
  const form = privateKeyForm(text);
  if (form !== undefined) return { ok: false, problem: privateKeyProblem(form) };
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: index + 1, text: line.trim() }));
  const written = lines.filter((each) => each.text !== '' && !each.text.startsWith('#'));
  if (written.length > maxKeys) {
    return {
      ok: false,
      problem: `it lists ${written.length} keys; at most ${maxKeys} of an account are taken`,
    };
  }
  const keys = new Map<string, ListedKey>();
  const skipped: SkippedLine[] = [];
  for (const { line, text } of written) {
    const parsed = parsePublicKey(text);
    if (parsed.ok) {
      const listed = { fingerprint: fingerprint(Buffer.from(parsed.key.blob)), key: parsed.key };
      keys.set(listed.fingerprint, listed);
    } else if (isKeyAllTheSame(parsed.code, text)) skipped.push({ line, problem: parsed.problem });
    else return { ok: false, problem: `line ${line} of the list is no public key: ${parsed.problem}` };
  }
  return { ok: true, keys: [...keys.values()], skipped };
}

function isKeyAllTheSame(code: PublicKeyProblem, text: string): boolean {
  return tooWeak.has(code) || (code === 'unknown-type' && keyOfOtherKind.test(text));
}

function privateKeyProblem(form: string): string {
  return `it lists ${form}: whoever can read that page has it, so it must never be used again`;
}
