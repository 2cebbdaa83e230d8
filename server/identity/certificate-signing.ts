import { randomBytes } from 'node:crypto';
import { certificateTypeOf } from '../../core/ssh-certificate.ts';
import { WireReader, wireString, wireText, wireUint32, wireUint64 } from '../../core/ssh-wire.ts';
import type { AuthorityKey } from './authority-file.ts';

export interface CertificateContent {
  /** The plain public key that it is for: sound, and of a type that certificates can be made for. */
  readonly subject: Uint8Array;
  readonly serial: bigint;
  /** The key id. */
  readonly id: string;
  readonly principals: readonly string[];
  /** Seconds since the epoch. */
  readonly validAfter: number;
  readonly validBefore: number;
  /** What it must be held to; nothing if not given. */
  readonly criticalOptions?: readonly string[];
  /** What it permits; the usual if not given. */
  readonly extensions?: readonly string[];
}

const userCertificate = 1;
const nonceBytes = 32;
/** What `ssh-keygen -s` allows too; without them an sshd that trusts the authority gives neither a terminal nor forwards. */
const usualExtensions = ['permit-agent-forwarding', 'permit-port-forwarding', 'permit-pty'];

/** A user certificate (OpenSSH's PROTOCOL.certkeys) as the line of a `-cert.pub` file. Throws for a key of a type that has none. */
export function signCertificate(content: CertificateContent, authority: AuthorityKey): string {
  const reader = new WireReader(content.subject);
  const keyType = wireText(reader.string()) ?? '';
  const type = certificateTypeOf(keyType);
  if (type === undefined) throw new Error('there are no certificates for keys of this type');
  const body = Buffer.concat([
    wireString(type),
    wireString(randomBytes(nonceBytes)),
    content.subject.subarray(reader.offset),
    wireUint64(content.serial),
    wireUint32(userCertificate),
    wireString(content.id),
    wireString(Buffer.concat(content.principals.map(wireString))),
    wireUint64(BigInt(content.validAfter)),
    wireUint64(BigInt(content.validBefore)),
    wireString(flags(content.criticalOptions ?? [])),
    wireString(flags(content.extensions ?? usualExtensions)),
    wireString(''),
    wireString(authority.blob),
  ]);
  const blob = Buffer.concat([body, wireString(authority.sign(body))]);
  return `${type} ${blob.toString('base64')} ${content.id}`;
}

/** Options without a value, in the order of their bytes. */
function flags(names: readonly string[]): Buffer {
  return Buffer.concat(names.toSorted().flatMap((name) => [wireString(name), wireString('')]));
}

/** Random, so that nobody needs to count; of 63 bits, since some take it for a signed number; never 0, which OpenSSH takes for none. */
export function newSerial(): bigint {
  const serial = randomBytes(8).readBigUInt64BE() >> 1n;
  return serial === 0n ? 1n : serial;
}
