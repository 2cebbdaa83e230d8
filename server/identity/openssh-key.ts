import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { problem, type Parsed } from '../../core/parsed.ts';
import { WireReader, wireString, wireText, wireUint32 } from '../../core/ssh-wire.ts';

/** An Ed25519 key pair. */
export interface Ed25519Key {
  readonly privateKey: KeyObject;
  /** As in RFC 8709, with its type. */
  readonly publicBlob: Buffer;
  readonly comment: string;
}

const type = 'ssh-ed25519';
const magic = Buffer.from('openssh-key-v1\0');
const begin = '-----BEGIN OPENSSH PRIVATE KEY-----';
const end = '-----END OPENSSH PRIVATE KEY-----';
/** PKCS#8 of an Ed25519 private key (RFC 8410), up to the 32 bytes that are the key. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');
const seedBytes = 32;
const blockBytes = 8;

export function generateEd25519(comment: string): Ed25519Key {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { privateKey, publicBlob: blobOf(point), comment };
}

/** Writes it the way `ssh-keygen` does without a passphrase (OpenSSH's PROTOCOL.key). */
export function writeOpensshKey({ privateKey, publicBlob, comment }: Ed25519Key): string {
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-seedBytes);
  const point = publicBlob.subarray(-32);
  const check = randomBytes(4);
  const fields = [type, point, Buffer.concat([seed, point]), comment].map(wireString);
  const secret = padded(Buffer.concat([check, check, ...fields]));
  const body = Buffer.concat([
    magic,
    ...['none', 'none', ''].map(wireString),
    wireUint32(1),
    wireString(publicBlob),
    wireString(secret),
  ]);
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return `${[begin, ...lines, end].join('\n')}\n`;
}

/** Reads an Ed25519 key that has no passphrase. What is wrong is told without a word of the text. */
export function readOpensshKey(text: string): Parsed<Ed25519Key> {
  const [, base64] = new RegExp(`^\\s*${begin}([A-Za-z0-9+/=\\s]*)${end}\\s*$`).exec(text) ?? [];
  if (base64 === undefined) return problem("it is not a private key in OpenSSH's format");
  const reader = new WireReader(Buffer.from(base64, 'base64'));
  if (!reader.bytes(magic.length).equals(magic))
    return problem("it is not a private key in OpenSSH's format");
  const [cipher, kdf] = [wireText(reader.string()), wireText(reader.string())];
  reader.string();
  if (cipher !== 'none' || kdf !== 'none')
    return problem('it has a passphrase, which nobody can be asked for');
  const count = reader.uint32();
  const publicBlob = reader.string();
  const secret = reader.string();
  if (count !== 1 || !reader.complete) return problem('it is damaged');
  return readSecret(secret, publicBlob);
}

function readSecret(secret: Buffer, publicBlob: Buffer): Parsed<Ed25519Key> {
  const reader = new WireReader(secret);
  if (reader.uint32() !== reader.uint32()) return problem('it is damaged');
  if (wireText(reader.string()) !== type) return problem('it is not an Ed25519 key');
  const point = reader.string();
  const both = reader.string();
  const comment = wireText(reader.string()) ?? '';
  const isWhole = reader.ok && both.length === 2 * seedBytes && both.subarray(seedBytes).equals(point);
  if (!isWhole || !blobOf(point).equals(publicBlob)) return problem('it is damaged');
  const der = Buffer.concat([pkcs8Head, both.subarray(0, seedBytes)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { ok: true, value: { privateKey, publicBlob: Buffer.from(publicBlob), comment } };
}

function blobOf(point: Buffer): Buffer {
  return Buffer.concat([wireString(type), wireString(point)]);
}

/** With 1, 2, 3 ... up to a whole block. */
function padded(bytes: Buffer): Buffer {
  const missing = (blockBytes - (bytes.length % blockBytes)) % blockBytes;
  return Buffer.concat([bytes, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}
