import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { exportSPKI, importJWK, UnsecuredJWT, type CryptoKey, type JWK } from 'jose';
import t, { type Test } from 'tap';
import { curl, type CurlAnswer } from '../support/curl.ts';
import {
  jobClaims as job,
  jobEnv,
  shopPolicy,
  startGatewayWithPolicy,
  type GatewayWithPolicy,
} from '../support/gateway-with-policy.ts';
import { porthole, reaching } from '../support/porthole.ts';
import { Portholed } from '../support/portholed.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';

const key = makeKey(t);
const other = makeKey(t);

function send(
  t: Test,
  { gateway, audience }: GatewayWithPolicy,
  token: string,
  publicKey = key.line,
): Promise<CurlAnswer> {
  const body = JSON.stringify({ token, publicKey });
  return curl(t, gateway, ['-H', 'content-type: application/json', '-d', body, `${audience}/_porthole/oidc`]);
}

interface Answer {
  readonly code: string;
  readonly message: string;
  readonly id: string;
}

async function refusal(
  t: Test,
  place: GatewayWithPolicy,
  token: string,
  publicKey?: string,
): Promise<Answer> {
  const answer = await send(t, place, token, publicKey);
  const told = JSON.parse(answer.body) as Answer & { certificate?: string };
  t.equal(told.certificate, undefined);
  return told;
}

const noPolicy = 'No policy of this gateway admits this token.';
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const place = await startGatewayWithPolicy(t);
const { issuer, audience, gateway } = place;

t.test('tokens that are not for here, or of somebody else', async (t) => {
  const code = 'ERR_TOKEN_REFUSED';
  const elsewhere = await issuer.token({ audience: 'sts.amazonaws.com', claims: job });
  t.match(await refusal(t, place, elsewhere), { code, message: /another audience: sts\.amazonaws\.com/ });
  const stranger = await issuer.token({ audience, claims: { ...job, repository: 'evil/shop' } });
  const told = await refusal(t, place, stranger);
  t.match(told, { code, message: noPolicy });
  const line = await gateway.line(({ msg, requestId }) => msg === 'oidc exchange' && requestId === told.id);
  t.match(line, { reason: /the claim repository is the text .*evil\/shop/ }, 'the operator finds why');
  const manual = await issuer.token({ audience, claims: { ...job, event_name: 'workflow_dispatch' } });
  t.match(await refusal(t, place, manual), { code, message: noPolicy });
  const past = Math.floor(Date.now() / 1000) - 3600;
  const expired = await issuer.handMade({ aud: audience, ...job, iat: past, exp: past + 300 });
  t.match(await refusal(t, place, expired), { code, message: /expired/ });
  const good = await issuer.token({ audience, claims: job });
  t.equal((await send(t, place, good)).status, 200);
  t.match(await refusal(t, place, good, other.line), { code, message: /another key/ });
});

t.test('tokens that nobody signed', async (t) => {
  const good = await issuer.token({ audience, claims: job });
  const [, payload = '', signature = ''] = good.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const { keys } = (await (await fetch(`${issuer.url}/jwks`)).json()) as { keys: JWK[] };
  const rsa = keys.find(({ kty }) => kty === 'RSA') ?? {};
  const pem = await exportSPKI((await importJWK(rsa, 'RS256')) as CryptoKey);
  const head = `${encode({ alg: 'HS256', kid: rsa.kid, typ: 'JWT' })}.${payload}`;
  const code = 'ERR_TOKEN_REFUSED';
  t.match(await refusal(t, place, new UnsecuredJWT(claims).encode()), { code }, 'alg none');
  const confused = `${head}.${createHmac('sha256', pem).update(head).digest('base64url')}`;
  t.match(await refusal(t, place, confused), { code }, 'HS256 with the public key');
  const forged = `${good.split('.')[0] ?? ''}.${encode({ ...claims, repository: 'acme/shop2' })}.${signature}`;
  t.match(await refusal(t, place, forged), { code, message: noPolicy }, 'another payload');
  t.match(await refusal(t, place, `${good}x`), { code }, 'another signature');
  t.match(await refusal(t, place, 'nonsense'), { code });
  const plain = await curl(t, place.gateway, [
    '-d',
    '{}',
    `http://localhost:${String(place.gateway.port)}/_porthole/oidc`,
  ]);
  t.equal(plain.status, 400, 'nothing is taken without TLS');
});

