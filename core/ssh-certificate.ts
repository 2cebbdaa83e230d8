import { problem, type Parsed } from './parsed.ts';
import { WireReader, wireString, wireText } from './ssh-wire.ts';

/** An OpenSSH certificate as it says of itself (OpenSSH's PROTOCOL.certkeys): nothing of it is proven yet. */
export interface SshCertificate {
  /** `ssh-ed25519-cert-v01@openssh.com` */
  readonly type: string;
  readonly use: 'user' | 'host';
  /** The plain public key in it. */
  readonly subject: { readonly type: string; readonly blob: Buffer };
  readonly serial: bigint;
  /** The key id. */
  readonly id: string;
  readonly principals: readonly string[];
  /** Seconds since the epoch; 0 is always. */
  readonly validAfter: bigint;
  /** Seconds since the epoch, the first moment at which it is no longer valid; 2^64 - 1 is forever. */
  readonly validBefore: bigint;
  /** By name, with the data as it is. */
  readonly criticalOptions: ReadonlyMap<string, Buffer>;
  readonly extensions: ReadonlyMap<string, Buffer>;
  /** The public key of whoever signed it. */
  readonly authority: Buffer;
  /** What the signature is over. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

export const certificateSuffix = '-cert-v01@openssh.com';
/** As `validBefore`: forever. */
export const forever = 2n ** 64n - 1n;

/** How many fields the public key of each type has. */
const keyFields: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
};
const maxBytes = 32 * 1024;
/** As in OpenSSH. */
const maxPrincipals = 256;
const maxOptions = 64;

/** The type of the certificates of a key type; `sk-` types have their `@openssh.com` only once. */
export function certificateTypeOf(keyType: string): string | undefined {
  return Object.hasOwn(keyFields, keyType)
    ? `${keyType.replace(/@openssh\.com$/, '')}${certificateSuffix}`
    : undefined;
}

const keyTypes = new Map(Object.keys(keyFields).map((type) => [certificateTypeOf(type), type]));

/** Whether an algorithm's name, as a client offers it, is one of a certificate. */
export function isCertificateType(name: string): boolean {
  return name.endsWith(certificateSuffix);
}

/**
 * Reads a certificate strictly: each field well-formed and within its bounds, options in order and none twice, nothing left over.
 * Neither the keys in it nor its signature are looked into.
 */
export function parseCertificate(blob: Uint8Array): Parsed<SshCertificate> {
  if (blob.length > maxBytes) return problem(`the certificate is longer than ${String(maxBytes)} bytes`);
  const reader = new WireReader(blob);
  const type = wireText(reader.string()) ?? '';
  const keyType = keyTypes.get(type);
  if (keyType === undefined) return problem('this is not a certificate of a type that is known here');
  reader.string(); // the nonce
  const subject = readSubject(reader, keyType);
  const facts = readFacts(reader);
  if (reader.string().length > 0) return problem('the reserved field of the certificate is not empty');
  const authority = reader.string();
  const signed = Buffer.from(blob.subarray(0, reader.offset));
  const signature = reader.string();
  if (!reader.complete) return problem('the certificate is damaged: it is cut off, or something follows it');
  if (!facts.ok) return facts;
  return { ok: true, value: { type, subject, ...facts.value, authority, signed, signature } };
}

/** Reads one line, `type base64 [comment]`, such as a `-cert.pub` file holds. */
export function parseCertificateLine(text: string): Parsed<SshCertificate & { readonly blob: Buffer }> {
  const [type = '', base64 = ''] = text.trim().split(/[ \t]+/, 2);
  if (!isCertificateType(type) || /[\r\n]/.test(text.trim())) return problem('this is not one certificate');
  const blob = Buffer.from(base64, 'base64');
  if (base64.length > maxBytes * 2 || blob.toString('base64') !== base64)
    return problem('the certificate is damaged: its base64 is not sound');
  const parsed = parseCertificate(blob);
  if (!parsed.ok) return parsed;
  if (parsed.value.type !== type)
    return problem(`the certificate is not of the type ${type} that its line says`);
  return { ok: true, value: { ...parsed.value, blob } };
}

