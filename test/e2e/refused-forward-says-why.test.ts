import t from 'tap';
import { startApp } from '../support/recording-app.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { offer, stockSsh } from '../support/stock-ssh.ts';
import { visit } from '../support/visitor.ts';

const other = makeKey(t);
const server = await startGateway(t, ['--access', 'public'], [other]);
const { gateway } = server;
const app = await startApp(t, 'app');
const target = `127.0.0.1:${String(app.port)}`;

/** Forms that mean nothing, and what of the reason its user must read. */
const malformed: readonly (readonly [form: string, reason: RegExp])[] = [
  ['/web?acess=public', /acess/],
  ['/web?access=everybody', /everybody/],
  ['/web?access=public&access=private', /twice/],
  ['/web?ttl=soon', /soon/],
  ['/web/99999', /99999/],
  ['/web/8080/9090', /too many parts/],
  ['web?access=public:80', /form with a slash/],
];

for (const [index, [form, reason]] of malformed.entries()) {
  t.test(`-R ${form}: the session tells the reason`, async (t) => {
    const env = `session-${String(index)}`;
    const ssh = stockSsh(t, server, { env, args: ['-R', `${form}:${target}`] });
    t.same(await ssh.exit, { code: 1, signal: null }, 'nothing is left to wait for');
    t.match(ssh.stderr, /Warning: remote port forwarding failed/);
    const [line = ''] = /^.*refused: .*$/m.exec(ssh.stderr + ssh.stdout) ?? [];
    t.match(line, reason);
    t.ok(line.includes(form), 'and what it is about');
  });
}

t.test('a client without a session learns it from the banner of its next attempt, once', async (t) => {
  const options = { env: 'quiet', args: ['-N', '-R', `/web?acess=public:${target}`] };
  const first = stockSsh(t, server, options);
  await first.said(/remote port forwarding failed/);
  t.notMatch(first.stderr, /unknown option/, 'OpenSSH has no way to say why');
  t.match(await gateway.line((line) => line.msg === 'forward refused' && line['env'] === 'quiet'), {
    level: 'warn',
    reason: /acess/,
  });
  const second = stockSsh(t, server, { env: 'quiet', args: ['-N', '-R', `/web:${target}`] });
  await second.said(/last time, refused: -R \/web\?acess=public: .*acess/);
  await gateway.line((line) => line.msg === 'forward added' && line['env'] === 'quiet');
  const third = stockSsh(t, server, { env: 'quiet', command: ['help'] });
  await third.exit;
  t.notMatch(third.stderr, /last time/);
});

t.test('what is wrong with one forward leaves the others alone', async (t) => {
  const args = ['-R', `/web?acess=public:${target}`, '-R', `/api:${target}`];
  const session = await offer(t, server, { env: 'half', args });
  t.match(session.stderr + session.stdout, /refused: .*acess/);
  t.equal((await visit(gateway, 'api--half.localhost')).status, 200);
  t.equal((await visit(gateway, 'web--half.localhost')).headers['porthole-error'], 'ERR_SERVICE_UNKNOWN');
});

t.test('ExitOnForwardFailure ends the client', async (t) => {
  for (const form of ['/web?acess=public', 'web?a=b:80']) {
    const args = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${form}:${target}`];
    t.same(await stockSsh(t, server, { env: 'strict', args }).exit, { code: 255, signal: null }, form);
  }
});

for (const name of ['www', 'api', 'admin', 'LocalHost']) {
  t.test(`nobody gets the name ${name}`, async (t) => {
    const ssh = stockSsh(t, server, { env: name, args: ['-R', `80:${target}`] });
    t.same(await ssh.exit, { code: 1, signal: null });
    t.match(ssh.stdout, /refused: .*reserved/);
    t.match(ssh.stderr, /porthole: .*reserved/, 'and the banner');
    t.equal((await visit(gateway, `${name}.localhost`)).headers['porthole-error'], 'ERR_ENV_UNKNOWN');
  });
}

t.test('a name that somebody else holds is refused, and stays theirs', async (t) => {
  await offer(t, server, { env: 'held', args: ['-R', `80:${target}`] });
  const ssh = stockSsh(t, { gateway, key: other }, { env: 'held', args: ['-R', `80:127.0.0.1:9`] });
  t.same(await ssh.exit, { code: 1, signal: null });
  t.match(ssh.stdout, /refused: -R localhost:80: .*belongs to somebody else/);
  t.equal((await visit(gateway, 'held.localhost')).body, 'app\n');
});

t.test('an unknown key is told that it is refused', async (t) => {
  const ssh = stockSsh(t, { gateway, key: makeKey(t) }, { args: ['-R', `80:${target}`] });
  t.equal((await ssh.exit).code, 255);
  t.match(ssh.stderr, /porthole: ssh-ed25519 key refused: /);
  t.match(ssh.stderr, /Permission denied/);
});
