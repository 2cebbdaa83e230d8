import t from 'tap';
import { audienceOf, findJobAccess } from '../../../client/oidc/job-access.ts';
import { FakeExchange } from './fake-gateway-https.ts';

t.test('the audience is the address of the gateway', async (t) => {
  t.equal(audienceOf({ host: 'preview.example.com', port: 443 }), 'https://preview.example.com');
  t.equal(audienceOf({ host: 'localhost', port: 8443 }), 'https://localhost:8443');
  t.equal(audienceOf({ host: '::1', port: 8443 }), 'https://[::1]:8443');
});

t.test('a token and a key become a certificate', async (t) => {
  const gateway = await FakeExchange.start(t);
  const { server, trust } = gateway;
  const found = findJobAccess({}, { server, trust }, { PORTHOLE_ID_TOKEN: 'a.b.c' });
  if (!found.ok) throw new Error(found.problem);
  gateway.answer = () => ({ status: 403, body: { message: 'No.' } });
  const { signal } = new AbortController();
  t.match(await found.value('ssh-ed25519 AAAA', signal, { ttl: '5m' }), { kind: 'refused', reason: /No\./ });
  t.match(gateway.asked, [{ body: { token: 'a.b.c', publicKey: 'ssh-ed25519 AAAA', ttl: '5m' } }]);
  const without = findJobAccess({ oidcTokenFile: '/nowhere' }, { server, trust }, {});
  t.match(without.ok && (await without.value('x', signal)), { kind: 'refused', reason: /nowhere/ });
  t.equal(gateway.asked.length, 1);
});

t.test('without TLS, or without a token, there is none', async (t) => {
  const place = { host: 'gw.test', port: 22, trust: undefined };
  const ssh = { server: { ...place, transport: 'tcp' as const }, trust: undefined };
  t.match(findJobAccess({}, ssh, { PORTHOLE_ID_TOKEN: 'x' }), {
    ok: false,
    problem: /needs the gateway by https/,
  });
  const tls = { server: { ...place, transport: 'tls' as const }, trust: undefined };
  t.match(findJobAccess({ oidcAudience: 'porthole' }, tls, { GITLAB_CI: 'true' }), {
    ok: false,
    problem: /aud: porthole/,
  });
});