t.test(
  'while the issuer is down the keys that were fetched hold, and without them nothing is taken',
  async (t) => {
    const fresh = await startGatewayWithPolicy(t);
    const token = await fresh.issuer.token({ audience: fresh.audience, claims: job });
    await fresh.issuer.stop();
    const answer = await send(t, fresh, token);
    t.equal(answer.status, 503);
    t.match(JSON.parse(answer.body), { code: 'ERR_ISSUER_UNAVAILABLE' });
    t.match(answer.heads, /retry-after: 5/i);
    t.match(await fresh.gateway.line(({ msg, level }) => msg === 'oidc exchange' && level === 'error'), {
      reason: /the keys of http:\/\/127\.0\.0\.1:\d+ cannot be fetched/,
    });
  },
);

t.test('the client says what is missing', async (t) => {
  const run = async (env: Record<string, string>, ...args: string[]): Promise<[number | null, string]> => {
    const client = porthole(t, ['login', '--oidc', ...reaching(gateway), ...args], { env });
    return [(await client.exit).code, client.stderr];
  };
  const cases: [Record<string, string>, string[], number, RegExp][] = [
    [{ GITHUB_ACTIONS: 'true' }, [], 3, /permissions: id-token: write/],
    [{}, ['--server', 'ssh://localhost'], 2, /--oidc needs the gateway by https/],
    [jobEnv(place), ['--oidc-audience', 'other'], 3, /for another audience: other/],
    [jobEnv(place), ['--env-pattern', 'main'], 3, /No policy of this gateway allows this environment/],
  ];
  const results = await Promise.all(cases.map(([env, args]) => run(env, ...args)));
  for (const [index, [, args, status, text]] of cases.entries()) {
    const [code, stderr] = results[index] ?? [];
    t.equal(code, status, args.join(' '));
    t.match(stderr, text);
  }
  t.ok(issuer.jobTokens > 0);
});

t.test('a gateway without a policy', async (t) => {
  const gateway = await Portholed.start(t);
  const env = { PORTHOLE_ID_TOKEN: 'a.b.c' };
  const without = porthole(t, ['login', '--oidc', ...reaching(gateway)], { env });
  t.equal((await without.exit).code, 3);
  t.match(without.stderr, /this gateway takes no CI tokens: it has no policy for them/);
});

t.test('a gateway without an authority', async (t) => {
  const bare = await startGatewayWithPolicy(t, { authority: false });
  const token = await bare.issuer.token({ audience: bare.audience, claims: job });
  t.match(await refusal(t, bare, token), { code: 'ERR_NO_AUTHORITY', message: /portholed ca init/ });
});

t.test('a policy that would let in strangers ends the start, with its line', async (t) => {
  const file = `${scratchDir(t)}/oidc.toml`;
  const wide = shopPolicy
    .replace('{issuer}', 'https://token.actions.githubusercontent.com')
    .replace('repository = "acme/shop"', 'ref = "refs/heads/main"');
  writeFileSync(file, wide);
  const gateway = Portholed.spawn(t, ['--oidc-policy', file]);
  t.equal(await gateway.exit(), 1);
  const said = gateway.stderr + JSON.stringify(gateway.lines);
  t.match(said, /line 5: policy .*shop.*: claims: would let in everybody who uses GitHub Actions/);
});

t.test('keys that are rotated, and an issuer that goes down', async (t) => {
  const rotating = await startGatewayWithPolicy(t);
  const old = await rotating.issuer.token({ audience: rotating.audience, claims: job });
  await rotating.issuer.rotateKeys();
  const fresh = await rotating.issuer.token({ audience: rotating.audience, claims: { ...job, sub: 'new' } });
  const kept = await rotating.issuer.token({ audience: rotating.audience, claims: { ...job, sub: 'kept' } });
  t.equal((await send(t, rotating, fresh)).status, 200);
  t.match(await refusal(t, rotating, old), { code: 'ERR_TOKEN_REFUSED', message: noPolicy });
  await rotating.issuer.stop();
  t.equal((await send(t, rotating, kept)).status, 200, 'the keys that were fetched hold');
  t.notMatch(
    JSON.stringify([rotating.gateway.lines, gateway.lines]),
    /eyJ[\w-]+\.eyJ/,
    'no token in the log',
  );
});
