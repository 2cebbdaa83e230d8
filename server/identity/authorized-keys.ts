import { fingerprint } from '../../core/fingerprint.ts';
import { keyId } from '../../core/names.ts';
import { anyEnv, type Identity } from './identity.ts';
import { readOptions, type KeyOptions } from './key-options.ts';
import { inspectPublicKey } from './public-key.ts';

/** One usable line of an authorized-keys file. */
export interface AuthorizedKey {
  readonly identity: Identity;
  readonly type: string;
  readonly blob: Buffer;
  readonly comment: string;
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
 * `env="pr-*"` (several, or separated by commas) and `expiry-time="YYYYMMDD[HHMM[SS]][Z]"`. A line with any other option admits nobody.
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
  if (line.includes('PRIVATE KEY'))
    return { problem: 'this is a part of a PRIVATE key; only public keys belong here' };
  const bare = parseKey(line);
  if (bare !== undefined) return finish(bare, { env: [] });
  if (/^(?:ssh|ecdsa|sk)-/u.test(line)) return { problem: 'the key data is damaged' };
  const read = readOptions(line);
  if ('problem' in read) return read;
  const key = parseKey(read.rest);
  return key === undefined
    ? { problem: 'expected: [options] type base64 [comment]' }
    : finish(key, read.options);
}

interface KeyText {
  readonly type: string;
  readonly base64: string;
  readonly comment: string;
}

function parseKey(text: string): KeyText | undefined {
  const match = /^((?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+(.*))?$/su.exec(
    text,
  );
  const [, type, base64, comment = ''] = match ?? [];
  return type === undefined || base64 === undefined ? undefined : { type, base64, comment };
}

function finish(key: KeyText, options: KeyOptions): LineResult {
  const blob = Buffer.from(key.base64, 'base64');
  const inspection = inspectPublicKey(key.type, blob);
  if (!inspection.ok) return { problem: inspection.problem };
  const print = fingerprint(blob);
  return {
    key: {
      type: key.type,
      blob,
      comment: key.comment,
      identity: {
        principal: options.principal ?? print,
        role: options.role ?? 'admin',
        envPatterns: options.env.length === 0 ? anyEnv : options.env,
        fingerprint: print,
        keyId: keyId(blob),
        source: { kind: 'file' },
        ...(options.expiresAt !== undefined && { expiresAt: options.expiresAt }),
      },
    },
  };
}

function repeated(key: AuthorizedKey, seen: Set<string>): string | undefined {
  const { fingerprint: print } = key.identity;
  if (seen.has(print)) return `the key ${print} is there already; the first line counts`;
  seen.add(print);
  return undefined;
}
