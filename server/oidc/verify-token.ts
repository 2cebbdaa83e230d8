import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { quote } from '../../core/quote.ts';
import type { Claims } from './choose-policy.ts';
import { IssuerUnavailable, type IssuerKeys } from './issuer-keys.ts';

/** Signatures that only the holder of a private key can make. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** How far the clocks of an issuer and of the gateway may be apart. */
export const leewaySeconds = 60;
const maxTokenLength = 16 * 1024;

export type Verification =
  | { readonly kind: 'verified'; readonly claims: Claims }
  /** `told` may be read by whoever sent it, `reason` is for the log. */
  | { readonly kind: 'refused'; readonly told: string | undefined; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface VerifyOptions {
  /** The keys of an issuer that a policy is for. */
  readonly keysOf: (issuer: string) => IssuerKeys | undefined;
  readonly nowMs: number;
}

/**
 * Verifies an ID token (OpenID Connect Core 1.0, 3.1.3.7; RFC 8725): its form, who signed it, and when it is good. Whom it is for and what it may do is
 * for the policies. Never rejects.
 */
export async function verifyToken(token: string, { keysOf, nowMs }: VerifyOptions): Promise<Verification> {
  const read = readUnverified(token);
  if (typeof read === 'string') return { kind: 'refused', told: read, reason: read };
  const keys = keysOf(read.issuer);
  if (keys === undefined) return unproven(`no policy is for the issuer ${quote(read.issuer)}`);
  try {
    const { payload } = await jwtVerify(token, keys.keyFor, {
      algorithms,
      issuer: read.issuer,
      clockTolerance: leewaySeconds,
      // Makes jose refuse one that was made in the future, too; its age is for the policies.
      maxTokenAge: '10y',
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
      currentDate: new Date(nowMs),
    });
    return { kind: 'verified', claims: payload };
  } catch (error) {
    return refusalOf(error);
  }
}

/** What the token says of itself, or why it cannot be one that is taken here. */
function readUnverified(token: string): { issuer: string } | string {
  if (token.length > maxTokenLength) return 'The token is longer than any ID token.';
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token))
    return 'This is not a signed ID token (a JWT with three parts).';
  try {
    const { alg, typ } = decodeProtectedHeader(token);
    if (typeof alg !== 'string' || !algorithms.includes(alg))
      return 'The token must be signed with a private key (RS256, ES256 or the like).';
    if (typ !== undefined && !/^(?:application\/)?jwt$/i.test(typ))
      return 'This is a token of another kind: an ID token is needed.';
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' && iss.length <= 512 ? { issuer: iss } : 'The token names no issuer.';
  } catch {
    return 'This is not a signed ID token (a JWT with three parts).';
  }
}

function refusalOf(error: unknown): Verification {
  if (error instanceof IssuerUnavailable) return { kind: 'unavailable', reason: error.message };
  if (error instanceof errors.JWTExpired) {
    const told = 'The token has expired: get a new one.';
    return { kind: 'refused', told, reason: told };
  }
  // jose checks claims only once the signature has proven to be right.
  if (error instanceof errors.JWTClaimValidationFailed) {
    const told = `The claim ${error.claim} of the token is not right: it is missing, or not valid yet.`;
    return { kind: 'refused', told, reason: `${error.claim}: ${error.message}` };
  }
  return unproven(error instanceof Error ? error.message : String(error));
}

/** Strangers are not told which issuers and keys would do. */
function unproven(reason: string): Verification {
  return { kind: 'refused', told: undefined, reason };
}
