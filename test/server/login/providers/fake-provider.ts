import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import type { TestScope } from '../../../support/scope.ts';

interface Authorization {
  readonly clientId: string;
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
}

export interface Answered {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

export type Path = '/.well-known/openid-configuration' | '/token' | '/jwks' | '/me';

export const clientSecret = 'a secret of a client: 42%&+';

/** An OpenID provider in the test's own process, which errs wherever a test wants it to. */
export class FakeProvider {
  readonly url: string;
  /** Changes what the ID token says; undefined takes a claim away. */
  claims: Record<string, unknown> = {};
  /** What the userinfo endpoint says; it is not there if this is undefined. */
  userInfo: Record<string, unknown> | undefined;
  /** Changes the discovery document. */
  discovery: Record<string, unknown> = {};
  /** How clients show their secret. */
  takes: 'basic' | 'post' | 'none' = 'basic';
  /** Signs ID tokens in place of the published key. */
  sign: ((claims: JWTPayload) => Promise<string>) | undefined;
  /** Answers of its own making. */
  readonly answers = new Map<Path, Answered>();
  /** Never answered. */
  readonly stalls = new Set<Path>();
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #codes = new Map<string, Authorization>();
  #key: CryptoKey | undefined;
  #jwk: JWK = {};

  static async start(t: Pick<TestScope, 'teardown'>): Promise<FakeProvider> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const provider = new FakeProvider(server);
    t.teardown(() => provider.stop());
    await provider.rotateKey();
    return provider;
  }

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  async rotateKey(): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    this.#key = privateKey;
    this.#jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid: randomUUID() };
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Somebody logs in at the address that they were sent to: what their browser brings back. */
  login(location: string): URLSearchParams {
    const query = new URL(location).searchParams;
    const code = randomUUID();
    const text = (name: string): string => query.get(name) ?? '';
    this.#codes.set(code, {
      clientId: text('client_id'),
      nonce: text('nonce'),
      challenge: text('code_challenge'),
      redirectUri: text('redirect_uri'),
    });
    return new URLSearchParams({ code, state: text('state'), iss: this.url });
  }

  /** A token with the published key. */
  async token(claims: JWTPayload): Promise<string> {
    if (this.#key === undefined) throw new Error('there is no key');
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: this.#jwk.kid ?? '' }).sign(this.#key);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', this.url);
    this.asked.push(pathname);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.stalls.has(pathname as Path)) return;
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const {
      status = 200,
      headers = {},
      body,
    } = this.answers.get(pathname as Path) ?? (await this.#answer(pathname, request, form));
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  }

  async #answer(pathname: string, request: IncomingMessage, form: URLSearchParams): Promise<Answered> {
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return json(this.#document());
      case '/jwks':
        return json({ keys: [this.#jwk] });
      case '/me':
        return this.userInfo === undefined ? { status: 404, body: '{}' } : json(this.userInfo);
      case '/token':
        return this.#exchange(request, form);
      default:
        return { status: 404, body: '{}' };
    }
  }

  #document(): Record<string, unknown> {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/auth`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/jwks`,
      ...(this.userInfo !== undefined && { userinfo_endpoint: `${this.url}/me` }),
      id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
      authorization_response_iss_parameter_supported: true,
      ...this.discovery,
    };
  }

  async #exchange(request: IncomingMessage, form: URLSearchParams): Promise<Answered> {
    const clientId = this.#clientOf(request, form);
    if (clientId === undefined) return { status: 401, body: JSON.stringify({ error: 'invalid_client' }) };
    const code = form.get('code') ?? '';
    const given = this.#codes.get(code);
    this.#codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isGood =
      given?.clientId === clientId &&
      given.challenge === challenge &&
      given.redirectUri === form.get('redirect_uri');
    if (!isGood) return { status: 400, body: JSON.stringify({ error: 'invalid_grant' }) };
    const now = Math.floor(Date.now() / 1000);
    const claims: JWTPayload = {
      iss: this.url,
      aud: clientId,
      sub: 'ana-1',
      nonce: given.nonce,
      iat: now,
      exp: now + 300,
      ...this.claims,
    };
    const idToken = await (this.sign ?? ((all) => this.token(all)))(claims);
    return json({ access_token: 'an access token', token_type: 'Bearer', id_token: idToken });
  }

  #clientOf(request: IncomingMessage, form: URLSearchParams): string | undefined {
    if (this.takes === 'none') return form.get('client_id') ?? undefined;
    if (this.takes === 'post')
      return form.get('client_secret') === clientSecret ? (form.get('client_id') ?? undefined) : undefined;
    const [, credentials = ''] = (request.headers.authorization ?? '').split(' ');
    const [id = '', secret = ''] = Buffer.from(credentials, 'base64').toString().split(':');
    const text = (part: string): string => decodeURIComponent(part.replaceAll('+', ' '));
    return text(secret) === clientSecret ? text(id) : undefined;
  }
}

function json(value: unknown): Answered {
  return { body: JSON.stringify(value) };
}
