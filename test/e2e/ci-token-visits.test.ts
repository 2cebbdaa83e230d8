import { readFileSync } from 'node:fs';
import t from 'tap';
import { curl } from '../support/curl.ts';
import { jobClaims, jobEnv, shopPolicy, startGatewayWithPolicy } from '../support/gateway-with-policy.ts';
import { porthole, reaching, urlsOf } from '../support/porthole.ts';
import { Program } from '../support/program.ts';
import { startApp } from '../support/recording-app.ts';

const place = await startGatewayWithPolicy(t, { policy: `${shopPolicy}visit = true\n` });
const { gateway, issuer, audience } = place;
const app = await startApp(t, 'app');
const client = porthole(t, ['connect', 'pr-42', String(app.port), '--oidc', '--json', ...reaching(gateway)], {
  env: jobEnv(place),
});
await urlsOf(client);
const preview = `https://pr-42.localhost:${String(gateway.port)}/`;

/** The recipes of the page, for this gateway: that of GitHub, then that of GitLab. */
function recipes(): string[] {
  const page = readFileSync(new URL('../../docs/CI.md', import.meta.url), 'utf8');
  const [, section = ''] = /## Private previews in tests\n([^]*?)^## /m.exec(page) ?? [];
  return [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, shell = '']) =>
    shell
      .replaceAll('https://preview.example.com', audience)
      .replaceAll('https://pr-42.preview.example.com/', preview)
      .replaceAll('curl ', `curl --cacert ${gateway.caFile} --noproxy '*' `),
  );
}

t.test('jobs visit a private preview by their own ID token, with curl and jq', async (t) => {
  const token = await issuer.token({ audience, claims: jobClaims, algorithm: 'ES256' });
  const [github = '', gitlab = '', ...others] = recipes();
  t.same(others, []);
  t.match(await curl(t, gateway, [preview]), { status: 401 });
  for (const [recipe, env] of [
    [github, jobEnv(place)],
    [gitlab, { PORTHOLE_ID_TOKEN: token }],
  ] as const) {
    const script = new Program(t, 'sh', ['-eu', '-c', recipe], { env });
    t.equal((await script.exit).code, 0, script.stderr);
    t.match(script.stdout, /(?:^|\n)app\n$/);
  }
  t.notMatch(JSON.stringify(app.seen), /pht_|eyJ/, 'the app sees neither');
  t.notMatch(JSON.stringify(gateway.lines), /pht_[a-z2-7]{12}\.|eyJ[\w-]+\.eyJ/, 'and no log');
});

t.test('it is for that environment only, for that time, and once for each token', async (t) => {
  const token = await issuer.token({ audience, claims: jobClaims, algorithm: 'ES256' });
  const ask = (body: object) =>
    curl(t, gateway, [
      '--json',
      JSON.stringify({ token, for: 'visit', ...body }),
      `${audience}/_porthole/oidc`,
    ]);
  const answer = await ask({ env: 'pr-42', ttl: '5m' });
  t.equal(answer.status, 200);
  const given = JSON.parse(answer.body) as { token: string; expiresAt: string; env: string };
  t.match(given, { token: /^pht_/, env: 'pr-42' });
  t.ok(Math.abs(Date.parse(given.expiresAt) - Date.now() - 300_000) < 60_000);
  t.match(await curl(t, gateway, ['--oauth2-bearer', given.token, preview]), { status: 200 });
  t.match(await ask({ env: 'pr-42' }), { status: 403, body: /ERR_TOKEN_REFUSED/ });
  t.match(await ask({ env: 'pr-43' }), { status: 404, body: /ERR_ENV_UNKNOWN/ });
  t.match(await ask({ env: 'main' }), { status: 403 });
  t.match(await ask({ env: 'pr-*' }), { status: 400 });
});
