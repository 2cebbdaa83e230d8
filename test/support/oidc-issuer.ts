import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK, type JWTPayload } from 'jose';
import Provider, { type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';
import type { TestScope } from './scope.ts';

const grantType = 'urn:openid:params:grant-type:ciba';
const secret = 'a secret between a test and its issuer';

export interface TokenOptions {
  readonly audience: string;
  readonly claims?: JWTPayload;
  readonly algorithm?: 'RS256' | 'ES256';
  readonly ttlSeconds?: number;
}

/**
 * A real OpenID provider on this machine. It gives ID tokens with the claims that a test wants, the way a program gets one without a browser (CIBA), and
 * serves them as GitHub serves them to the jobs of its Actions.
 */
export class OidcIssuer {
  readonly url: string;
  /** What GitHub puts in `ACTIONS_ID_TOKEN_REQUEST_URL` and `..._TOKEN`. */
  readonly actions: { readonly url: string; readonly token: string };
  /** Of the tokens that are asked for the way a job asks GitHub. */
  jobClaims: JWTPayload = {};
  ttlSeconds = 300;
  /** How many tokens jobs have got. */
  jobTokens = 0;
  readonly #server: Server;
  #provider: Provider | undefined;
  #keys: JWK[] = [];
  #wanted: TokenOptions | undefined;

  static async start(t: TestScope): Promise<OidcIssuer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = new OidcIssuer(server);
    t.teardown(() => issuer.stop());
    await issuer.rotateKeys();
    return issuer;
  }

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    this.actions = { url: `${this.url}/actions?api-version=2.0`, token: 'the token of a job' };
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** Nobody can ask it any more. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** From now on it signs with new keys, and the old ones are gone. */
  async rotateKeys(): Promise<void> {
    const keys = await Promise.all([newKey('RS256'), newKey('ES256')]);
    this.#keys = keys;
    this.#provider = new Provider(this.url, this.#configuration(keys));
  }

  /** An ID token. One at a time. */
  async token(options: TokenOptions): Promise<string> {
    this.#wanted = options;
    const client = { client_id: options.audience, client_secret: secret };
    const { auth_req_id: id } = await this.#post('/backchannel', {
      ...client,
      scope: 'openid',
      login_hint: options.claims?.sub ?? 'job',
    });
    const { id_token: token } = await this.#post('/token', {
      ...client,
      grant_type: grantType,
      auth_req_id: id ?? '',
    });
    if (token === undefined) throw new Error('the issuer gave no token');
    return token;
  }

  /** A token that the issuer would not give, signed with its own key. */
  async handMade(claims: JWTPayload): Promise<string> {
    const key = this.#keys.find(({ alg }) => alg === 'RS256') ?? {};
    return new SignJWT({ iss: this.url, sub: 'job', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: key.kid ?? '' })
      .sign(await importJWK(key));
  }

  async #post(path: string, form: Record<string, string>): Promise<Record<string, string>> {
    const response = await fetch(this.url + path, { method: 'POST', body: new URLSearchParams(form) });
    const answer = (await response.json()) as Record<string, string>;
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    if (pathname !== '/actions') {
      await this.#provider?.callback()(request, response);
      return;
    }
    if (request.headers.authorization?.toLowerCase() !== `bearer ${this.actions.token}`) {
      response.writeHead(401).end();
      return;
    }
    this.jobTokens += 1;
    const audience = searchParams.get('audience') ?? '';
    const value = await this.token({ audience, claims: this.jobClaims, ttlSeconds: this.ttlSeconds });
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ value }));
  }

  #configuration(keys: JWK[]): Configuration {
    return {
      jwks: { keys },
      adapter: (name: string) => new MemoryAdapter(name, () => this.#wanted),
      conformIdTokenClaims: false,
      claims: { openid: ['sub', ...claimNames] },
      ttl: {
        IdToken: () => this.#wanted?.ttlSeconds ?? this.ttlSeconds,
        BackchannelAuthenticationRequest: 60,
        AccessToken: 60,
        Grant: 60,
      },
      findAccount: (_ctx, sub) => ({
        accountId: sub,
        // Each token is another one, also within a second.
        claims: async () => ({ jti: crypto.randomUUID(), ...this.#wanted?.claims, sub }),
      }),
      features: {
        devInteractions: { enabled: false },
        ciba: {
          enabled: true,
          deliveryModes: ['poll'],
          processLoginHint: async (_ctx, hint) => hint,
          validateRequestContext: async () => undefined,
          validateBindingMessage: async () => undefined,
          verifyUserCode: async () => undefined,
          triggerAuthenticationDevice: async (_ctx, request, account, client) => {
            const provider = this.#provider;
            if (provider === undefined) return;
            const grant = new provider.Grant({
              clientId: client.clientId,
              accountId: account.accountId,
            });
            grant.addOIDCScope('openid');
            await grant.save();
            await provider.backchannelResult(request, grant);
          },
        },
      },
    };
  }
}

/** What GitHub and GitLab say of a job. */
const claimNames = [
  ...[
    'repository',
    'repository_id',
    'repository_owner',
    'repository_owner_id',
    'ref',
    'head_ref',
    'event_name',
  ],
  ...[
    'project_path',
    'project_id',
    'namespace_path',
    'ref_type',
    'ref_protected',
    'environment',
    'azp',
    'jti',
  ],
];

async function newKey(alg: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: crypto.randomUUID() };
}

/** Everybody is a client: its id is the audience that it wants. */
class MemoryAdapter implements Adapter {
  static readonly #stored = new Map<string, AdapterPayload>();
  readonly #name: string;
  readonly #wanted: () => TokenOptions | undefined;

  constructor(name: string, wanted: () => TokenOptions | undefined) {
    this.#name = name;
    this.#wanted = wanted;
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (this.#name !== 'Client') return MemoryAdapter.#stored.get(`${this.#name}:${id}`);
    return {
      client_id: id,
      client_secret: secret,
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: [grantType],
      response_types: [],
      redirect_uris: [],
      backchannel_token_delivery_mode: 'poll',
      id_token_signed_response_alg: this.#wanted()?.algorithm ?? 'RS256',
    };
  }

  async upsert(id: string, payload: AdapterPayload): Promise<undefined> {
    MemoryAdapter.#stored.set(`${this.#name}:${id}`, payload);
    return undefined;
  }

  async consume(id: string): Promise<undefined> {
    const payload = await this.find(id);
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    return undefined;
  }

  async destroy(id: string): Promise<undefined> {
    MemoryAdapter.#stored.delete(`${this.#name}:${id}`);
    return undefined;
  }

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  findByUid(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  revokeByGrantId(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
