import t from 'tap';
import {
  isTrusted,
  providerFetch,
  ProviderUnavailable,
} from '../../../../server/login/providers/provider-fetch.ts';
import { FakeProvider } from './fake-provider.ts';

const provider = await FakeProvider.start(t);
const asking = { method: 'GET', headers: {}, body: undefined, redirect: 'manual' } as const;
const never = new AbortController().signal;

function ask(path: string, parts: { issuer?: string; timeoutMs?: number; signal?: AbortSignal } = {}) {
  const options = { issuer: provider.url, timeoutMs: 5000, maxBytes: 4096, signal: never, ...parts };
  const address = path.startsWith('/') ? provider.url + path : path;
  return providerFetch(options)(address, asking);
}

t.test('answers come whole', async (t) => {
  const response = await ask('/jwks');
  t.equal(response.status, 200);
  t.match(await response.json(), { keys: [{}] });
  t.equal((await ask('/nothing')).status, 404);
  provider.answers.set('/me', { status: 204, body: '' });
  t.equal((await ask('/me')).status, 204);
});

t.test('a form is sent on', async (t) => {
  const response = await providerFetch({
    issuer: provider.url,
    timeoutMs: 5000,
    maxBytes: 4096,
    signal: never,
  })(`${provider.url}/token`, { ...asking, method: 'POST', body: new URLSearchParams({ code: 'x' }) });
  t.equal(response.status, 401);
});

t.test('what cannot be used is told without what was asked', async (t) => {
  const refused = (answer: Promise<unknown>, message: RegExp) =>
    t.rejects(answer, { name: 'ProviderUnavailable', message });
  for (const status of [500, 503, 429, 302]) {
    provider.answers.set('/me', { status, headers: { location: '/jwks' }, body: 'x' });
    await refused(ask('/me?code=secret'), new RegExp(`/me answered ${String(status)}$`));
  }
  provider.answers.set('/me', { body: 'x'.repeat(5000) });
  await refused(ask('/me'), /more than 4096 bytes/);
  provider.stalls.add('/me');
  await refused(ask('/me', { timeoutMs: 20 }), /did not answer in time/);
  await refused(ask('/me', { signal: AbortSignal.timeout(20) }), /did not answer in time/);
  const other = await FakeProvider.start(t);
  await other.stop();
  await refused(ask(`${other.url}/me?code=secret`), /\/me cannot be reached: ECONNREFUSED/);
  await refused(ask('http://example.com/'), /not https/);
  await refused(ask('nonsense'), /not https/);
  t.ok(new ProviderUnavailable('x') instanceof Error);
});

t.test('a provider elsewhere names nothing on this machine', async (t) => {
  await t.rejects(ask('/jwks', { issuer: 'https://sso.example.com' }), { message: /not https/ });
  t.equal(isTrusted(new URL('https://localhost/x'), 'https://sso.example.com'), false);
  t.equal(isTrusted(new URL('https://cdn.example.com/x'), 'https://sso.example.com'), true);
  t.equal(isTrusted(new URL('http://[::1]/x'), 'http://127.0.0.1:1'), true);
  t.equal(isTrusted(new URL('ftp://example.com/x'), 'https://sso.example.com'), false);
});
