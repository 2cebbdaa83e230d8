import { createHash, createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { PublicKey } from '../../core/public-key.ts';
import { inspectPublicKey } from './inspected-keys.ts';
import { WireReader, wireText } from '../../core/ssh-wire.ts';

/** What somebody signed with an SSH key. */
export interface Signed {
  /** The plain public key (RFC 4253, section 6.6); for a certificate the key in it. */
  readonly key: { readonly type: string; readonly blob: Uint8Array };
  /** The algorithm that was agreed on; without one, any that is accepted for the key. */
  readonly algorithm?: string;
  /** In SSH's form: the algorithm's name, the signature, and for a FIDO key its flags and counter. */
  readonly signature: Uint8Array;
  readonly data: Uint8Array;
}

/** What a FIDO device says of itself with each signature. */
export interface DeviceProof {
  /** Somebody touched it. */
  readonly userPresent: boolean;
  /** It knew who, by a PIN or a fingerprint. */
  readonly userVerified: boolean;
  /** Grows with each signature, or is always 0. */
  readonly counter: number;
}

export type Verdict =
  /** `device` is there for FIDO keys, and still to be judged. */
  | { readonly ok: true; readonly device?: DeviceProof }
  /** `reason` may be told to whoever sent the signature. */
  | { readonly ok: false; readonly reason: string };

type Verifier = (key: PublicKey, signed: Signature, data: Uint8Array) => Verdict;

interface Signature {
  readonly algorithm: string;
  readonly bytes: Buffer;
  /** What follows it. */
  readonly rest: Buffer;
}

/** By the key's type and the signature's algorithm, joined by a blank. RSA with SHA-1 is none of them. */
const verifiers: ReadonlyMap<string, Verifier> = new Map<string, Verifier>([
  ['ssh-ed25519 ssh-ed25519', bare(ed25519IsGood)],
  ['ssh-rsa rsa-sha2-256', bare(rsaIsGood('sha256'))],
  ['ssh-rsa rsa-sha2-512', bare(rsaIsGood('sha512'))],
  ['ecdsa-sha2-nistp256 ecdsa-sha2-nistp256', bare(ecdsaIsGood('P-256', 'sha256'))],
  ['ecdsa-sha2-nistp384 ecdsa-sha2-nistp384', bare(ecdsaIsGood('P-384', 'sha384'))],
  ['ecdsa-sha2-nistp521 ecdsa-sha2-nistp521', bare(ecdsaIsGood('P-521', 'sha512'))],
  ['sk-ssh-ed25519@openssh.com sk-ssh-ed25519@openssh.com', ofDevice(ed25519IsGood)],
  [
    'sk-ecdsa-sha2-nistp256@openssh.com sk-ecdsa-sha2-nistp256@openssh.com',
    ofDevice(ecdsaIsGood('P-256', 'sha256')),
  ],
]);

/** The algorithms of signatures that are accepted, the best first. */
export const signatureAlgorithms: readonly string[] = [
  ...['ssh-ed25519', 'sk-ssh-ed25519@openssh.com'],
  ...['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ...['sk-ecdsa-sha2-nistp256@openssh.com', 'rsa-sha2-512', 'rsa-sha2-256'],
];

const wrong: Verdict = { ok: false, reason: 'the signature is wrong' };

/**
 * Checks a signature in the form of RFC 4253 section 6.6, RFC 5656 section 3.1.2, RFC 8332, RFC 8709 section 6 or OpenSSH's PROTOCOL.u2f:
 * nothing in it may be missing, left over, or written otherwise than in the shortest form. Never throws.
 */
export function verifySignature({ key, ...signed }: Signed): Verdict {
  const inspection = inspectPublicKey(key.type, key.blob);
  if (!inspection.ok) return { ok: false, reason: inspection.problem };
  return verifyWith(inspection.key, signed);
}

/** The same, with a key that has been inspected already. */
export function verifyWith(key: PublicKey, { algorithm, signature, data }: Omit<Signed, 'key'>): Verdict {
  const read = readSignature(signature);
  if (read === undefined || (algorithm !== undefined && algorithm !== read.algorithm)) return wrong;
  const verifier = verifiers.get(`${key.type} ${read.algorithm}`);
  if (verifier === undefined)
    return { ok: false, reason: 'signatures of this algorithm are not accepted for this type of key' };
  try {
    return verifier(key, read, data);
  } catch {
    // OpenSSL has its own opinion of keys, such as their size.
    return { ok: false, reason: 'the signature cannot be checked with this key' };
  }
}

function readSignature(wire: Uint8Array): Signature | undefined {
  const reader = new WireReader(wire);
  const algorithm = wireText(reader.string());
  const bytes = reader.string();
  const rest = reader.bytes(wire.length - reader.offset);
  return reader.complete && algorithm !== undefined ? { algorithm, bytes, rest } : undefined;
}

/** Whether a signature without what surrounds it is the key's own, over these bytes. */
type Check = (fields: readonly Buffer[], bytes: Buffer, data: Uint8Array) => boolean;

function bare(isGood: Check): Verifier {
  return (key, { bytes, rest }, data) =>
    rest.length === 0 && isGood(fieldsOf(key), bytes, data) ? { ok: true } : wrong;
}

/** The device signs the hashes of the application and of the data, with its flags and counter between. */
function ofDevice(isGood: Check): Verifier {
  return (key, { bytes, rest }, data) => {
    if (rest.length !== 5) return wrong;
    const message = Buffer.concat([sha256(key.application ?? ''), rest, sha256(data)]);
    if (!isGood(fieldsOf(key), bytes, message)) return wrong;
    const [flags = 0] = rest;
    const device = {
      userPresent: (flags & 1) !== 0,
      userVerified: (flags & 4) !== 0,
      counter: rest.readUInt32BE(1),
    };
    return { ok: true, device };
  };
}

/** What follows the type in the blob of a key that was inspected. */
function fieldsOf({ blob }: PublicKey): Buffer[] {
  const reader = new WireReader(blob);
  const fields: Buffer[] = [];
  while (reader.more) fields.push(reader.string());
  return fields.slice(1);
}

function ed25519IsGood([point = nothing]: readonly Buffer[], bytes: Buffer, data: Uint8Array): boolean {
  const key = keyOf({ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') });
  return bytes.length === 64 && verify(null, data, key, bytes);
}

function rsaIsGood(hash: 'sha256' | 'sha512'): Check {
  return ([e = nothing, n = nothing], bytes, data) => {
    const modulus = withoutSign(n);
    if (bytes.length === 0 || bytes.length > modulus.length) return false;
    const key = keyOf({
      kty: 'RSA',
      e: withoutSign(e).toString('base64url'),
      n: modulus.toString('base64url'),
    });
    // Some write it without the zeros at its beginning (RFC 8332, section 3, forbids it; OpenSSH reads it).
    return verify(hash, data, key, padded(bytes, modulus.length));
  };
}

function ecdsaIsGood(crv: 'P-256' | 'P-384' | 'P-521', hash: 'sha256' | 'sha384' | 'sha512'): Check {
  return ([, point = nothing], bytes, data) => {
    const size = (point.length - 1) / 2;
    const numbers = readNumbers(bytes, size);
    if (numbers === undefined) return false;
    const coordinate = (at: number): string => point.subarray(at, at + size).toString('base64url');
    const key = keyOf({ kty: 'EC', crv, x: coordinate(1), y: coordinate(1 + size) });
    return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, numbers);
  };
}

/** The two numbers of an ECDSA signature, each of them `size` bytes long; undefined when they are no such numbers. */
function readNumbers(bytes: Buffer, size: number): Buffer | undefined {
  const reader = new WireReader(bytes);
  const numbers = [reader.string(), reader.string()];
  const sound = numbers.every((number) => isPositive(number) && withoutSign(number).length <= size);
  if (!reader.complete || !sound) return undefined;
  return Buffer.concat(numbers.map((number) => padded(withoutSign(number), size)));
}

const nothing = Buffer.alloc(0);

/** An mpint (RFC 4251, section 5) above zero, in the shortest form. */
function isPositive([first = 0x80, second = 0]: Buffer): boolean {
  return first < 0x80 && (first !== 0 || second >= 0x80);
}

/** Without the zero that keeps an mpint positive. */
function withoutSign(mpint: Buffer): Buffer {
  return mpint[0] === 0 ? mpint.subarray(1) : mpint;
}

function padded(bytes: Buffer, size: number): Buffer {
  return Buffer.concat([Buffer.alloc(size - bytes.length), bytes]);
}

function keyOf(key: JsonWebKey): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}

function sha256(data: Uint8Array | string): Buffer {
  return createHash('sha256').update(data).digest();
}
