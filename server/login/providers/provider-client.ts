import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  Configuration,
  customFetch,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  type ClientAuth,
  type IDToken,
} from 'openid-client';
import type { PersonAccount } from '../../access/people-rules.ts';
import { failureOf, isClientRefused, type LoginFailure } from './login-failure.ts';
import { challengeOfFlow, nonceOfFlow, stateOfFlow, type LoginFlow } from './login-flow.ts';
import { isMore, personOf, toldEmail } from './person-of-claims.ts';
import { providerFetch } from './provider-fetch.ts';
import { allowPlainFor, ProviderMetadata, type UsableMetadata } from './provider-metadata.ts';
import type { ProviderSettings } from './provider-settings.ts';

export interface ProviderClientOptions {
  readonly settings: ProviderSettings;
  /** Where the provider sends people back to. */
  readonly redirectUri: string;
  /** Of each answer of the provider, and of all that one login needs. */
  readonly timeoutMs?: number;
  readonly loginTimeoutMs?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export type LoginOutcome =
  | {
      readonly kind: 'person';
      readonly person: PersonAccount;
      /** As the provider tells it, verified or not. */
      readonly toldEmail: string | undefined;
    }
  | LoginFailure;

export type LoginStart = { readonly kind: 'redirect'; readonly location: string } | LoginFailure;

const maxBytes = 1024 * 1024;
/** How much the provider's clock and ours may differ. */
const skewSeconds = 60;
/** How old a token may say that it is: Entra ID dates them back by five minutes. */
const maxAgeSeconds = 300;
const supportedAlgorithms = /^(?:RS|PS|ES)(?:256|384|512)$|^(?:EdDSA|Ed25519)$/;

/** Speaks with one provider: the authorization code flow of OpenID Connect with PKCE, and every signature checked. */
export class ProviderClient {
  readonly #settings: ProviderSettings;
  readonly #redirectUri: string;
  readonly #timeoutMs: number;
  readonly #loginTimeoutMs: number;
  readonly #now: () => number;
  readonly #metadata: ProviderMetadata;

  constructor({
    settings,
    redirectUri,
    timeoutMs = 10_000,
    loginTimeoutMs = 20_000,
    now,
  }: ProviderClientOptions) {
    this.#settings = settings;
    this.#redirectUri = redirectUri;
    this.#timeoutMs = timeoutMs;
    this.#loginTimeoutMs = loginTimeoutMs;
    this.#now = now;
    const { issuer, clientId } = settings;
    this.#metadata = new ProviderMetadata({ issuer, clientId, timeoutMs, now });
  }

