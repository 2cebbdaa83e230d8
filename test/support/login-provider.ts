import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import type { TestScope } from './scope.ts';

export interface Somebody {
  readonly email: string;
  readonly verified?: boolean;
  readonly groups?: readonly string[];
}

export const visitorClient = { id: 'porthole', secret: 'between a test and its provider' };

/**
 * A real OpenID provider on this machine, whose login page takes the address of anybody that a test made known. Each browser stays logged in there, as with
 * any provider.
 */
export class LoginProvider {
  readonly url: string;
  /** How far its clock is ahead. */
  skewSeconds = 0;
  /** Paths that are never answered. */
  readonly stalls = new Set<string>();
  /** Paths that fail. */
  readonly fails = new Set<string>();
  /** It does not send browsers back, but keeps the addresses where it would. */
  withholds = false;
  readonly withheld: string[] = [];
  readonly #server: Server;
  readonly #people = new Map<string, Somebody>();
  readonly #key: JWK;
  #provider: Provider | undefined;

  static async start(t: Pick<TestScope, 'teardown'>): Promise<LoginProvider> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const key = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'login' };
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const provider = new LoginProvider(server, key);
    t.teardown(() => provider.stop());
    return provider;
  }

  private constructor(server: Server, key: JWK) {
    this.#server = server;
    this.#key = key;
    this.url = `http://127.0.0.1:${String(this.#port)}`;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** A gateway that may log in people here: what it has in its login file. */
  register(redirectUri: string): void {
    this.#provider = new Provider(this.url, this.#configuration(redirectUri));
  }

  get entry(): string {
    return `[[provider]]
name = "corp"
title = "Example Corp"
issuer = "${this.url}"
client-id = "${visitorClient.id}"
client-secret = "${visitorClient.secret}"
`;
  }

  know(somebody: Somebody): void {
    this.#people.set(somebody.email, somebody);
  }

  /** Nobody can reach it any more. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** At the same address as before. */
  async startAgain(): Promise<void> {
    this.#server.listen(Number(new URL(this.url).port), '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', this.url);
    if (this.stalls.has(pathname)) return;
    const provider = this.#provider;
    if (provider === undefined || this.fails.has(pathname)) {
      response.writeHead(503).end();
      return;
    }
    if (pathname === '/token' && this.skewSeconds !== 0) this.#skew(response);
    if (this.withholds) this.#withhold(response);
    if (pathname.startsWith('/interaction/')) await this.#interact(provider, request, response);
    else await provider.callback()(request, response);
  }

  /** The page of a login: an address, and the ways to go on and back. */
  async #interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(loginPage);
      return;
    }
    const accountId = form.get('email') ?? '';
    const result = form.has('cancel')
      ? { error: 'access_denied', error_description: 'cancelled' }
      : { login: { accountId } };
    if ('login' in result && !this.#people.has(accountId)) {
      response.writeHead(403, { 'content-type': 'text/html' }).end(loginPage);
      return;
    }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }

  #withhold(response: ServerResponse): void {
    const end = response.end.bind(response);
    response.end = ((body?: string) => {
      const to = response.getHeader('location');
      if (typeof to !== 'string' || !to.includes('code=')) return end(body);
      this.withheld.push(to);
      response.removeHeader('location');
      response.removeHeader('content-length');
      response.statusCode = 200;
      return end('withheld');
    }) as ServerResponse['end'];
  }

  /** Signs the ID token once more, with other times. */
  #skew(response: ServerResponse): void {
    const end = response.end.bind(response);
    response.end = ((body: string | Buffer) => {
      void this.#skewed(body.toString()).then((text) => {
        response.setHeader('content-length', Buffer.byteLength(text));
        end(text);
      });
      return response;
    }) as ServerResponse['end'];
  }

  async #skewed(text: string): Promise<string> {
    const answer = JSON.parse(text) as { id_token?: string };
    if (answer.id_token === undefined) return text;
    const { iat = 0, exp = 0, ...claims } = decodeJwt(answer.id_token);
    const id_token = await new SignJWT({
      ...claims,
      iat: iat + this.skewSeconds,
      exp: exp + this.skewSeconds,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'login' })
      .sign(await importJWK(this.#key, 'RS256'));
    return JSON.stringify({ ...answer, id_token });
  }

  #configuration(redirectUri: string): Configuration {
    return {
      clients: [
        {
          client_id: visitorClient.id,
          client_secret: visitorClient.secret,
          redirect_uris: [redirectUri],
          grant_types: ['authorization_code'],
          response_types: ['code'],
        },
      ],
      jwks: { keys: [this.#key] },
      cookies: { keys: ['a key of a test'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
      pkce: { required: () => true },
      ttl: {
        Session: 600,
        Interaction: 600,
        Grant: 600,
        AccessToken: 600,
        IdToken: 600,
        AuthorizationCode: 60,
      },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
      findAccount: (_ctx, id) => {
        const { email, verified = true, groups = [] } = this.#people.get(id) ?? { email: id };
        return { accountId: id, claims: async () => ({ sub: id, email, email_verified: verified, groups }) };
      },
      // Nobody is asked for a consent.
      loadExistingGrant: async (ctx) => {
        const { client, session, provider } = ctx.oidc;
        if (client === undefined || session?.accountId === undefined) return undefined;
        const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
    };
  }
}

const loginPage = `<!doctype html><title>Example Corp</title><h1>Log in at Example Corp</h1>
<form method="post"><label>Address <input name="email"></label>
<button>Log in</button> <button name="cancel" value="1">Cancel</button></form>`;
