import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isName } from '../../core/names.ts';

/** The parameter of a URL that carries a share token. */
export const shareParameter = 'porthole-share';

/** What a share token lets its bearer do: visit every host of one environment until it expires. */
export interface ShareGrant {
  readonly env: string;
  /** Who owns the environment, as `ownerMark` writes it: when the name passes to somebody else, the link opens nothing there. */
  readonly owner: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly expiresAtMs: number;
  /** Tells one link from another in logs; no secret. */
  readonly id: string;
}

/** What a token is for. One for a cookie opens nothing as a link, nor the other way round. */
export type SharePurpose = 'link' | 'cookie';

const maxTokenLength = 512;
const maxIdLength = 32;

/** A principal in a token: told apart from all others, and not to be read out of it. */
export function ownerMark(principal: string): string {
  return createHash('sha256').update(`porthole-owner ${principal}`).digest('base64url').slice(0, 22);
}

/** A grant for a new link to an environment of this principal, with an id of its own. */
export function newGrant(env: string, principal: string, expiresAtMs: number): ShareGrant {
  return {
    env,
    owner: ownerMark(principal),
    expiresAtMs: Math.floor(expiresAtMs / 1000) * 1000,
    id: randomBytes(6).toString('base64url'),
  };
}

/** `base64url(payload).base64url(mac)`: the payload is JSON, the MAC is HMAC-SHA256 over the purpose and the encoded payload. */
export function signGrant(key: Uint8Array, purpose: SharePurpose, grant: ShareGrant): string {
  const { env, owner, id } = grant;
  const payload = { env, own: owner, exp: Math.floor(grant.expiresAtMs / 1000), id };
  const encoded = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${encoded}.${mac(key, purpose, encoded).toString('base64url')}`;
}

/** The grant of a token that is genuine and has not expired; undefined for every other text. */
export function verifyGrant(
  key: Uint8Array,
  purpose: SharePurpose,
  token: string,
  nowMs: number,
): ShareGrant | undefined {
  if (token.length > maxTokenLength) return undefined;
  const [, encoded, given] = /^([\w-]+)\.([\w-]{43})$/.exec(token) ?? [];
  if (encoded === undefined || given === undefined) return undefined;
  const expected = mac(key, purpose, encoded);
  const actual = Buffer.from(given, 'base64url');
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return undefined;
  const grant = readPayload(encoded);
  return grant !== undefined && grant.expiresAtMs > nowMs ? grant : undefined;
}

/** The link: `origin` is `https://host[:port]` of any host of the environment. */
export function shareUrl(origin: string, token: string, path = '/'): string {
  return `${origin}${path}${path.includes('?') ? '&' : '?'}${shareParameter}=${token}`;
}

function mac(key: Uint8Array, purpose: SharePurpose, encoded: string): Buffer {
  return createHmac('sha256', key).update(`porthole-share ${purpose} ${encoded}`).digest();
}

function readPayload(encoded: string): ShareGrant | undefined {
  let payload: unknown;
  try {
    payload = JSON.parse(Buffer.from(encoded, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { env, own, exp, id } = payload as Record<string, unknown>;
  if (typeof env !== 'string' || !isName(env)) return undefined;
  if (typeof own !== 'string' || !/^[\w-]{22}$/.test(own)) return undefined;
  if (typeof exp !== 'number' || !Number.isSafeInteger(exp)) return undefined;
  if (typeof id !== 'string' || id.length > maxIdLength) return undefined;
  return { env, owner: own, expiresAtMs: exp * 1000, id };
}
