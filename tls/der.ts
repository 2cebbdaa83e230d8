import forge from 'node-forge';

/** A node of ASN.1 in the making. */
export type Der = forge.asn1.Asn1;

const { asn1 } = forge;
const { Class, Type } = asn1;
/** The published types do not have its options. */
const fromDer = asn1.fromDer as unknown as (bytes: string, options: { decodeBitStrings: boolean }) => Der;

/** Where the class is not UNIVERSAL, forge keeps the tag's number in the place of a type. */
const createTagged: (tagClass: number, tag: number, constructed: boolean, value: string | Der[]) => Der =
  asn1.create;

/** Writes it out. */
export function encode(der: Der): Buffer {
  return Buffer.from(asn1.toDer(der).getBytes(), 'latin1');
}

/** Reads it; throws if it is not DER. */
export function decode(bytes: Buffer): Der {
  // By default forge takes the bits of a BIT STRING apart when they happen to look like ASN.1, as one key in 256 does.
  return fromDer(bytes.toString('latin1'), { decodeBitStrings: false });
}

/** What a constructed node holds. */
export function children(der: Der | undefined): Der[] {
  return Array.isArray(der?.value) ? der.value : [];
}

/** The octets of a primitive node. */
export function octets(der: Der | undefined): Buffer {
  return typeof der?.value === 'string' ? Buffer.from(der.value, 'latin1') : Buffer.alloc(0);
}

export function sequence(...parts: Der[]): Der {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts);
}

export function set(...parts: Der[]): Der {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, parts);
}

export function oid(dotted: string): Der {
  return primitive(Type.OID, Buffer.from(asn1.oidToDer(dotted).getBytes(), 'latin1'));
}

export function oidText(der: Der | undefined): string {
  return asn1.derToOid(octets(der).toString('latin1'));
}

export function boolean(value: boolean): Der {
  return primitive(Type.BOOLEAN, Buffer.from([value ? 0xff : 0]));
}

/** A non-negative integer, big-endian, its first bit clear. */
export function integer(bytes: Uint8Array): Der {
  return primitive(Type.INTEGER, bytes);
}

export function utf8(text: string): Der {
  return primitive(Type.UTF8, Buffer.from(text, 'utf8'));
}

export function octetString(bytes: Uint8Array): Der {
  return primitive(Type.OCTETSTRING, bytes);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Der {
  return primitive(Type.BITSTRING, Buffer.concat([Buffer.from([unusedBits]), bytes]));
}

/** A point in time as X.509 wants it (RFC 5280, 4.1.2.5): two-digit years until 2049. */
export function time(date: Date): Der {
  return date.getUTCFullYear() < 2050
    ? asn1.create(Class.UNIVERSAL, Type.UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(Class.UNIVERSAL, Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

/** A context-specific tag around other nodes, or in place of a primitive node's own. */
export function tagged(tag: number, content: readonly Der[] | Uint8Array): Der {
  return content instanceof Uint8Array
    ? createTagged(Class.CONTEXT_SPECIFIC, tag, false, latin1(content))
    : createTagged(Class.CONTEXT_SPECIFIC, tag, true, [...content]);
}

/** The number of the tag. */
export function tagOf(der: Der): number {
  return der.type;
}

function primitive(type: forge.asn1.Type, bytes: Uint8Array): Der {
  return asn1.create(Class.UNIVERSAL, type, false, latin1(bytes));
}

/** Forge has bytes in strings. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
