import t from 'tap';
import { exchangeToken } from '../../../client/oidc/exchange-token.ts';
import { trustIn } from '../../../client/transport.ts';
import { FakeExchange, granted } from './fake-gateway-https.ts';

const gateway = await FakeExchange.start(t);
const question = {
  server: gateway.server,
  trust: gateway.trust,
  token: 'a.b.c',
  publicKey: 'ssh-ed25519 AAAA',
  signal: new AbortController().signal,
};

t.test('what is sent, and what comes back', async (t) => {
  gateway.answer = () => ({ body: granted('ssh-ed25519-cert-v01@openssh.com AAAA ci', 1_800_000_000_000) });
  t.same(await exchangeToken({ ...question, ttl: '10m', env: ['pr-1'] }), {
    kind: 'exchanged',
    certificate: 'ssh-ed25519-cert-v01@openssh.com AAAA ci',
    expiresAt: 1_800_000_000_000,
    principal: 'ci:acme/shop',
    role: 'machine',
    env: ['pr-*'],
  });
  t.match(gateway.asked, [{ method: 'POST', path: '/_porthole/oidc' }]);
  t.same(gateway.asked[0]?.body, {
    token: 'a.b.c',
    publicKey: 'ssh-ed25519 AAAA',
    ttl: '10m',
    env: ['pr-1'],
  });
});

t.test('a refusal stays, a fault may pass', async (t) => {
  const cases: [number, unknown, string, RegExp][] = [
    [
      403,
      { code: 'ERR_TOKEN_REFUSED', message: 'Expired.', id: 'e1' },
      'refused',
      /take the token: Expired\. \(error id e1\)$/,
    ],
    [400, {}, 'refused', /it answered 400/],
    [404, '<html>', 'refused', /no policy for them \(portholed --oidc-policy\)/],
    [405, {}, 'refused', /no policy for them/],
    [429, { message: 'Too much.' }, 'lost', /Too much/],
    [503, { code: 'ERR_ISSUER_UNAVAILABLE', message: 'Down.' }, 'lost', /Down/],
    [503, { code: 'ERR_NO_AUTHORITY', message: 'No authority.' }, 'refused', /No authority/],
    [502, 'nonsense', 'lost', /it answered 502/],
    [403, { message: 'a\n\u001b[31mb' }, 'refused', /a \?\[31mb/],
    [200, {}, 'refused', /no certificate/],
    [200, 'nonsense', 'refused', /no certificate/],
    [200, 'null', 'refused', /no certificate/],
    [200, granted('a\nb'), 'refused', /no certificate/],
    [200, { ...granted('a'), expiresAt: 'soon' }, 'refused', /no certificate/],
  ];
  for (const [status, body, kind, reason] of cases) {
    gateway.answer = () => ({ status, body });
    t.match(await exchangeToken(question), { kind, reason }, `${String(status)} ${JSON.stringify(body)}`);
  }
});

t.test('nothing is sent to whom nobody trusts', async (t) => {
  const before = gateway.asked.length;
  t.match(await exchangeToken({ ...question, trust: trustIn(undefined) }), {
    kind: 'refused',
    code: 'certificate',
    reason: /--ca/,
  });
  t.equal(gateway.asked.length, before);
  t.match(await exchangeToken({ ...question, server: { ...gateway.server, port: 1 } }), { kind: 'lost' });
});
