import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { curl } from '../support/curl.ts';
import { jobClaims as job, jobEnv, startGatewayWithPolicy } from '../support/gateway-with-policy.ts';
import { Program } from '../support/program.ts';
import { openssh } from '../support/openssh.ts';
import { porthole, reaching, urlsOf } from '../support/porthole.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { urlsOf as urlsOfSession } from '../support/stock-ssh.ts';
import { until } from '../support/until.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

const place = await startGatewayWithPolicy(t, { args: ['--access', 'public'] });
const { gateway, issuer, audience } = place;
const app = await startTextApp(t, 'hello');

t.test('porthole login leaves a key and a certificate for ssh and for porthole', async (t) => {
  const home = scratchDir(t);
  const env = jobEnv(place);
  const file = join(home, 'id');
  const login = (...more: string[]) =>
    porthole(t, ['login', '--oidc', '--json', ...more, ...reaching(gateway)], { home, env });
  const first = login('--out', file, '--ttl', '10m', '--env-pattern', 'pr-5');
  t.equal((await first.exit).code, 0);
  t.match(JSON.parse(first.stdout), {
    identity: file,
    principal: 'ci:acme/shop',
    role: 'machine',
    env: ['pr-5'],
  });
  t.equal(statSync(file).mode & 0o777, 0o600);
  const made = readFileSync(file, 'utf8');
  const certificate = readFileSync(`${file}-cert.pub`, 'utf8');

  const key = { ...makeKey(t), path: file };
  const forward = (user: string) =>
    openssh(t, { port: gateway.port, key, user, args: ['-R', `80:localhost:${String(app.port)}`] });
  const session = forward('pr-5');
  await session.said(/Requests appear below/);
  t.equal((await visit(gateway, urlsOfSession(session)[0] ?? '')).body, 'hello');
  const other = forward('pr-6');
  await other.said(/remote port forwarding failed/);

  t.equal((await login('--out', file).exit).code, 0);
  t.equal(readFileSync(file, 'utf8'), made, 'the key stays');
  t.not(readFileSync(`${file}-cert.pub`, 'utf8'), certificate, 'the certificate is another');

  writeFileSync(join(home, 'precious'), 'not a key');
  const refused = login('--out', join(home, 'precious'));
  t.equal((await refused.exit).code, 2);
  t.equal(readFileSync(join(home, 'precious'), 'utf8'), 'not a key');
});

t.test('without --out it is the key that porthole finds by itself', async (t) => {
  const home = scratchDir(t);
  const login = porthole(t, ['login', '--oidc', ...reaching(place.gateway)], { home, env: jobEnv(place) });
  t.equal((await login.exit).code, 0);
  t.match(login.stdout, /^ci:acme\/shop \(machine\), for pr-\*, until .*\n.*\nnext: porthole connect/);
  const file = join(home, '.local', 'state', 'porthole', 'client', 'id_ed25519');
  t.ok(existsSync(`${file}-cert.pub`));
  const args = ['connect', 'pr-1', String(app.port), '--json', ...reaching(place.gateway)];
  await urlsOf(porthole(t, args, { home }));
});

/** The recipe of the page, for this gateway and this job. */
function recipe(): string {
  const page = readFileSync(new URL('../../docs/CI.md', import.meta.url), 'utf8');
  const [, shell = ''] = /### With curl and ssh\n\n```sh\n([^]*?)^ssh -i/m.exec(page) ?? [];
  return shell
    .replaceAll('https://preview.example.com', audience)
    .replaceAll('curl ', `curl --cacert ${gateway.caFile} --noproxy '*' `);
}

t.test('curl, jq and ssh are enough', async (t) => {
  const cwd = scratchDir(t);
  const script = new Program(t, 'sh', ['-eu', '-c', recipe()], { cwd, env: jobEnv(place) });
  t.equal((await script.exit).code, 0);
  const key = { ...makeKey(t), path: join(cwd, 'id') };
  t.match(readFileSync(`${key.path}-cert.pub`, 'utf8'), /^ssh-ed25519-cert-v01@openssh\.com /);
  const args = ['-R', `80:localhost:${String(app.port)}`];
  const session = openssh(t, { port: gateway.port, key, user: 'pr-9', args });
  await session.said(/Requests appear below/);
  t.equal((await visit(gateway, urlsOfSession(session)[0] ?? '')).body, 'hello');
});

t.test('by HTTP/1.1 and HTTP/2', async (t) => {
  const token = await issuer.token({ audience, claims: job, algorithm: 'ES256' });
  const body = JSON.stringify({ token, publicKey: makeKey(t).line });
  const url = `${audience}/_porthole/oidc`;
  for (const version of ['1.1', '2']) {
    const answer = await curl(t, gateway, [
      `--http${version}`,
      '-H',
      'content-type: application/json',
      '-d',
      body,
      url,
    ]);
    t.match(answer, { status: 200, version });
  }
});

t.test('a change of the policies holds for the next token', async (t) => {
  const env = jobEnv(place);
  const login = () => porthole(t, ['login', '--oidc', ...reaching(place.gateway)], { env });
  t.equal((await login().exit).code, 0);
  writeFileSync(place.policyFile, 'broken');
  await until('the file is read', () =>
    place.gateway.lines.some(({ msg }) => msg.startsWith('OIDC policies cannot')),
  );
  const second = login();
  t.equal((await second.exit).code, 3);
  t.match(
    second.stderr,
    /the gateway did not take the token: No policy of this gateway admits this token\..*error id/,
  );
});
