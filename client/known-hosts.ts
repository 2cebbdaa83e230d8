import { createHmac } from 'node:crypto';
import { fingerprint } from '../core/fingerprint.ts';

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) that may speak for a host key. */
export interface KnownHost {
  readonly revoked: boolean;
  /** The first field as written: patterns separated by commas, or one hashed name. */
  readonly hosts: string;
  readonly keyType: string;
  readonly key: Buffer;
}

/** What known_hosts says about a key that a server has shown. */
export type HostKeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'revoked' }
  /** The host is known by other keys of the same type: somebody else answers, or the key was replaced. */
  | { readonly kind: 'changed'; readonly knownFingerprints: readonly string[] }
  | { readonly kind: 'unknown' };

/** Lines that are malformed, comments, or about certificate authorities are left out, as OpenSSH does. */
export function parseKnownHosts(text: string): KnownHost[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const entry = parseLine(line);
    return entry === undefined ? [] : [entry];
  });
}

/** How OpenSSH writes a host in known_hosts: bare on port 22, `[host]:port` elsewhere. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** The line to add to known_hosts so that this key is accepted. */
export function knownHostsLine(name: string, key: Buffer): string {
  return `${name} ${hostKeyType(key)} ${key.toString('base64')}`;
}

export function entriesFor(entries: readonly KnownHost[], name: string): KnownHost[] {
  return entries.filter((entry) => hostsMatch(entry.hosts, name));
}

export function judgeHostKey(entries: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const ours = entriesFor(entries, name);
  const same = ours.filter((entry) => entry.key.equals(key));
  if (same.some((entry) => entry.revoked)) return { kind: 'revoked' };
  if (same.length > 0) return { kind: 'known' };
  const others = ours.filter((entry) => !entry.revoked && entry.keyType === hostKeyType(key));
  if (others.length === 0) return { kind: 'unknown' };
  return { kind: 'changed', knownFingerprints: others.map((entry) => fingerprint(entry.key)) };
}

/** The type that a key blob itself names (RFC 4253 section 6.6); empty when it is malformed. */
export function hostKeyType(key: Buffer): string {
  if (key.length < 4) return '';
  const end = 4 + key.readUInt32BE(0);
  return end <= key.length && end <= 68 ? key.toString('latin1', 4, end) : '';
}

function parseLine(line: string): KnownHost | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const fields = text.split(/[ \t]+/);
  const marker = fields[0]?.startsWith('@') === true ? fields.shift() : undefined;
  if (marker !== undefined && marker !== '@revoked') return undefined;
  const [hosts, keyType, base64] = fields;
  if (hosts === undefined || keyType === undefined || base64 === undefined) return undefined;
  const key = Buffer.from(base64, 'base64');
  if (hostKeyType(key) !== keyType) return undefined;
  return { revoked: marker !== undefined, hosts, keyType, key };
}

function hostsMatch(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return hashedNameMatches(hosts, name);
  let matched = false;
  for (const item of hosts.toLowerCase().split(',')) {
    const negated = item.startsWith('!');
    if (!wildcardMatches(negated ? item.slice(1) : item, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

/** `|1|salt|HMAC-SHA1(salt, name)`, both in base64: what `ssh-keygen -H` writes. */
function hashedNameMatches(hashed: string, name: string): boolean {
  const [, version, salt, digest] = hashed.split('|');
  if (version !== '1' || salt === undefined || digest === undefined) return false;
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return actual.equals(Buffer.from(digest, 'base64'));
}

/** `*` is any run of characters, `?` is any one. Linear in both lengths for one star, never exponential. */
function wildcardMatches(pattern: string, name: string): boolean {
  let patternAt = 0;
  let nameAt = 0;
  let star = -1;
  let starNameAt = 0;
  while (nameAt < name.length) {
    const wanted = pattern[patternAt];
    if (wanted === '*') {
      star = patternAt++;
      starNameAt = nameAt;
    } else if (wanted === '?' || wanted === name[nameAt]) {
      patternAt++;
      nameAt++;
    } else if (star >= 0) {
      patternAt = star + 1;
      nameAt = ++starNameAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}
