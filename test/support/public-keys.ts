import { generateKeyPairSync } from 'node:crypto';
import { fingerprint } from '../../core/fingerprint.ts';

/** A public key that nobody has the private half of. */
export interface MadeKey {
  /** `TYPE BASE64`. */
  readonly line: string;
  readonly blob: Buffer;
  readonly fingerprint: string;
}

/** An Ed25519 key, or an RSA one of so many bits. */
export function publicKey(rsaBits?: number): MadeKey {
  const [type, fields] = rsaBits === undefined ? ed25519() : rsa(rsaBits);
  const blob = Buffer.concat([Buffer.from(type), ...fields].map(field));
  return { line: `${type} ${blob.toString('base64')}`, blob, fingerprint: fingerprint(blob) };
}

function ed25519(): [type: string, fields: readonly Buffer[]] {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  return ['ssh-ed25519', [Buffer.from(x, 'base64url')]];
}

function rsa(modulusLength: number): [type: string, fields: readonly Buffer[]] {
  const { e = '', n = '' } = generateKeyPairSync('rsa', { modulusLength }).publicKey.export({
    format: 'jwk',
  });
  const positive = (text: string): Buffer => {
    const bytes = Buffer.from(text, 'base64url');
    return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  };
  return ['ssh-rsa', [positive(e), positive(n)]];
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
