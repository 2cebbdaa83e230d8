import {
  createLocalJWKSet,
  errors,
  type CryptoKey,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWK,
  type JWSHeaderParameters,
} from 'jose';
import { fetchJson, type FetchBounds, type FetchedJson } from './fetch-json.ts';
import { isFetchable, isLoopback } from './issuer-address.ts';

/** The issuer's keys cannot be had: the token may be good, and nobody can tell. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

export interface IssuerKeysOptions {
  /** As tokens and policies spell it. */
  readonly issuer: string;
  readonly now: () => number;
  readonly fetch?: (address: string, bounds: FetchBounds) => Promise<FetchedJson>;
}

const bounds: FetchBounds = { timeoutMs: 5000, maxBytes: 256 * 1024 };
const maxKeys = 100;

/** However short or long the issuer would have its keys kept. */
const minKeptMs = 5 * 60_000;
const maxKeptMs = 24 * 3_600_000;
const keptByDefaultMs = 3_600_000;

/** So long nothing is fetched again for a key that is not there: anybody can name one. */
const rotationCooldownMs = 10_000;
/** So long an issuer that did not answer is not asked again. */
const failureCooldownMs = 3000;

type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/**
 * The keys of one issuer, as its discovery document names them: fetched when they are needed, kept for as long as it allows, and fetched again when a
 * token names another one. When they cannot be fetched those that are kept hold until their time is over, and no longer.
 */
export class IssuerKeys {
  readonly #issuer: string;
  readonly #now: () => number;
  readonly #fetch: NonNullable<IssuerKeysOptions['fetch']>;
  #find: FindKey | undefined;
  #keptUntil = 0;
  #askedAt = -Infinity;
  #failure: IssuerUnavailable | undefined;
  #fetching: Promise<FindKey> | undefined;

  constructor({ issuer, now, fetch = fetchJson }: IssuerKeysOptions) {
    this.#issuer = issuer;
    this.#now = now;
    this.#fetch = fetch;
  }

  /** The key that a token's header names. Rejects with `IssuerUnavailable`, or with jose's error when the issuer has no such key. */
  readonly keyFor: FindKey = async (header, token) => {
    const find = await this.#current();
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayHaveRotated) throw error;
    }
    return (await this.#refresh())(header, token);
  };

  get #mayHaveRotated(): boolean {
    return this.#fetching !== undefined || this.#now() - this.#askedAt >= rotationCooldownMs;
  }

  async #current(): Promise<FindKey> {
    if (this.#find !== undefined && this.#now() < this.#keptUntil) return this.#find;
    if (this.#failure !== undefined && this.#now() - this.#askedAt < failureCooldownMs) throw this.#failure;
    return this.#refresh();
  }

  /** However many ask, it is fetched once. */
  #refresh(): Promise<FindKey> {
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #load(): Promise<FindKey> {
    this.#askedAt = this.#now();
    try {
      const { keys, maxAgeMs = keptByDefaultMs } = await this.#fetchKeys();
      const find = createLocalJWKSet(keys);
      this.#find = find;
      this.#keptUntil = this.#now() + Math.min(maxKeptMs, Math.max(minKeptMs, maxAgeMs));
      this.#failure = undefined;
      return find;
    } catch (cause) {
      const reason = cause instanceof Error ? describe(cause) : String(cause);
      this.#failure = new IssuerUnavailable(`the keys of ${this.#issuer} cannot be fetched: ${reason}`, {
        cause,
      });
      throw this.#failure;
    }
  }

  async #fetchKeys(): Promise<{ keys: JSONWebKeySet; maxAgeMs: number | undefined }> {
    const discovery = await this.#fetch(
      `${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
      bounds,
    );
    const { value, maxAgeMs } = await this.#fetch(this.#keysAddress(discovery.value), bounds);
    return { keys: usableKeys(value), maxAgeMs };
  }

  /** OpenID Connect Discovery 1.0, 4.3: the document must be of the very issuer that was asked for. */
  #keysAddress(document: unknown): string {
    const { issuer, jwks_uri: address } = Object(document) as Record<string, unknown>;
    if (issuer !== this.#issuer) throw new Error('its discovery document is of another issuer');
    const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
    const isLocal = isLoopback(new URL(this.#issuer));
    if (url === undefined || !isFetchable(url) || (isLoopback(url) && !isLocal))
      throw new Error('its discovery document names no address of keys that can be trusted');
    return url.href;
  }
}

/** Public keys for signatures, and nothing else: a shared secret or a private half in a public document is worth nothing. */
function usableKeys(document: unknown): JSONWebKeySet {
  const { keys } = Object(document) as Record<string, unknown>;
  if (!Array.isArray(keys) || keys.length > maxKeys) throw new Error('it did not answer with a set of keys');
  const usable = keys.filter((key: unknown): key is JWK => {
    const { kty, d, k, use } = Object(key) as Record<string, unknown>;
    const isPublic = d === undefined && k === undefined;
    return (
      isPublic && (kty === 'RSA' || kty === 'EC' || kty === 'OKP') && (use === undefined || use === 'sig')
    );
  });
  if (usable.length === 0) throw new Error('there is no key in it that can be used');
  return { keys: usable };
}

/** What `fetch` rejects with hides the reason in its cause. */
function describe(error: Error): string {
  const cause: unknown = error.cause;
  return cause instanceof Error && cause.message !== ''
    ? `${error.message}: ${cause.message}`
    : error.message;
}
