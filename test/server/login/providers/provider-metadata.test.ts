import t from 'tap';
import { ProviderMetadata } from '../../../../server/login/providers/provider-metadata.ts';
import type { TestScope } from '../../../support/scope.ts';
import { FakeProvider } from './fake-provider.ts';

const hourMs = 3_600_000;

async function start(t: TestScope) {
  const provider = await FakeProvider.start(t);
  const clock = { nowMs: 0 };
  const metadata = new ProviderMetadata({
    issuer: provider.url,
    clientId: 'porthole',
    timeoutMs: 2000,
    now: () => clock.nowMs,
  });
  return { provider, clock, metadata };
}

t.test('asked for once, and again when it is old', async (t) => {
  const { provider, clock, metadata } = await start(t);
  t.same(provider.asked, []);
  const [first, second] = await Promise.all([metadata.current(), metadata.current()]);
  t.match(first, { token_endpoint: `${provider.url}/token`, jwks_uri: `${provider.url}/jwks` });
  t.equal(first, second);
  clock.nowMs = hourMs - 1;
  await metadata.current();
  t.equal(provider.asked.length, 1);
  clock.nowMs = hourMs;
  await metadata.current();
  t.equal(provider.asked.length, 2);
});

t.test('what is old is not used when the provider is gone, and one that comes back is found', async (t) => {
  const { provider, clock, metadata } = await start(t);
  await metadata.current();
  clock.nowMs = hourMs;
  provider.answers.set('/.well-known/openid-configuration', { status: 503, body: '' });
  await t.rejects(metadata.current());
  provider.answers.clear();
  t.ok(await metadata.current());
});

t.test('a document that cannot be trusted is none', async (t) => {
  const { provider, metadata } = await start(t);
  const wrong: Record<string, unknown>[] = [
    { issuer: 'https://accounts.google.com' },
    { issuer: `${provider.url}/other` },
    { token_endpoint: undefined },
    { jwks_uri: undefined },
    { authorization_endpoint: 'nonsense' },
    { authorization_endpoint: 'javascript:alert(1)' },
    { authorization_endpoint: 'http://example.com/auth' },
  ];
  for (const document of wrong) {
    provider.discovery = document;
    await t.rejects(metadata.current(), JSON.stringify(document));
  }
  provider.discovery = { issuer: `${provider.url}/` };
  t.ok(await metadata.current(), 'a slash alone makes no difference');
});