  /** Where the browser logs in. `another`: the provider asks who it is, whoever is logged in there. Never rejects. */
  async begin(flow: LoginFlow, { another }: { readonly another: boolean }): Promise<LoginStart> {
    try {
      const metadata = await this.#metadata.current();
      const configuration = new Configuration(metadata, this.#settings.clientId, undefined, None());
      allowPlainFor(this.#settings.issuer, configuration);
      const url = buildAuthorizationUrl(configuration, {
        redirect_uri: this.#redirectUri,
        scope: this.#settings.scopes.join(' '),
        state: stateOfFlow(flow),
        nonce: nonceOfFlow(flow),
        code_challenge: challengeOfFlow(flow),
        code_challenge_method: 'S256',
        ...(another && { prompt: promptOf(metadata) }),
      });
      return { kind: 'redirect', location: url.href };
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Who came back with this query. `needs.groups`: somebody asks for groups. Never rejects. */
  async finish(
    query: URLSearchParams,
    flow: LoginFlow,
    needs: { readonly groups: boolean },
  ): Promise<LoginOutcome> {
    const signal = AbortSignal.timeout(this.#loginTimeoutMs);
    try {
      const metadata = await this.#metadata.current();
      return await this.#exchange({ query, flow, needs, metadata, signal });
    } catch (error) {
      return failureOf(error);
    }
  }

  async #exchange(login: Login): Promise<LoginOutcome> {
    const secret = this.#settings.clientSecret?.();
    if (secret?.ok === false)
      return { kind: 'unavailable', reason: `the client-secret-file: ${secret.problem}` };
    const ways = waysToAuthenticate(login.metadata, secret?.value);
    for (const [index, way] of ways.entries()) {
      try {
        return await this.#exchangeBy(way, login);
      } catch (error) {
        // Nothing tells which way the client was registered for; a code is not spent by a client that is not known.
        if (index === ways.length - 1 || !isClientRefused(error)) throw error;
      }
    }
    return { kind: 'unavailable', reason: 'the provider takes no client secret' };
  }

  async #exchangeBy(way: ClientAuth, { query, flow, needs, metadata, signal }: Login): Promise<LoginOutcome> {
    const configuration = this.#configuration(way, metadata, signal);
    const url = new URL(this.#redirectUri);
    url.search = query.toString();
    const tokens = await authorizationCodeGrant(configuration, url, {
      expectedState: stateOfFlow(flow),
      expectedNonce: nonceOfFlow(flow),
      pkceCodeVerifier: flow.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) return { kind: 'refused', reason: 'there is no ID token' };
    const problem = tokenProblem(claims, this.#now());
    if (problem !== undefined) return { kind: 'refused', reason: problem };
    const asksMore = metadata.userinfo_endpoint !== undefined && isMore(this.#settings, claims, needs);
    const userInfo = asksMore
      ? await fetchUserInfo(configuration, tokens.access_token, claims.sub)
      : undefined;
    const told = { token: claims, userInfo };
    return { kind: 'person', person: personOf(this.#settings, told), toldEmail: toldEmail(told) };
  }

  /** For one login: its keys are fetched for it, so that those that were withdrawn are gone. */
  #configuration(way: ClientAuth, metadata: UsableMetadata, signal: AbortSignal): Configuration {
    const { issuer, clientId } = this.#settings;
    const configuration = new Configuration(
      withPublicKeysOnly(metadata),
      clientId,
      { [clockTolerance]: skewSeconds },
      way,
    );
    configuration[customFetch] = providerFetch({ issuer, timeoutMs: this.#timeoutMs, maxBytes, signal });
    allowPlainFor(issuer, configuration);
    // Without this the ID token counts unverified, since it came from the provider's own address.
    enableNonRepudiationChecks(configuration);
    return configuration;
  }
}

interface Login {
  readonly query: URLSearchParams;
  readonly flow: LoginFlow;
  readonly needs: { readonly groups: boolean };
  readonly metadata: UsableMetadata;
  readonly signal: AbortSignal;
}

/** The default first (OpenID Connect Core, 9), as far as the provider takes it. */
function waysToAuthenticate(
  { token_endpoint_auth_methods_supported: taken }: UsableMetadata,
  secret: string | undefined,
): readonly ClientAuth[] {
  if (secret === undefined) return [None()];
  const ways = [
    { method: 'client_secret_basic', auth: ClientSecretBasic(secret) },
    { method: 'client_secret_post', auth: ClientSecretPost(secret) },
  ];
  return ways.filter(({ method }) => taken?.includes(method) ?? true).map(({ auth }) => auth);
}

/** Signed with a key that is published: neither `none`, nor anything that whoever knows the client's secret could sign. */
function withPublicKeysOnly(metadata: UsableMetadata): UsableMetadata {
  const algorithms = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
  return {
    ...metadata,
    id_token_signing_alg_values_supported: algorithms.filter((name) => supportedAlgorithms.test(name)),
  };
}

function promptOf({ prompt_values_supported: known }: UsableMetadata): string {
  return Array.isArray(known) && known.includes('select_account') ? 'select_account' : 'login';
}

/** A token that is good for an hour must not hide a clock that is far off. */
function tokenProblem({ iat, sub }: IDToken, nowMs: number): string | undefined {
  const age = nowMs / 1000 - iat;
  if (age < -skewSeconds) return `the token was made ${seconds(-age)} from now: the clocks differ`;
  if (age > maxAgeSeconds + skewSeconds) return `the token was made ${seconds(age)} ago: the clocks differ`;
  return sub === '' || sub.length > 255 || /\p{C}/u.test(sub)
    ? 'the token says nothing usable of whom it is for'
    : undefined;
}

function seconds(count: number): string {
  return `${String(Math.round(count))} s`;
}
