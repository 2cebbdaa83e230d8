// The keys of a gateway are managed with the client: a colleague gets in, for some names and a time, and is shut out again.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { FakeSurroundings } from '../client/fake-surroundings.ts';
import { ca, described } from '../support/certificates.ts';
import { tunnelGone } from '../support/dial.ts';
import { startGateway, type GatewayWithKey } from '../support/gateway-with-key.ts';
import { openssh } from '../support/openssh.ts';
import { porthole, reaching } from '../support/porthole.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line of the client. */
async function run(
  t: Test,
  { gateway, key }: Pick<GatewayWithKey, 'gateway' | 'key'>,
  words: readonly string[],
  stdin = '',
): Promise<Told> {
  const user = new FakeSurroundings(t);
  user.stdin = stdin;
  const code = await user.run(...words, '-i', key.path, ...reaching(gateway));
  return { code, stdout: user.stdout.join('\n'), stderr: user.stderr.join('\n') };
}

t.test('a colleague gets in for some names and a time, and is shut out again', async (t) => {
  const admin = await startGateway(t, ['--access', 'public', '--hold', '10ms']);
  const { gateway } = admin;
  const colleague = makeKey(t);
  const app = await startTextApp(t, 'served');
  const as = ['--name', 'laptop', '--principal', 'ana', '--role', 'member'];
  const limits = ['--env', 'pr-*', '--expires', '30d'];
  const added = await run(t, admin, ['key', 'add', `${colleague.path}.pub`, ...as, ...limits]);
  t.match(added, { code: 0, stdout: /laptop/ });
  t.match(await run(t, admin, ['key', 'list']), { code: 0, stdout: /\bana\b/ });
  const shown = await run(t, admin, ['key', 'show', 'ana/laptop', '--json']);
  t.match(shown.stdout, /"principal":"ana".*"role":"member"/);

  const args = ['-R', `80:127.0.0.1:${app.port}`];
  const session = openssh(t, { port: gateway.port, key: colleague, user: 'pr-42', args });
  await session.said(/Requests appear below/);
  t.equal((await visit(gateway, 'pr-42.localhost')).body, 'served');
  const other = openssh(t, { port: gateway.port, key: colleague, user: 'main', args });
  t.equal((await other.exit).code, 1);
  t.match(other.stdout, /may not use the name main \(it may use pr-\*\)/);

  const ana = { gateway, key: colleague };
  t.match(await run(t, ana, ['key', 'list']), { code: 0, stdout: /laptop/ });
  t.match(await run(t, ana, ['env', 'list']), { code: 0, stdout: /pr-42 +you +ready +online/ });
  t.match(await run(t, ana, ['key', 'import', 'github:ana']), {
    code: 3,
    stdout: '',
    stderr: /administrators/,
  });
  t.match(await run(t, ana, ['key', 'show', 'nobodys']), { code: 1, stdout: '' });

  const { tunnelId } = await gateway.line((line) => line.msg === 'forward added' && line['env'] === 'pr-42');
  const revoke = ['key', 'revoke', 'ana/laptop', '--reason', "lost in Anne's train"];
  t.match(await run(t, admin, revoke), { code: 0 });
  t.match(await tunnelGone(gateway, String(tunnelId)), /^access withdrawn: .*Anne's train/);
  await session.said(/access withdrawn/);
  t.equal((await visit(gateway, 'pr-42.localhost')).status, 503);
  t.match(await run(t, ana, ['status']), { code: 3, stderr: /Anne's train/ });
  const audit = await run(t, admin, ['audit', '--since', '1h', '--json']);
  for (const action of ['key.add', 'key.revoke', 'login']) t.match(audit.stdout, action);
});

t.test('a private key stays where it is', async (t) => {
  const admin = await startGateway(t);
  const { path, privateKey, line } = makeKey(t);
  const secrets = privateKey.split('\n').filter((each) => each.length > 20 && !each.startsWith('-'));
  const cases: [string[], string, number][] = [
    [['key', 'add', path], '', 1],
    [['key', 'add', '-'], privateKey, 1],
    [['key', 'add', privateKey], '', 2],
    [['key', 'add', `${path}.pub`, '--name', privateKey], '', 2],
  ];
  for (const [words, stdin, code] of cases) {
    const told = await run(t, admin, words, stdin);
    t.match(told, { code, stderr: /private key/ });
    t.notOk(secrets.some((secret) => JSON.stringify(told).includes(secret)));
  }
  t.notOk(
    admin.gateway.lines.some((each) => each.msg === 'tunnel opened'),
    'nobody even logged in',
  );
  t.notMatch((await run(t, admin, ['key', 'list', '--all', '--json'])).stdout, line);
});

t.test('as a program among others: keys from a pipe, answers for scripts', async (t) => {
  const admin = await startGateway(t);
  const { line } = makeKey(t);
  const words = ['key', 'add', '-', '--name', 'ci', '--env', 'pr-*', '--json'];
  const client = porthole(t, [...words, '-i', admin.key.path, ...reaching(admin.gateway)]);
  client.child.stdin.end(`${line} me\n`);
  t.equal((await client.exit).code, 0);
  t.match(client.stdout, /^\{.*\}\n$/, 'one line');
  t.match(client.stdout, '"ci"');
  t.match(await run(t, admin, ['key', 'add', '-', '--name', 'again'], `${line}\n`), {
    code: 1,
    stderr: /already/,
  });
  const odd = await run(t, admin, ['key', 'add', '-', '--name', 'two words'], `${makeKey(t).line}\n`);
  t.match(odd, { code: 2, stderr: /--name .*usage: key add/s });
  t.match(await run(t, admin, ['key', 'rm', 'ci']), { code: 0 });
  t.match(await run(t, admin, ['key', 'rm', 'ci']), { code: 1, stderr: /ci/ });
  const check = porthole(t, ['key', 'check', '-']);
  check.child.stdin.end(line.slice(0, -3));
  t.equal((await check.exit).code, 1);
});

t.test('a certificate is written beside the key, and over nothing else', async (t) => {
  const admin = await startGateway(t);
  const out = `${admin.key.path}-cert.pub`;
  t.equal((await run(t, admin, ['cert', '--out', out])).code, 1, 'there is no authority yet');
  writeFileSync(out, admin.key.privateKey);
  t.equal((await run(t, admin, ['cert', '--out', out])).code, 1);
  t.equal(readFileSync(out, 'utf8'), admin.key.privateKey);
  rmSync(out);

  await ca(t, admin.gateway.stateDir, 'init');
  await admin.gateway.line((line) => line.msg === 'own authority');
  for (const what of ['the first', 'another, with the first beside the key'])
    t.match(await run(t, admin, ['cert', '--ttl', '1h', '--out', out]), { code: 0, stdout: '' }, what);
  t.match(described(out), /role:machine/);
  t.equal((await run(t, admin, ['audit'])).code, 0, 'the key itself manages, which may do more');
  const named = await run(t, admin, ['audit', '--certificate', out]);
  t.match(named, { code: 3, stderr: /administrators/ }, 'unless the certificate was named');
});
