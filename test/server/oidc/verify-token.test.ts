import { createHmac } from 'node:crypto';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
} from 'jose';
import t from 'tap';
import { verifyToken, type Verification } from '../../../server/oidc/verify-token.ts';
import { FakeIssuer, signingKey, type SigningKey } from './fake-issuer.ts';

const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;
const all = await Promise.all(algorithms.map((alg) => signingKey(alg)));
const [rsa, , es256] = all as [SigningKey, SigningKey, SigningKey];

function verify(issuer: FakeIssuer, token: string): Promise<Verification> {
  const keys = issuer.issuerKeys;
  return verifyToken(token, {
    keysOf: (url) => (url === issuer.url ? keys : undefined),
    nowMs: issuer.nowMs,
  });
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

for (const key of all) {
  t.test(`${key.alg} is taken`, async (t) => {
    const issuer = new FakeIssuer(all);
    t.match(await verify(issuer, await issuer.token(key, { repository: 'acme/shop' })), {
      kind: 'verified',
      claims: { iss: issuer.url, repository: 'acme/shop' },
    });
  });
}

t.test('what no private key has signed is refused', async (t) => {
  const issuer = new FakeIssuer([rsa]);
  const good = await issuer.token(rsa);
  const [head = '', payload = '', signature = ''] = good.split('.');
  const publicPem = await exportSPKI((await importJWK(rsa.jwk)) as CryptoKey);
  const hmac = (alg: string, secret: string): string => {
    const signed = `${encode({ alg, kid: rsa.kid, typ: 'JWT' })}.${payload}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const hostile: [string, string][] = [
    ['alg none', new UnsecuredJWT(claims).encode()],
    ['alg None', `${encode({ alg: 'None' })}.${payload}.`],
    ['alg none with a signature', `${encode({ alg: 'none', kid: rsa.kid })}.${payload}.${signature}`],
    ['HS256 with the public key', hmac('HS256', publicPem)],
    ['HS256 with the public key, trimmed', hmac('HS256', publicPem.trim())],
    ['HS256 with the JWK', hmac('HS256', JSON.stringify(rsa.jwk))],
    ['RS256 signed by a public secret', hmac('RS256', publicPem)],
    ['no signature', `${head}.${payload}.`],
    ['another payload', `${head}.${encode({ ...claims, sub: 'repo:evil/shop' })}.${signature}`],
    ['another head', `${encode({ alg: 'RS256', kid: rsa.kid, x: 1 })}.${payload}.${signature}`],
    ['another algorithm', `${encode({ alg: 'PS256', kid: rsa.kid })}.${payload}.${signature}`],
    [
      'an algorithm of another kind of key',
      `${encode({ alg: 'ES256', kid: rsa.kid })}.${payload}.${signature}`,
    ],
    ['a list of algorithms', `${encode({ alg: ['RS256'], kid: rsa.kid })}.${payload}.${signature}`],
    ['no algorithm', `${encode({ kid: rsa.kid })}.${payload}.${signature}`],
    [
      'an unknown critical header',
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: rsa.kid, crit: ['x'], x: 1 })
        .sign(rsa.privateKey, { crit: { x: true } }),
    ],
    ['four parts', `${good}.x`],
    ['encrypted', `${good}.x.y`],
    ['not base64url', `${head}!.${payload}.${signature}`],
    ['not JSON', `${Buffer.from('x').toString('base64url')}.${payload}.${signature}`],
    ['nothing', ''],
    ['two dots', '..'],
    ['too long', `${head}.${payload}${'A'.repeat(17_000)}.${signature}`],
  ];
  for (const [what, token] of hostile) t.match(await verify(issuer, token), { kind: 'refused' }, what);
});

t.test('a key that the token brings along proves nothing', async (t) => {
  const issuer = new FakeIssuer([rsa]);
  const own = await signingKey('RS256', rsa.kid);
  const brought = [
    { jwk: own.jwk },
    { jku: 'https://evil.test/jwks' },
    { x5u: 'https://evil.test/cert' },
    {},
  ];
  for (const header of brought)
    t.match(await verify(issuer, await issuer.token(own, {}, header)), { kind: 'refused', told: undefined });
});

t.test('the wrong key of the issuer is refused', async (t) => {
  const issuer = new FakeIssuer([rsa, es256]);
  const refused = { kind: 'refused', told: undefined };
  t.match(await verify(issuer, await issuer.token(rsa, {}, { kid: es256.kid })), refused, 'another kid');
  t.match(await verify(issuer, await issuer.token(rsa, {}, { kid: 'gone' })), refused, 'an unknown kid');
  t.match(
    await verify(issuer, await issuer.token(await signingKey('ES256', es256.kid))),
    refused,
    'the same kid',
  );
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const enc = { ...(await exportJWK(publicKey)), kid: 'enc', use: 'enc' };
  issuer.keys = [enc, rsa.jwk];
  t.match(
    await verify(issuer, await issuer.token({ kid: 'enc', alg: 'ES256', privateKey, jwk: enc })),
    refused,
    'for encryption',
  );
  issuer.keys = [{ ...rsa.jwk, alg: 'RS512' }];
  t.match(await verify(issuer, await issuer.token(rsa)), refused, 'a key for another algorithm');
});

t.test('an RSA key that is too short proves nothing', async (t) => {
  const { generateKeyPairSync } = await import('node:crypto');
  const pair = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const issuer = new FakeIssuer([]);
  issuer.keys = [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'short', alg: 'RS256' }];
  const { createSign } = await import('node:crypto');
  const now = Math.floor(issuer.nowMs / 1000);
  const signed = `${encode({ alg: 'RS256', kid: 'short' })}.${encode({ iss: issuer.url, sub: 's', aud: 'a', iat: now, exp: now + 60 })}`;
  const token = `${signed}.${createSign('sha256').update(signed).sign(pair.privateKey).toString('base64url')}`;
  t.match(await verify(issuer, token), { kind: 'refused', told: undefined });
});

t.test('times, with a minute for clocks that differ', async (t) => {
  const issuer = new FakeIssuer([es256]);
  const now = Math.floor(issuer.nowMs / 1000);
  const kindOf = async (claims: Record<string, unknown>): Promise<string> => {
    const { iat = now, ...rest } = claims;
    return (await verify(issuer, await issuer.token(es256, { iat: iat as number, ...rest }))).kind;
  };
  t.equal(await kindOf({ exp: now - 59 }), 'verified');
  t.equal(await kindOf({ exp: now - 61 }), 'refused');
  t.equal(await kindOf({ nbf: now + 59 }), 'verified');
  t.equal(await kindOf({ nbf: now + 61 }), 'refused');
  t.equal(await kindOf({ iat: now + 59 }), 'verified');
  t.equal(await kindOf({ iat: now + 61 }), 'refused');
  for (const missing of ['exp', 'iat', 'sub', 'aud', 'iss'])
    t.equal(
      await kindOf({ [missing]: missing === 'iat' ? null : undefined }),
      'refused',
      `without ${missing}`,
    );
  t.equal(await kindOf({ exp: 'tomorrow' }), 'refused');
  t.match(await verify(issuer, await issuer.token(es256, { exp: now - 3600 })), { told: /expired/ });
});

t.test('tokens of another kind', async (t) => {
  const issuer = new FakeIssuer([es256]);
  t.match(await verify(issuer, await issuer.token(es256, {}, { typ: 'at+jwt' })), { kind: 'refused' });
  t.match(await verify(issuer, await issuer.token(es256, {}, { typ: 'logout+jwt' })), { kind: 'refused' });
  t.match(await verify(issuer, await issuer.token(es256, {}, { typ: undefined })), { kind: 'verified' });
});

t.test('an issuer without a policy is not asked, and strangers do not learn which have one', async (t) => {
  const issuer = new FakeIssuer([es256]);
  const other = new FakeIssuer([es256], 'https://evil.test');
  const refused = await verify(issuer, await other.token(es256));
  const forged = await verify(issuer, await issuer.token(await signingKey('ES256', es256.kid)));
  t.match(refused, {
    kind: 'refused',
    told: undefined,
    reason: /no policy is for the issuer "https:\/\/evil\.test"/,
  });
  t.equal(other.asked, 0);
  t.match(forged, { kind: 'refused', told: undefined });
});

t.test('an issuer that is down', async (t) => {
  const issuer = new FakeIssuer([es256]);
  const token = await issuer.token(es256);
  issuer.down = true;
  t.match(await verify(issuer, token), { kind: 'unavailable', reason: /ECONNREFUSED/ });
});

t.test('an issuer of that name in another spelling is another', async (t) => {
  const issuer = new FakeIssuer([es256]);
  for (const iss of ['https://ci.test/', 'HTTPS://ci.test', ['https://ci.test'], 5])
    t.match(await verify(issuer, await issuer.token(es256, { iss: iss as string })), { kind: 'refused' });
  const now = Math.floor(issuer.nowMs / 1000);
  const nested = await new SignJWT({ vc: { iss: issuer.url } })
    .setIssuedAt(now)
    .setProtectedHeader({ alg: 'ES256', kid: es256.kid })
    .sign(es256.privateKey);
  t.match(await verify(issuer, nested), { kind: 'refused' });
});