/** Whether the clock is for it: both ends as OpenSSH has them. */
export function timeliness(
  { validAfter, validBefore }: Pick<SshCertificate, 'validAfter' | 'validBefore'>,
  nowMs: number,
): 'valid' | 'not-yet' | 'expired' {
  const now = BigInt(Math.floor(nowMs / 1000));
  if (now < validAfter) return 'not-yet';
  return now >= validBefore ? 'expired' : 'valid';
}

/** A moment in seconds as people read it, however far away: `2027-01-31 12:00:00 UTC`. */
export function describeMoment(seconds: bigint): string {
  // The last moment that a Date can hold.
  if (seconds > 8_640_000_000_000n) return 'the end of time';
  return `${new Date(Number(seconds) * 1000).toISOString().replace('T', ' ').slice(0, -5)} UTC`;
}

function readSubject(reader: WireReader, type: string): SshCertificate['subject'] {
  const fields = Array.from({ length: keyFields[type] ?? 0 }, () => wireString(reader.string()));
  return { type, blob: Buffer.concat([wireString(type), ...fields]) };
}

type Facts = Pick<
  SshCertificate,
  'serial' | 'use' | 'id' | 'principals' | 'validAfter' | 'validBefore' | 'criticalOptions' | 'extensions'
>;

function readFacts(reader: WireReader): Parsed<Facts> {
  const serial = reader.uint64();
  const use = useOf(reader.uint32());
  const id = plainText(reader.string());
  const principals = readPrincipals(reader.string());
  const validAfter = reader.uint64();
  const validBefore = reader.uint64();
  const criticalOptions = readOptions(reader.string(), 'critical options');
  const extensions = readOptions(reader.string(), 'extensions');
  if (use === undefined) return problem('the certificate is neither for a user nor for a host');
  if (id === undefined) return problem('the key id of the certificate is not plain text');
  if (!principals.ok) return principals;
  if (!criticalOptions.ok) return criticalOptions;
  if (!extensions.ok) return extensions;
  const lists = {
    principals: principals.value,
    criticalOptions: criticalOptions.value,
    extensions: extensions.value,
  };
  return { ok: true, value: { serial, use, id, validAfter, validBefore, ...lists } };
}

function useOf(code: number): SshCertificate['use'] | undefined {
  if (code === 1) return 'user';
  return code === 2 ? 'host' : undefined;
}

function readPrincipals(bytes: Buffer): Parsed<string[]> {
  const reader = new WireReader(bytes);
  const principals: string[] = [];
  while (reader.more) {
    const principal = plainText(reader.string());
    if (principal === undefined) return problem('a principal of the certificate is not plain text');
    if (principals.length === maxPrincipals)
      return problem(`the certificate has more than ${String(maxPrincipals)} principals`);
    principals.push(principal);
  }
  return reader.ok
    ? { ok: true, value: principals }
    : problem('the list of principals in the certificate is damaged');
}

/** Pairs of a name and data, in the order of the names. The data of those that nobody knows may be anything. */
function readOptions(bytes: Buffer, what: string): Parsed<Map<string, Buffer>> {
  const reader = new WireReader(bytes);
  const options = new Map<string, Buffer>();
  let last: Buffer | undefined;
  while (reader.more) {
    const rawName = reader.string();
    const name = plainText(rawName);
    const data = reader.string();
    if (!reader.ok || name === undefined || name === '')
      return problem(`the ${what} of the certificate are damaged`);
    if (last !== undefined && Buffer.compare(last, rawName) >= 0)
      return problem(`the ${what} of the certificate are not in order, or one is there twice`);
    if (options.size === maxOptions)
      return problem(`the certificate has more than ${String(maxOptions)} ${what}`);
    options.set(name, data);
    last = rawName;
  }
  return reader.ok ? { ok: true, value: options } : problem(`the ${what} of the certificate are damaged`);
}

/** The text of an option that has one: its data holds one string and nothing else. */
export function optionText(data: Buffer): string | undefined {
  const reader = new WireReader(data);
  const value = plainText(reader.string());
  return reader.complete ? value : undefined;
}

/** Names and ids reach logs and terminals: what could do harm there is no text. */
function plainText(bytes: Buffer): string | undefined {
  const text = wireText(bytes);
  return text === undefined || /[\p{Cc}\u2028\u2029]/u.test(text) ? undefined : text;
}
