import { SignJWT, type JWTPayload } from 'jose';
import t from 'tap';
import { newFlow } from '../../../../server/login/providers/login-flow.ts';
import { ProviderClient, type LoginOutcome } from '../../../../server/login/providers/provider-client.ts';
import type { ProviderSettings } from '../../../../server/login/providers/provider-settings.ts';
import type { TestScope } from '../../../support/scope.ts';
import { clientSecret, FakeProvider } from './fake-provider.ts';
import { settings } from './people.ts';

const redirectUri = 'https://preview.example.com/_porthole/login/callback';
const good = { email: 'Ana@example.com', email_verified: true };
const begun = () => newFlow({ provider: 'test', at: Date.now(), query: '' });
const now = (): number => Math.floor(Date.now() / 1000);

async function start(t: TestScope, parts: Partial<ProviderSettings> = {}) {
  const provider = await FakeProvider.start(t);
  provider.claims = good;
  const client = new ProviderClient({
    settings: settings({
      name: 'test',
      issuer: provider.url,
      clientSecret: () => ({ ok: true, value: clientSecret }),
      ...parts,
    }),
    redirectUri,
    timeoutMs: 3000,
    loginTimeoutMs: 4000,
    now: Date.now,
  });
  const login = async (
    change: (query: URLSearchParams) => void = () => undefined,
    needs = { groups: false },
  ): Promise<LoginOutcome> => {
    const flow = begun();
    const started = await client.begin(flow, { another: false });
    if (started.kind !== 'redirect') return started;
    const query = provider.login(started.location);
    change(query);
    return client.finish(query, flow, needs);
  };
  return { provider, client, login };
}

t.test('a login: what is asked, and who it is', async (t) => {
  const { provider, client, login } = await start(t);
  const started = await client.begin(begun(), { another: false });
  const query = started.kind === 'redirect' ? new URL(started.location).searchParams : new URLSearchParams();
  t.match(Object.fromEntries(query), {
    client_id: 'porthole',
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid email profile',
    code_challenge_method: 'S256',
  });
  t.same(
    ['prompt', 'max_age'].filter((name) => query.has(name)),
    [],
  );
  t.match(await login(), {
    kind: 'person',
    person: { kind: 'person', provider: 'test', subject: 'ana-1', email: 'ana@example.com' },
  });
  t.notOk(provider.asked.includes('/me'));
});

t.test('whoever wants another account is asked', async (t) => {
  const { provider, client } = await start(t);
  const promptOf = async (): Promise<string | null> => {
    const started = await client.begin(begun(), { another: true });
    return started.kind === 'redirect' ? new URL(started.location).searchParams.get('prompt') : null;
  };
  t.equal(await promptOf(), 'login');
  const other = await start(t);
  other.provider.discovery = { prompt_values_supported: ['none', 'select_account'] };
  const started = await other.client.begin(begun(), { another: true });
  t.match(started, { location: /prompt=select_account/ });
  t.same(provider.asked, ['/.well-known/openid-configuration']);
});

t.test('a secret is shown in the way that the provider takes', async (t) => {
  for (const takes of ['basic', 'post'] as const) {
    const { provider, login } = await start(t);
    provider.takes = takes;
    t.match(await login(), { kind: 'person' }, takes);
  }
  const { provider, login } = await start(t);
  provider.takes = 'post';
  provider.discovery = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
  t.match(await login(), { kind: 'person' });
  t.equal(provider.asked.filter((path) => path === '/token').length, 1);
  const asPublic = await start(t, { clientSecret: undefined });
  asPublic.provider.takes = 'none';
  t.match(await asPublic.login(), { kind: 'person' });
});

