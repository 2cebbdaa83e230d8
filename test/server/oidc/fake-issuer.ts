import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import type { FetchedJson } from '../../../server/oidc/fetch-json.ts';
import { IssuerKeys } from '../../../server/oidc/issuer-keys.ts';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(alg = 'ES256', kid = `${alg}-1`): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** An issuer whose documents a test may change, and which counts how often it is asked. */
export class FakeIssuer {
  readonly url: string;
  keys: JWK[];
  maxAgeMs: number | undefined;
  down = false;
  asked = 0;
  nowMs = 1_800_000_000_000;
  discovery: Record<string, unknown>;

  constructor(keys: readonly SigningKey[], url = 'https://ci.test') {
    this.url = url;
    this.keys = keys.map(({ jwk }) => jwk);
    this.discovery = { issuer: url, jwks_uri: `${url}/jwks` };
  }

  get issuerKeys(): IssuerKeys {
    return new IssuerKeys({
      issuer: this.url,
      now: () => this.nowMs,
      fetch: (address) => this.fetch(address),
    });
  }

  fetch(address: string): Promise<FetchedJson> {
    if (this.down) return Promise.reject(new Error('connect ECONNREFUSED'));
    if (address === `${this.url}/.well-known/openid-configuration`)
      return Promise.resolve({ value: this.discovery, maxAgeMs: undefined });
    this.asked += 1;
    return Promise.resolve({ value: { keys: this.keys }, maxAgeMs: this.maxAgeMs });
  }

  /** A token that is good, but for what is changed. */
  token(key: SigningKey, claims: JWTPayload = {}, header: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(this.nowMs / 1000);
    return new SignJWT({
      iss: this.url,
      sub: 'repo:acme/shop',
      aud: 'https://gw.test',
      iat: now,
      nbf: now,
      exp: now + 300,
      ...claims,
    })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
      .sign(key.privateKey);
  }
}
