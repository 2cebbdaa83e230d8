import t from 'tap';
import { startApp } from '../support/recording-app.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { offer, stockSsh, urlsOf } from '../support/stock-ssh.ts';
import { visit } from '../support/visitor.ts';

const server = await startGateway(t, ['--access', 'public']);
const { gateway } = server;

/** The remote part of `-R`, and the label of the URL that it gives in the environment `ENV`. */
const forms: readonly (readonly [form: string, label: string])[] = [
  ['80', 'ENV'],
  ['443', 'ENV'],
  ['0', 'ENV'],
  [':80', 'ENV'],
  ['*:80', 'ENV'],
  ['localhost:80', 'ENV'],
  ['8080', '8080--ENV'],
  ['*:8080', '8080--ENV'],
  ['web:80', 'web--ENV'],
  ['web:443', 'web--ENV'],
  ['web:0', 'web--ENV'],
  ['web:8080', 'web--8080--ENV'],
  ['WEB:80', 'web--ENV'],
  ['/web', 'web--ENV'],
  ['/web/80', 'web--ENV'],
  ['/web/8080', 'web--8080--ENV'],
  ['/8080', '8080--ENV'],
  ['/', 'ENV'],
  ['/web?access=public&host=localhost', 'web--ENV'],
  ['/web#access=public;host=localhost', 'web--ENV'],
];

for (const [index, [form, label]] of forms.entries()) {
  t.test(`-R ${form} gives a URL that answers`, async (t) => {
    const env = `form-${String(index)}`;
    const app = await startApp(t, form);
    const session = await offer(t, server, { env, args: ['-R', `${form}:127.0.0.1:${String(app.port)}`] });
    const url = `https://${label.replace('ENV', env)}.localhost:${String(gateway.port)}/`;
    t.same(urlsOf(session), [url], 'the session prints it');
    const answer = await visit(gateway, url);
    t.same([answer.status, answer.body], [200, `${form}\n`]);
    const host = form.includes('host=') ? 'localhost' : new URL(url).host;
    t.equal(app.seen[0]?.headers.host, host);
  });
}

t.test('several forwards of one connection each lead to their own app', async (t) => {
  const wanted = [
    ['80', 'several'],
    ['8080', '8080--several'],
    ['web:80', 'web--several'],
    ['web:8080', 'web--8080--several'],
    ['/api', 'api--several'],
    ['/api/9000', 'api--9000--several'],
  ] as const;
  const apps = await Promise.all(wanted.map(([form]) => startApp(t, form)));
  const args = wanted.flatMap(([form], index) => ['-R', `${form}:127.0.0.1:${String(apps[index]?.port)}`]);
  const session = await offer(t, server, { env: 'several', args });
  t.equal(urlsOf(session).length, wanted.length);
  for (const [form, label] of wanted) {
    t.equal((await visit(gateway, `${label}.localhost`)).body, `${form}\n`, label);
  }
});

t.test('with -N the banner says where it is', async (t) => {
  const [app, web] = await Promise.all([startApp(t, 'app'), startApp(t, 'web')]);
  const ssh = stockSsh(t, server, {
    env: 'quiet',
    args: ['-N', '-R', `80:127.0.0.1:${String(app.port)}`, '-R', `web:80:127.0.0.1:${String(web.port)}`],
  });
  const [, own = ''] = await ssh.said(/is at (https:\S+)/);
  const [, service = ''] = await ssh.said(/services at (https:\S+)/);
  await gateway.line((line) => line.msg === 'forward added' && line['env'] === 'quiet' && 'service' in line);
  t.equal((await visit(gateway, own)).body, 'app\n');
  t.equal((await visit(gateway, service)).body, 'web\n');
  t.equal(ssh.stdout, '', 'nothing else is printed');
});

t.test('-R 0: tells the port that was chosen, even with -N', async (t) => {
  const app = await startApp(t, 'app');
  const ssh = stockSsh(t, server, { env: 'zero', args: ['-N', '-R', `0:127.0.0.1:${String(app.port)}`] });
  await ssh.said(/Allocated port \d+ for remote forward/);
  t.equal((await visit(gateway, 'zero.localhost')).body, 'app\n');
});

t.test('a session shows each request as it is answered', async (t) => {
  const app = await startApp(t, 'app');
  const session = await offer(t, server, { env: 'live', args: ['-R', `/web:127.0.0.1:${String(app.port)}`] });
  await visit(gateway, 'web--live.localhost/some/path?and=query', { method: 'POST' });
  const [line] = await session.said(/^.*\/some\/path.*$/m);
  t.match(line, /\b200\b.*\bweb\b.*\bPOST\b/);
});

for (const form of ['ssh:22', '/ssh', '/web?scheme=tcp']) {
  t.test(`-R ${form} is taken, and not served over HTTP`, async (t) => {
    const env = `machine-${String(form.length)}`;
    const app = await startApp(t, 'machine');
    const ssh = stockSsh(t, server, { env, args: ['-R', `${form}:127.0.0.1:${String(app.port)}`] });
    await ssh.said(/not over HTTP/);
    const service = form.includes('web') ? 'web' : 'ssh';
    const answer = await visit(gateway, `${service}--${env}.localhost`);
    t.same([answer.status, answer.headers['porthole-error']], [404, 'ERR_SERVICE_UNKNOWN']);
    t.equal(app.seen.length, 0);
  });
}