t.test('a secret that is wrong, gone or of another kind is for the operator', async (t) => {
  const wrong = await start(t, { clientSecret: () => ({ ok: true, value: 'hunter2' }) });
  const outcome = await wrong.login();
  t.match(outcome, { kind: 'unavailable', reason: /does not take the client-id/ });
  t.notMatch(JSON.stringify(outcome), 'hunter2');
  const gone = await start(t, { clientSecret: () => ({ ok: false, problem: 'it cannot be read' }) });
  t.match(await gone.login(), { kind: 'unavailable', reason: /client-secret-file: it cannot be read/ });
  const other = await start(t);
  other.provider.discovery = { token_endpoint_auth_methods_supported: ['private_key_jwt'] };
  t.match(await other.login(), { kind: 'unavailable', reason: /takes no client secret/ });
});

t.test('a token that is not for this login is refused', async (t) => {
  const cases: [string, Record<string, unknown>][] = [
    ['issuer', { iss: 'https://accounts.google.com' }],
    ['audience', { aud: 'another' }],
    ['audiences, and no party', { aud: ['porthole', 'another'] }],
    ['nonce', { nonce: 'x' }],
    ['no nonce', { nonce: undefined }],
    ['expired', { exp: now() - 120, iat: now() - 240 }],
    ['no expiry', { exp: undefined }],
    ['not yet', { nbf: now() + 600 }],
    ['a clock ten minutes ahead', { iat: now() + 600, exp: now() + 900 }],
    ['a clock ten minutes behind, of tokens for an hour', { iat: now() - 600, exp: now() + 3000 }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a long subject', { sub: 'x'.repeat(256) }],
  ];
  const { provider, login } = await start(t);
  for (const [what, claims] of cases) {
    provider.claims = { ...good, ...claims };
    t.match(await login(), { kind: 'refused', reason: /./ }, what);
  }
});

t.test('clocks may differ by half a minute', async (t) => {
  const { provider, login } = await start(t);
  for (const skew of [30, -30]) {
    provider.claims = { ...good, iat: now() + skew, nbf: now() + skew, exp: now() + skew + 5 };
    t.match(await login(), { kind: 'person' }, String(skew));
  }
  provider.claims = { ...good, iat: now() - 300, nbf: now() - 300 };
  t.match(await login(), { kind: 'person' }, 'as Entra ID dates its tokens');
});

t.test('a token that the provider did not sign is refused', async (t) => {
  const { provider, login } = await start(t);
  const unsigned = (claims: JWTPayload): Promise<string> => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return Promise.resolve(`${part({ alg: 'none' })}.${part(claims)}.`);
  };
  provider.sign = unsigned;
  t.match(await login(), { kind: 'refused' });
  provider.sign = (claims) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(clientSecret));
  t.match(await login(), { kind: 'refused' }, 'by whoever knows the secret');
  const other = await FakeProvider.start(t);
  provider.sign = (claims) => other.token(claims);
  t.match(await login(), { kind: 'refused' }, 'by another');
  provider.sign = async (claims) => `${(await provider.token(claims)).slice(0, -8)}AAAAAAAA`;
  t.match(await login(), { kind: 'refused' }, 'not at all');
  provider.sign = undefined;
  t.match(await login(), { kind: 'person' });
  await provider.rotateKey();
  t.match(await login(), { kind: 'person' }, 'a new key is found at once');
});

t.test('what comes back must belong to the login', async (t) => {
  const { login } = await start(t);
  t.match(await login((query) => query.set('state', 'x')), { kind: 'refused' });
  t.match(await login((query) => query.delete('state')), { kind: 'refused' });
  t.match(await login((query) => query.append('state', 'x')), { kind: 'refused' });
  t.match(await login((query) => query.set('iss', 'https://evil.com')), { kind: 'refused' });
  t.match(
    await login((query) => query.delete('iss')),
    { kind: 'refused' },
    'the provider says that it tells it',
  );
  t.match(await login((query) => query.set('code', 'x')), { kind: 'refused', reason: /"invalid_grant"/ });
  t.match(await login((query) => query.delete('code')), { kind: 'refused' });
});

