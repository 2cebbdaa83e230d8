import { createHash } from 'node:crypto';
import { fingerprint } from '../../core/fingerprint.ts';
import { problem, type Parsed } from '../../core/parsed.ts';
import { parsePublicKey } from '../../core/public-key.ts';
import { isCertificateType, parseCertificateLine, type SshCertificate } from '../../core/ssh-certificate.ts';

/** What an operator has revoked: keys, and certificates by their serial, key id or key. */
export interface RevokedKeys {
  readonly fingerprints: ReadonlySet<string>;
  /** SHA-1 of keys, in hexadecimal. */
  readonly sha1: ReadonlySet<string>;
  readonly serials: readonly SerialRange[];
  readonly ids: ReadonlySet<string>;
  /** Single certificates, as `AUTHORITY SERIAL`. */
  readonly certificates: ReadonlySet<string>;
}

export interface SerialRange {
  readonly first: bigint;
  readonly last: bigint;
}

interface Draft {
  readonly fingerprints: Set<string>;
  readonly sha1: Set<string>;
  readonly serials: SerialRange[];
  readonly ids: Set<string>;
  readonly certificates: Set<string>;
}

export const nothingRevoked: RevokedKeys = newDraft();

const highestSerial = 2n ** 64n - 1n;
const maxLines = 100_000;

/**
 * Reads the specification of a key revocation list, as `ssh-keygen -k` takes it: lines `serial: N`, `serial: N-M`, `id: KEY ID`,
 * `key: PUBLIC KEY`, `sha256: PUBLIC KEY` (or its fingerprint), `sha1: PUBLIC KEY`, `hash: SHA256:...`, and plain public keys or
 * certificates; `#` begins a comment. A line that is not understood makes the whole of it a problem: it may be the one that matters.
 */
export function parseRevokedKeys(text: string): Parsed<RevokedKeys> {
  if (text.startsWith('SSHKRL'))
    return problem('it is a binary key revocation list: name the text that ssh-keygen -k made it from');
  const lines = text.split(/\r?\n/u);
  if (lines.length > maxLines) return problem(`it has more than ${String(maxLines)} lines`);
  const draft = newDraft();
  for (const [index, line] of lines.entries()) {
    const wrong = addLine(draft, line.replace(/#.*$/su, '').trim());
    if (wrong !== undefined) return problem(`line ${String(index + 1)}: ${wrong}`);
  }
  return { ok: true, value: draft };
}

/** Whether a plain key is on the list. */
export function isRevokedKey(revoked: RevokedKeys, blob: Uint8Array): boolean {
  return (
    revoked.fingerprints.has(fingerprint(blob)) || (revoked.sha1.size > 0 && revoked.sha1.has(sha1Of(blob)))
  );
}

/** What of a certificate is on the list, in words; undefined when nothing is. Serials and key ids count for every authority. */
export function revokedPart(revoked: RevokedKeys, certificate: SshCertificate): string | undefined {
  const { serial, id, subject, authority } = certificate;
  if (isRevokedKey(revoked, subject.blob)) return 'the key in the certificate has been revoked';
  if (isRevokedKey(revoked, authority)) return 'the authority that signed the certificate has been revoked';
  const isListed =
    revoked.certificates.has(certificateName(certificate)) ||
    revoked.serials.some(({ first, last }) => serial >= first && serial <= last);
  if (isListed) return `the certificate with the serial ${String(serial)} has been revoked`;
  return revoked.ids.has(id) ? 'certificates with this key id have been revoked' : undefined;
}

/** What is known of a key that is not at hand, and of the certificate that it came with. */
export interface KeyNames {
  /** `SHA256:...` */
  readonly fingerprint: string;
  readonly certificate?: {
    /** Decimal. */
    readonly serial: string;
    readonly id: string;
    /** The fingerprint of its authority. */
    readonly authority: string;
  };
}

/** Whether something of that is on the list, or may be: a SHA-1 names keys that cannot be told from their fingerprint. */
export function mayBeRevoked(revoked: RevokedKeys, { fingerprint: print, certificate }: KeyNames): boolean {
  if (revoked.sha1.size > 0 || revoked.fingerprints.has(print)) return true;
  if (certificate === undefined) return false;
  const { serial, id, authority } = certificate;
  const number = BigInt(serial);
  return (
    revoked.fingerprints.has(authority) ||
    revoked.certificates.has(`${authority} ${serial}`) ||
    revoked.serials.some(({ first, last }) => number >= first && number <= last) ||
    revoked.ids.has(id)
  );
}

function newDraft(): Draft {
  return { fingerprints: new Set(), sha1: new Set(), serials: [], ids: new Set(), certificates: new Set() };
}

/** What is wrong with the line, if something is. */
function addLine(draft: Draft, line: string): string | undefined {
  if (line === '') return undefined;
  const [, name, value = ''] = /^([A-Za-z0-9]+):\s*(.*)$/s.exec(line) ?? [];
  switch (name?.toLowerCase()) {
    case undefined:
    case 'key':
      return addKey(draft, name === undefined ? line : value);
    case 'serial':
      return addSerials(draft, value);
    case 'id':
      return value === '' ? 'the key id is missing' : void draft.ids.add(value);
    case 'sha256':
      return value.startsWith('SHA256:') ? addHash(draft, value) : addKey(draft, value);
    case 'sha1':
      return addSha1(draft, value);
    case 'hash':
      return addHash(draft, value);
    default:
      return 'expected serial:, id:, key:, sha1:, sha256:, hash: or a public key';
  }
}

function addKey(draft: Draft, text: string): string | undefined {
  if (isCertificateType(text.split(/[ \t]/, 1).join(''))) return addCertificate(draft, text);
  const parsed = parsePublicKey(text);
  if (!parsed.ok) return parsed.problem;
  draft.fingerprints.add(fingerprint(parsed.key.blob));
  return undefined;
}

function addCertificate(draft: Draft, text: string): string | undefined {
  const parsed = parseCertificateLine(text);
  if (!parsed.ok) return parsed.problem;
  draft.certificates.add(certificateName(parsed.value));
  return undefined;
}

function addSerials(draft: Draft, value: string): string | undefined {
  // Not with a zero before it, which ssh-keygen takes for octal.
  const match = /^(0x[0-9a-f]{1,16}|0|[1-9]\d{0,19})(?:\s*-\s*(0x[0-9a-f]{1,16}|[1-9]\d{0,19}))?$/i.exec(
    value,
  );
  if (match === null) return 'a serial is a number, or two with a hyphen between them';
  const first = BigInt(match[1] ?? '');
  const last = BigInt(match[2] ?? match[1] ?? '');
  if (last > highestSerial) return 'the serial is too large';
  if (last < first) return 'the range of serials ends before it begins';
  draft.serials.push({ first, last });
  return undefined;
}

function addHash(draft: Draft, value: string): string | undefined {
  const hash = value.replace(/=+$/, '');
  if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(hash))
    return 'a hash is a fingerprint such as ssh-keygen -l prints: SHA256:...';
  draft.fingerprints.add(hash);
  return undefined;
}

function addSha1(draft: Draft, text: string): string | undefined {
  const parsed = parsePublicKey(text);
  if (!parsed.ok) return parsed.problem;
  draft.sha1.add(sha1Of(parsed.key.blob));
  return undefined;
}

function certificateName({ authority, serial }: SshCertificate): string {
  return `${fingerprint(authority)} ${String(serial)}`;
}

function sha1Of(blob: Uint8Array): string {
  return createHash('sha1').update(blob).digest('hex');
}
