import { decodeProtectedHeader, type CryptoKey } from 'jose';
import t from 'tap';
import { IssuerUnavailable, type IssuerKeys } from '../../../server/oidc/issuer-keys.ts';
import { FakeIssuer, signingKey } from './fake-issuer.ts';

const [first, second, rsa] = await Promise.all([
  signingKey('ES256', 'first'),
  signingKey('ES256', 'second'),
  signingKey('RS256', 'rsa'),
]);
const minute = 60_000;

async function find(keys: IssuerKeys, issuer: FakeIssuer, key = first): Promise<CryptoKey> {
  const token = await issuer.token(key);
  const [head = '', payload = '', signature = ''] = token.split('.');
  return keys.keyFor(decodeProtectedHeader(token), { protected: head, payload, signature });
}

t.test('fetched once, kept, and fetched again when their time is over', async (t) => {
  const issuer = new FakeIssuer([first, rsa]);
  issuer.maxAgeMs = 10 * minute;
  const keys = issuer.issuerKeys;
  await Promise.all([find(keys, issuer), find(keys, issuer), find(keys, issuer, rsa)]);
  t.equal(issuer.asked, 1, 'however many ask');
  issuer.nowMs += 10 * minute - 1;
  await find(keys, issuer);
  t.equal(issuer.asked, 1);
  issuer.nowMs += 1;
  await find(keys, issuer);
  t.equal(issuer.asked, 2);
});

t.test('kept for 5 minutes to 24 hours, and for an hour when nothing is said', async (t) => {
  for (const [maxAgeMs, kept] of [
    [0, 5 * minute],
    [undefined, 60 * minute],
    [1e12, 24 * 60 * minute],
  ] as const) {
    const issuer = new FakeIssuer([first]);
    issuer.maxAgeMs = maxAgeMs;
    const keys = issuer.issuerKeys;
    await find(keys, issuer);
    issuer.nowMs += kept - 1;
    await find(keys, issuer);
    t.equal(issuer.asked, 1, String(kept));
    issuer.nowMs += 1;
    await find(keys, issuer);
    t.equal(issuer.asked, 2, String(kept));
  }
});

t.test('a key that is new is fetched, but nobody can have them fetched again and again', async (t) => {
  const issuer = new FakeIssuer([first]);
  const keys = issuer.issuerKeys;
  await find(keys, issuer);
  await t.rejects(find(keys, issuer, second), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  t.equal(issuer.asked, 1, 'too soon');
  issuer.keys = [second.jwk];
  issuer.nowMs += 10_000;
  await find(keys, issuer, second);
  t.equal(issuer.asked, 2);
  await t.rejects(find(keys, issuer, first), { code: 'ERR_JWKS_NO_MATCHING_KEY' }, 'it was withdrawn');
  await t.rejects(find(keys, issuer, rsa), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  t.equal(issuer.asked, 2);
});

t.test('while the issuer is down what is kept holds, until its time is over', async (t) => {
  const issuer = new FakeIssuer([first]);
  const keys = issuer.issuerKeys;
  await find(keys, issuer);
  issuer.down = true;
  issuer.nowMs += 60 * minute - 1;
  await find(keys, issuer);
  await t.rejects(find(keys, issuer, second), IssuerUnavailable, 'a new key cannot be had');
  await find(keys, issuer);
  issuer.nowMs += 1;
  await t.rejects(find(keys, issuer), {
    message: /the keys of https:\/\/ci\.test cannot be fetched: .*ECONNREFUSED/,
  });
  issuer.down = false;
  await t.rejects(find(keys, issuer), IssuerUnavailable, 'it was asked a moment ago');
  issuer.nowMs += 3000;
  await find(keys, issuer);
});

t.test('what is no document of this issuer', async (t) => {
  const wrong: [string, (issuer: FakeIssuer) => void][] = [
    ['another issuer', (issuer) => (issuer.discovery['issuer'] = 'https://ci.test/')],
    ['no issuer', (issuer) => (issuer.discovery = {})],
    ['no address', (issuer) => delete issuer.discovery['jwks_uri']],
    ['no TLS', (issuer) => (issuer.discovery['jwks_uri'] = 'http://ci.test/jwks')],
    ['into this machine', (issuer) => (issuer.discovery['jwks_uri'] = 'http://127.0.0.1/jwks')],
    ['into this machine by TLS', (issuer) => (issuer.discovery['jwks_uri'] = 'https://localhost/jwks')],
    ['a file', (issuer) => (issuer.discovery['jwks_uri'] = 'file:///etc/passwd')],
    ['no keys', (issuer) => (issuer.keys = [])],
    ['not a list', (issuer) => (issuer.keys = 'x' as never)],
    ['not objects', (issuer) => (issuer.keys = [null, 5, 'x'] as never)],
    ['too many', (issuer) => (issuer.keys = Array.from({ length: 101 }, () => first.jwk))],
    [
      'a shared secret',
      (issuer) => (issuer.keys = [{ kty: 'oct', k: 'c2VjcmV0', kid: 'first', alg: 'HS256' }]),
    ],
    ['a private key', (issuer) => (issuer.keys = [{ ...first.jwk, d: 'x' }])],
    ['for encryption', (issuer) => (issuer.keys = [{ ...first.jwk, use: 'enc' }])],
  ];
  for (const [what, change] of wrong) {
    const issuer = new FakeIssuer([first]);
    change(issuer);
    await t.rejects(find(issuer.issuerKeys, issuer), IssuerUnavailable, what);
  }
});