t.test('a code is good once, and for the browser that it was made for', async (t) => {
  const { provider, client } = await start(t);
  const flow = begun();
  const started = await client.begin(flow, { another: false });
  const query = provider.login(started.kind === 'redirect' ? started.location : '');
  t.match(await client.finish(query, flow, { groups: false }), { kind: 'person' });
  t.match(await client.finish(query, flow, { groups: false }), { kind: 'refused' });
  const other = begun();
  const stolen = provider.login(started.kind === 'redirect' ? started.location : '');
  t.match(await client.finish(stolen, other, { groups: false }), { kind: 'refused' });
});

t.test('what the provider says in place of a code', async (t) => {
  const { login } = await start(t);
  const say = (error: string) =>
    login((query) => {
      query.delete('code');
      query.set('error', error);
      query.set('error_description', 'because "it"\n is so');
    });
  t.match(await say('access_denied'), {
    kind: 'denied',
    reason: 'the provider says "access_denied": "because \\"it\\"\\u000a is so"',
  });
  t.match(await say('interaction_required'), { kind: 'denied' });
  t.match(await say('temporarily_unavailable'), { kind: 'unavailable' });
  t.match(await say('invalid_scope'), { kind: 'refused' });
});

t.test('userinfo is asked for what is missing', async (t) => {
  const { provider, login } = await start(t);
  provider.claims = {};
  provider.userInfo = { sub: 'ana-1', ...good, groups: ['eng'] };
  t.match(await login(), { kind: 'person', person: { email: 'ana@example.com', groups: ['eng'] } });
  provider.claims = good;
  provider.asked.length = 0;
  t.match(await login(), { kind: 'person', person: { groups: [] } });
  t.notOk(provider.asked.includes('/me'));
  t.match(await login(undefined, { groups: true }), { kind: 'person', person: { groups: ['eng'] } });
  provider.claims = {};
  provider.userInfo = { sub: 'bob', ...good };
  t.match(await login(), { kind: 'refused' }, 'it speaks of somebody else');
  for (const answer of [
    { status: 500, body: '' },
    { status: 200, body: '<html>' },
  ]) {
    provider.answers.set('/me', answer);
    t.match(await login(), { kind: 'unavailable' });
  }
  provider.answers.clear();
  provider.stalls.add('/me');
  t.match(await login(), { kind: 'unavailable', reason: /in time/ });
});

t.test('a provider that is down, slow or out of order is told as such', async (t) => {
  const { provider, login } = await start(t);
  const garbage = [
    '',
    '<html>',
    '[]',
    'null',
    '{}',
    '{"access_token":7}',
    '{"access_token":"a","token_type":"bearer"}',
  ];
  for (const body of garbage) {
    provider.answers.set('/token', { body });
    t.match(await login(), { kind: 'unavailable' }, body);
  }
  provider.answers.set('/token', { headers: { 'content-type': 'text/html' }, body: 'a secret' });
  t.notMatch(JSON.stringify(await login()), 'a secret');
  provider.answers.set('/token', { body: '{"access_token": a secret' });
  const told = await login();
  t.match(told, { kind: 'unavailable' });
  t.notMatch(JSON.stringify(told), 'a secret');
  provider.answers.set('/token', { status: 502, body: '' });
  t.match(await login(), { kind: 'unavailable', reason: /\/token answered 502/ });
  provider.answers.clear();
  provider.answers.set('/jwks', { status: 500, body: '' });
  t.match(await login(), { kind: 'unavailable' });
  provider.answers.clear();
  provider.stalls.add('/token');
  t.match(await login(), { kind: 'unavailable', reason: /in time/ });
  provider.stalls.clear();
  await provider.stop();
  t.match(await login(), { kind: 'unavailable', reason: /ECONNREFUSED|ECONNRESET/ });
  const fresh = new ProviderClient({
    settings: settings({ issuer: provider.url }),
    redirectUri,
    timeoutMs: 1000,
    now: Date.now,
  });
  t.match(await fresh.begin(begun(), { another: false }), { kind: 'unavailable' });
});
