import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { jobClaims as job, jobEnv, startGatewayWithPolicy } from '../support/gateway-with-policy.ts';
import { porthole, reaching, urlsOf } from '../support/porthole.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

const place = await startGatewayWithPolicy(t, { args: ['--access', 'public'] });
const app = await startTextApp(t, 'hello from the job');

t.test('a job of GitHub Actions connects without any key', async (t) => {
  const home = scratchDir(t);
  const args = ['connect', 'pr-42', String(app.port), '--oidc', '--json', ...reaching(place.gateway)];
  const client = porthole(t, args, { home, env: jobEnv(place) });
  const [url = ''] = await urlsOf(client);
  t.equal((await visit(place.gateway, url)).body, 'hello from the job');
  t.match(
    client.stdout,
    /"event":"certificate","state":"obtained","principal":"ci:acme\/shop","role":"machine"/,
  );
  t.same(readdirSync(home), [], 'the key was only in memory');
  const line = await place.gateway.line(({ msg }) => msg === 'oidc exchange');
  t.match(line, { policy: 'shop', principal: 'ci:acme/shop', env: ['pr-*'] });
  client.kill();
  t.equal((await client.exit).code, 0);
  const all = JSON.stringify(place.gateway.lines) + client.stdout + client.stderr;
  t.notMatch(all, /eyJ[\w-]+\.eyJ|the token of a job/, 'no token in any log');
});

t.test('a job of GitLab CI does the same with the token of its variable', async (t) => {
  const token = await place.issuer.token({ audience: place.audience, claims: job, algorithm: 'ES256' });
  const args = ['connect', 'pr-7', String(app.port), '--oidc', '--json', ...reaching(place.gateway)];
  const client = porthole(t, args, { env: { GITLAB_CI: 'true', PORTHOLE_ID_TOKEN: token } });
  const [url = ''] = await urlsOf(client);
  t.equal((await visit(place.gateway, url)).body, 'hello from the job');
  t.notMatch(client.stdout + client.stderr, token);
});

t.test('a certificate is renewed before its time is over, and the tunnel stays', async (t) => {
  const policy = `
[[policy]]
name = "short"
issuer = "{issuer}"
claims = { repository = "acme/shop" }
env = ["pr-*"]
max-ttl = "1m"
`;
  const short = await startGatewayWithPolicy(t, { policy, args: ['--access', 'public'] });
  const args = ['connect', 'pr-1', String(app.port), '--oidc', '--json', ...reaching(short.gateway)];
  // To the client the minute is as good as over: its clock is ahead.
  const client = porthole(t, args, { env: { ...jobEnv(short), NODE_OPTIONS: clockAhead(t, 56_000) } });
  const [url = ''] = await urlsOf(client);
  await client.said(/"state":"renewed"/);
  await client.said(/"event":"moved"/);
  t.equal((await visit(short.gateway, url)).body, 'hello from the job');
  t.notMatch(client.stdout, /"event":"disconnected"/);
  t.ok(short.issuer.jobTokens >= 2, 'with another token');
});

/** What to give `NODE_OPTIONS` so that the clock of a process is ahead. */
function clockAhead(t: Parameters<typeof scratchDir>[0], ms: number): string {
  const file = join(scratchDir(t), 'clock.mjs');
  writeFileSync(file, `const now = Date.now;\nDate.now = () => now() + ${String(ms)};\n`);
  return `--import ${file}`;
}
