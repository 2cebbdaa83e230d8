import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { decodeJwt, decodeProtectedHeader, jwtVerify, type JWTPayload } from 'jose';
import { parseLabel } from '../../core/names.ts';
import { lowerCaseAscii } from '../../core/slug.ts';
import { jwkOf, thumbprintUri, type PlainKey } from '../identity/ssh-jwk.ts';

/** A key that a live tunnel dialled in with; the one inside, where it came with a certificate. */
export interface MachineKey extends PlainKey {
  /** `SHA256:...` */
  readonly fingerprint: string;
}

/** The keys of the tunnels that live. */
export interface MachineKeys {
  /** Those that serve the environment now; a key may be there several times. */
  keysOf(env: string): readonly MachineKey[];
}

export interface MachineTokenFacts {
  readonly env: string;
  readonly keys: readonly MachineKey[];
  /** The gateway's domain, which a token may be for, as for a host of the environment. */
  readonly domain: string;
  readonly nowMs: number;
}

export const machineTokenUser = 'x-preevy-profile-key';

const issuerScheme = 'preevy://';
const maxTokenLength = 8 * 1024;
const skewSeconds = 60;
const maxLifeMs = 400 * 86_400_000;

/** The algorithms that fit each type of key. None that needs no private key is among them. */
const algorithms: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['EdDSA', 'Ed25519'],
  'ssh-rsa': ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'ecdsa-sha2-nistp256': ['ES256'],
  'ecdsa-sha2-nistp384': ['ES384'],
  'ecdsa-sha2-nistp521': ['ES512'],
};

/** Whether a bearer token says that a machine's key signed it, in the shape of Preevy's: its issuer is `preevy://` and the key's thumbprint. */
export function isMachineToken(token: string): boolean {
  return issuerOf(token)?.startsWith(issuerScheme) === true;
}

function issuerOf(token: string): string | undefined {
  if (token.length > maxTokenLength || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return undefined;
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Until when the token opens the environment, in milliseconds since the epoch; undefined for one that does not. What takes its time is done for each
 * token that is well-formed, whether the environment has such a key, or is there at all. Never rejects.
 */
export async function verifyMachineToken(
  token: string,
  facts: MachineTokenFacts,
): Promise<number | undefined> {
  try {
    const issuer = issuerOf(token);
    const { alg = '', typ } = decodeProtectedHeader(token);
    const type = Object.keys(algorithms).find((each) => algorithms[each]?.includes(alg));
    if (issuer === undefined || type === undefined) return undefined;
    if (typ !== undefined && !/^(?:application\/)?jwt$/i.test(typ)) return undefined;
    const key = signerOf(issuer, type, facts.keys) ?? (await nobodysKey(type));
    const { payload } = await jwtVerify(token, key, {
      algorithms: [alg],
      issuer,
      requiredClaims: ['exp'],
      clockTolerance: skewSeconds,
      currentDate: new Date(facts.nowMs),
    });
    return endOf(payload, facts);
  } catch {
    return undefined;
  }
}

/** The key that the issuer names, if the environment has it and it is of that type. */
function signerOf(issuer: string, type: string, keys: readonly MachineKey[]): KeyObject | undefined {
  for (const key of keys) {
    const jwk = key.type === type ? jwkOf(key) : undefined;
    if (jwk !== undefined && issuer === issuerScheme + thumbprintUri(jwk))
      return createPublicKey({ key: jwk, format: 'jwk' });
  }
  return undefined;
}

/** Of a token whose signature is right. */
function endOf(
  { exp = 0, iat, aud }: JWTPayload,
  { env, domain, nowMs }: MachineTokenFacts,
): number | undefined {
  const endMs = exp * 1000;
  if (!(endMs > nowMs) || endMs - nowMs > maxLifeMs) return undefined;
  if (iat !== undefined && iat > nowMs / 1000 + skewSeconds) return undefined;
  const audiences = aud === undefined ? [] : [aud].flat();
  const isForHere = aud === undefined || audiences.some((each) => isAudience(each, env, domain));
  return isForHere ? endMs : undefined;
}

/** The gateway, or a host of the environment: as a URL or a bare host. */
function isAudience(audience: string, env: string, domain: string): boolean {
  const host = lowerCaseAscii(audience)
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
    .replace(/:\d{1,5}$/, '');
  if (host === domain) return true;
  if (!host.endsWith(`.${domain}`)) return false;
  return parseLabel(host.slice(0, -domain.length - 1))?.env === env;
}

const generate = promisify(generateKeyPair);
const nobodysKeys = new Map<string, Promise<KeyObject>>();

/** A key of the type that signs nothing: what is signed by others is checked with it, such that it takes as long. */
function nobodysKey(type: string): Promise<KeyObject> {
  const known = nobodysKeys.get(type) ?? makeKey(type);
  nobodysKeys.set(type, known);
  return known;
}

async function makeKey(type: string): Promise<KeyObject> {
  if (type === 'ssh-ed25519') return (await generate('ed25519', {})).publicKey;
  if (type === 'ssh-rsa') return (await generate('rsa', { modulusLength: 2048 })).publicKey;
  return (await generate('ec', { namedCurve: type.replace('ecdsa-sha2-nistp', 'P-') })).publicKey;
}
