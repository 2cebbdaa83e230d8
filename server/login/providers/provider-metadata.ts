import {
  allowInsecureRequests,
  customFetch,
  discovery,
  type Configuration,
  type ServerMetadata,
} from 'openid-client';
import { failureOf } from './login-failure.ts';
import { isTrusted, providerFetch, ProviderUnavailable } from './provider-fetch.ts';

export interface ProviderMetadataOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What a login needs of a provider. */
export type UsableMetadata = ServerMetadata &
  Readonly<Record<'authorization_endpoint' | 'token_endpoint' | 'jwks_uri', string>>;

const keptMs = 3_600_000;
const maxBytes = 256 * 1024;

/** What a provider says of itself (OpenID Connect Discovery 1.0): asked for when it is needed, kept for an hour, and no longer. */
export class ProviderMetadata {
  readonly #options: ProviderMetadataOptions;
  #known: UsableMetadata | undefined;
  #keptUntilMs = 0;
  #asking: Promise<UsableMetadata> | undefined;

  constructor(options: ProviderMetadataOptions) {
    this.#options = options;
  }

  /** However many ask, it is fetched once. Rejects with `ProviderUnavailable`. */
  current(): Promise<UsableMetadata> {
    if (this.#known !== undefined && this.#options.now() < this.#keptUntilMs)
      return Promise.resolve(this.#known);
    this.#asking ??= this.#ask()
      .catch((cause: unknown) => {
        throw new ProviderUnavailable(failureOf(cause).reason, { cause });
      })
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  async #ask(): Promise<UsableMetadata> {
    const { issuer, clientId, timeoutMs, now } = this.#options;
    const signal = AbortSignal.timeout(timeoutMs);
    const configuration = await discovery(new URL(issuer), clientId, undefined, undefined, {
      [customFetch]: providerFetch({ issuer, timeoutMs, maxBytes, signal }),
      execute: isPlain(issuer) ? [allowPlain] : [],
    });
    this.#known = usable(configuration.serverMetadata(), issuer);
    this.#keptUntilMs = now() + keptMs;
    return this.#known;
  }
}

/** Without TLS: only for a provider on this machine, see `readProvider`; what is fetched is checked by `providerFetch`. */
export function allowPlainFor(issuer: string, configuration: Configuration): void {
  if (isPlain(issuer)) allowPlain(configuration);
}

// eslint-disable-next-line @typescript-eslint/no-deprecated -- it is marked so that it stands out, and not about to go
const allowPlain: (configuration: Configuration) => void = allowInsecureRequests;

function isPlain(issuer: string): boolean {
  return new URL(issuer).protocol === 'http:';
}

function usable(metadata: ServerMetadata, issuer: string): UsableMetadata {
  // openid-client lets some vendors answer for others: for all tenants there are, say.
  if (new URL(metadata.issuer).href !== new URL(issuer).href)
    throw new ProviderUnavailable('its discovery document is of another issuer');
  const { authorization_endpoint, token_endpoint, jwks_uri } = metadata;
  if (!isAddress(authorization_endpoint) || !isAddress(token_endpoint) || !isAddress(jwks_uri))
    throw new ProviderUnavailable('its discovery document lacks an address that logins need');
  if (!isTrusted(new URL(authorization_endpoint), issuer))
    throw new ProviderUnavailable('its discovery document sends people to an address that is not https');
  return { ...metadata, authorization_endpoint, token_endpoint, jwks_uri };
}

function isAddress(text: string | undefined): text is string {
  return text !== undefined && URL.canParse(text);
}
