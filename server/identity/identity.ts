/** What a key may do: dial in; also visit and reach machines; also manage. */
export type Role = 'machine' | 'member' | 'admin';

/** Who a key authenticates, and what that principal may do. */
export interface Identity {
  readonly principal: string;
  readonly role: Role;
  /** Globs for the environment names that it may claim; empty means any. */
  readonly envPatterns: readonly string[];
  /** The key's fingerprint, `SHA256:...`. */
  readonly fingerprint: string;
  /** 12 base32 characters of the key's SHA-256. */
  readonly keyId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** Whether an environment name matches one of the identity's patterns. `*` stands for any run of characters, `?` for one. */
export function mayNameEnv(identity: Pick<Identity, 'envPatterns'>, env: string): boolean {
  return (
    identity.envPatterns.length === 0 || identity.envPatterns.some((pattern) => matchesGlob(pattern, env))
  );
}

function matchesGlob(pattern: string, text: string): boolean {
  const source = [...pattern].map((char) => {
    if (char === '*') return '.*';
    if (char === '?') return '.';
    return char.replace(/[\\^$.|+()[\]{}]/u, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 'u').test(text);
}
