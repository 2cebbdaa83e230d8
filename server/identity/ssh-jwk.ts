import { createHash, type JsonWebKey } from 'node:crypto';
import { WireReader } from '../../core/ssh-wire.ts';

/** A plain public key of SSH: its type, and its blob (RFC 4253, 6.6). */
export interface PlainKey {
  readonly type: string;
  readonly blob: Uint8Array;
}

const curves: Readonly<Record<string, string>> = {
  'ecdsa-sha2-nistp256': 'P-256',
  'ecdsa-sha2-nistp384': 'P-384',
  'ecdsa-sha2-nistp521': 'P-521',
};

/** The same key as a JSON Web Key (RFC 7517), of a sound key; undefined for those that sign nothing but logins (FIDO keys). */
export function jwkOf({ type, blob }: PlainKey): JsonWebKey | undefined {
  const reader = new WireReader(blob);
  reader.string();
  if (type === 'ssh-ed25519') return { kty: 'OKP', crv: 'Ed25519', x: base64url(reader.string()) };
  if (type === 'ssh-rsa') {
    const exponent = reader.string();
    return { kty: 'RSA', e: base64url(withoutSign(exponent)), n: base64url(withoutSign(reader.string())) };
  }
  const crv = Object.hasOwn(curves, type) ? curves[type] : undefined;
  if (crv === undefined) return undefined;
  reader.string();
  // Uncompressed: a byte that says so, then both coordinates (SEC 1, 2.3.3).
  const point = reader.string();
  const size = (point.length - 1) / 2;
  return {
    kty: 'EC',
    crv,
    x: base64url(point.subarray(1, 1 + size)),
    y: base64url(point.subarray(1 + size)),
  };
}

/** `urn:ietf:params:oauth:jwk-thumbprint:sha-256:...` (RFC 9278) */
export function thumbprintUri(jwk: JsonWebKey): string {
  // The members that its type requires, in the order of the alphabet (RFC 7638, 3.2).
  const { crv, e, kty, n, x, y } = jwk;
  const digest = createHash('sha256').update(JSON.stringify({ crv, e, kty, n, x, y })).digest('base64url');
  return `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${digest}`;
}

/** Without the zero that keeps an mpint positive. */
function withoutSign(mpint: Buffer): Buffer {
  return mpint[0] === 0 ? mpint.subarray(1) : mpint;
}

function base64url(bytes: Buffer): string {
  return bytes.toString('base64url');
}
