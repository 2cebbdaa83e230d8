import { X509Certificate, createHash, createPublicKey, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Der } from './der.ts';
import {
  bitString,
  boolean,
  children,
  decode,
  encode,
  integer,
  octetString,
  octets,
  oid,
  oidText,
  sequence,
  set,
  tagOf,
  tagged,
  time,
  utf8,
} from './der.ts';

/** A name or address that a certificate is for, or a range of them that an authority is limited to. */
export type GeneralName = { readonly dns: string } | { readonly ip: Uint8Array };

/** What a certificate says. The key that it certifies is on P-256, and so is its issuer's. */
export interface CertificateFields {
  /** A name as `distinguishedName` or `subjectOf` gives it. */
  readonly issuer: Der;
  readonly subject: Der;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Der[];
}

const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
};
const backdateMs = 60 * 60 * 1000;
const version3 = Buffer.from([2]);
const dnsTag = 2;
const ipTag = 7;
/** The bits of KeyUsage that are used here (RFC 5280, 4.2.1.3), with the number of bits that are unused behind them. */
const keyUsages = {
  digitalSignature: { bits: 0x80, unused: 7 },
  keyCertSignAndCrlSign: { bits: 0x06, unused: 1 },
};

/** Makes an X.509 certificate (RFC 5280) with a random serial number, as PEM. Node cannot, and forge alone cannot with P-256. */
export function signCertificate(fields: CertificateFields, issuerKey: KeyObject): string {
  const algorithm = sequence(oid(oids.ecdsaWithSha256));
  const body = sequence(
    tagged(0, [integer(version3)]),
    integer(randomSerial()),
    algorithm,
    fields.issuer,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    decode(spkiOf(fields.publicKey)),
    tagged(3, [sequence(...fields.extensions)]),
  );
  const signature = sign('sha256', encode(body), issuerKey);
  return new X509Certificate(encode(sequence(body, algorithm, bitString(signature)))).toString();
}

/** From an hour ago, for clients whose clock is behind. */
export function validFor(lifeMs: number, now: Date): { notBefore: Date; notAfter: Date } {
  const from = now.getTime() - backdateMs;
  return { notBefore: new Date(from), notAfter: new Date(from + lifeMs) };
}

export function distinguishedName({
  organization,
  commonName,
}: {
  organization: string;
  commonName: string;
}): Der {
  return sequence(attribute(oids.organization, organization), attribute(oids.commonName, commonName));
}

/** The subject exactly as the certificate has it: what its own certificates must repeat as their issuer. */
export function subjectOf(certificate: X509Certificate): Der {
  return bodyOf(certificate)[5] ?? sequence();
}

export function authorityExtensions(publicKey: KeyObject, permitted: readonly GeneralName[]): Der[] {
  return [
    // An authority, of leaf certificates only.
    extension(oids.basicConstraints, sequence(boolean(true), integer(Buffer.from([0]))), { critical: true }),
    extension(oids.keyUsage, usage('keyCertSignAndCrlSign'), { critical: true }),
    extension(oids.extendedKeyUsage, sequence(oid(oids.serverAuth))),
    extension(oids.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
    extension(
      oids.nameConstraints,
      sequence(
        tagged(
          0,
          permitted.map((name) => sequence(generalName(name))),
        ),
      ),
      {
        critical: true,
      },
    ),
  ];
}

export function serverExtensions(
  publicKey: KeyObject,
  issuerKey: KeyObject,
  names: readonly GeneralName[],
): Der[] {
  return [
    extension(oids.basicConstraints, sequence(), { critical: true }),
    extension(oids.keyUsage, usage('digitalSignature'), { critical: true }),
    extension(oids.extendedKeyUsage, sequence(oid(oids.serverAuth))),
    extension(oids.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
    extension(oids.authorityKeyIdentifier, sequence(tagged(0, keyIdentifier(issuerKey)))),
    extension(oids.subjectAltName, sequence(...names.map(generalName))),
  ];
}

/** The DNS names below which an authority may certify; `undefined` if it is not limited. */
export function permittedDomains(authority: X509Certificate): string[] | undefined {
  const [, constraints] = extensionsOf(authority).find(([id]) => id === oids.nameConstraints) ?? [];
  if (constraints === undefined) return undefined;
  const permitted = children(decode(constraints)).find((subtrees) => tagOf(subtrees) === 0);
  return children(permitted)
    .map((subtree) => children(subtree)[0])
    .filter((name) => name !== undefined && tagOf(name) === dnsTag)
    .map((name) => octets(name).toString('latin1'));
}

/** Whether these are its names, all of them and in this order. */
export function certifiesExactly(certificate: X509Certificate, names: readonly GeneralName[]): boolean {
  const [, value] = extensionsOf(certificate).find(([id]) => id === oids.subjectAltName) ?? [];
  return value?.equals(encode(sequence(...names.map(generalName)))) === true;
}

function extension(id: string, value: Der, { critical = false } = {}): Der {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(encode(value)));
}

function usage(name: keyof typeof keyUsages): Der {
  return bitString(Buffer.from([keyUsages[name].bits]), keyUsages[name].unused);
}

function attribute(id: string, value: string): Der {
  return set(sequence(oid(id), utf8(value)));
}

function generalName(name: GeneralName): Der {
  return 'dns' in name ? tagged(dnsTag, Buffer.from(name.dns, 'ascii')) : tagged(ipTag, name.ip);
}

/** RFC 7093, 2: the leftmost 160 bits of the SHA-256 of the public key's bits. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const [, bits] = children(decode(spkiOf(publicKey)));
  return createHash('sha256').update(octets(bits).subarray(1)).digest().subarray(0, 20);
}

/** 126 random bits, positive, without a leading zero octet. */
function randomSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

function spkiOf(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' });
}

function bodyOf(certificate: X509Certificate): Der[] {
  return children(children(decode(certificate.raw))[0]);
}

/** Identifier and value of each. */
function extensionsOf(certificate: X509Certificate): [string, Buffer][] {
  const wrapper = bodyOf(certificate)[7];
  return children(children(wrapper)[0]).map((entry) => {
    const parts = children(entry);
    return [oidText(parts[0]), octets(parts.at(-1))];
  });
}
