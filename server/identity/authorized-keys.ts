import { fingerprint } from '../../core/fingerprint.ts';
import { keyId } from '../../core/names.ts';
import { parsePublicKey, privateKeyForm } from '../../core/public-key.ts';
import { anyEnv, type Identity } from './identity.ts';
import { noOptions, readOptions, type KeyOptions } from './key-options.ts';
import type { KeyRules } from './key-record.ts';

/** One usable line of an authorized-keys file. */
export interface AuthorizedKey {
  readonly identity: Identity;
  readonly type: string;
  readonly blob: Buffer;
  /** What follows it, fit for a terminal. */
  readonly comment: string;
  /** What it must show, if it is a FIDO key. */
  readonly rules: KeyRules;
}

export interface AuthorizedKeys {
  readonly keys: readonly AuthorizedKey[];
  /** One for each line that admits nobody, with its number. */
  readonly problems: readonly string[];
}

type LineResult = { key: AuthorizedKey } | { problem: string } | undefined;

const maxLineLength = 16_384;

/**
 * Reads OpenSSH's authorized_keys format (sshd(8)). Options: `principal="name"`, `role="machine|member|admin"` (default admin),
 * `env="pr-*"` (several, or separated by commas), `access="private|team|public"` (the most open that its
 * forwards may be), `expiry-time="YYYYMMDD[HHMM[SS]][Z]"`, and for FIDO keys `verify-required` and
 * `no-touch-required`. A line with any other option admits nobody.
 * Of two lines with the same key the first counts, as it does for sshd.
 */
export function parseAuthorizedKeys(text: string): AuthorizedKeys {
  const keys: AuthorizedKey[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const result = parseLine(line.trim());
    if (result === undefined) continue;
    const problem = 'key' in result ? repeated(result.key, seen) : result.problem;
    if (problem !== undefined) problems.push(`line ${String(index + 1)}: ${problem}`);
    else if ('key' in result) keys.push(result.key);
  }
  return { keys, problems };
}

function parseLine(line: string): LineResult {
  if (line === '' || line.startsWith('#')) return undefined;
  if (line.length > maxLineLength) return { problem: 'the line is too long' };
  const form = privateKeyForm(line);
  if (form !== undefined) return { problem: `this is ${form}, a PRIVATE key; only public keys belong here` };
  if (/^(?:ssh|ecdsa|sk)-/u.test(line)) return parseKey(line, noOptions);
  const read = readOptions(line);
  return 'problem' in read ? read : parseKey(read.rest, read.options);
}

/** As for sshd a comment may be anything; it takes no part. */
function parseKey(text: string, options: KeyOptions): LineResult {
  const [, key = text, comment = ''] = /^([^ \t]+[ \t]+[^ \t]+)[ \t]+(.*)$/su.exec(text) ?? [];
  const parsed = parsePublicKey(key);
  if (!parsed.ok) return { problem: parsed.problem };
  const { type } = parsed.key;
  const blob = Buffer.from(parsed.key.blob);
  return {
    key: {
      type,
      blob,
      comment: comment.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?'),
      identity: identityOf(blob, options),
      rules: options.rules,
    },
  };
}

function identityOf(blob: Buffer, options: KeyOptions): Identity {
  const print = fingerprint(blob);
  return {
    principal: options.principal ?? print,
    role: options.role ?? 'admin',
    envPatterns: options.env.length === 0 ? anyEnv : options.env,
    fingerprint: print,
    keyId: keyId(blob),
    source: { kind: 'file' },
    ...(options.access !== undefined && { widestAccess: options.access }),
    ...(options.expiresAt !== undefined && { expiresAt: options.expiresAt }),
  };
}

function repeated(key: AuthorizedKey, seen: Set<string>): string | undefined {
  const { fingerprint: print } = key.identity;
  if (seen.has(print)) return `the key ${print} is there already; the first line counts`;
  seen.add(print);
  return undefined;
}
