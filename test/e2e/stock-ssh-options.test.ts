import t from 'tap';
import { startApp } from '../support/recording-app.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { offer, stockSsh, urlsOf } from '../support/stock-ssh.ts';
import { visit } from '../support/visitor.ts';

const server = await startGateway(t);
const { gateway } = server;

/** Ways to say `access=public` and `host=localhost`; APP stands for the app's. */
const ways: Readonly<Record<string, { args: readonly string[]; command?: readonly string[] }>> = {
  'in the path': { args: ['-R', '/web?access=public&host=localhost:127.0.0.1:APP'] },
  "in Preevy's form": { args: ['-R', '/web#access=public;host=localhost:127.0.0.1:APP'] },
  'as words after the host': {
    args: ['-R', 'web:80:127.0.0.1:APP'],
    command: ['access=public', 'host=localhost'],
  },
  'by SetEnv': {
    args: ['-o', 'SetEnv=access=public host=localhost', '-R', 'web:80:127.0.0.1:APP'],
  },
  'by SetEnv with our prefix': {
    args: ['-o', 'SetEnv=PORTHOLE_ACCESS=public PORTHOLE_HOST=localhost', '-R', 'web:80:127.0.0.1:APP'],
  },
};

for (const [index, [way, { args, command = [] }]] of Object.entries(ways).entries()) {
  t.test(`options ${way}`, async (t) => {
    const app = await startApp(t, 'web');
    const session = await offer(t, server, {
      env: `way-${String(index)}`,
      args: args.map((arg) => arg.replace('127.0.0.1:APP', `127.0.0.1:${String(app.port)}`)),
      command,
    });
    t.notMatch(session.stdout, /Private/);
    const answer = await visit(gateway, urlsOf(session)[0] ?? '');
    t.same([answer.status, answer.body], [200, 'web\n'], 'open to a stranger');
    t.equal(app.seen[0]?.headers.host, 'localhost');
  });
}

t.test('what a forward says itself goes before what is said for all', async (t) => {
  const [web, api] = await Promise.all([startApp(t, 'web'), startApp(t, 'api')]);
  await offer(t, server, {
    env: 'mixed',
    args: [
      ...['-R', `/web?access=private:127.0.0.1:${String(web.port)}`],
      ...['-R', `/api:127.0.0.1:${String(api.port)}`],
    ],
    command: ['access=public'],
  });
  t.equal((await visit(gateway, 'api--mixed.localhost')).status, 200);
  t.equal((await visit(gateway, 'web--mixed.localhost')).status, 401);
});

const wrong: Readonly<Record<string, { args?: readonly string[]; command?: readonly string[] }>> = {
  'an unknown word': { command: ['access=public', 'colour=red'] },
  'a bad value': { command: ['access=everybody'] },
  'a bad value by SetEnv': { args: ['-o', 'SetEnv=access=everybody'] },
};

for (const [index, [what, { args = [], command = [] }]] of Object.entries(wrong).entries()) {
  t.test(`${what} ends the session with the reason, and opens nothing`, async (t) => {
    const app = await startApp(t, 'app');
    const env = `wrong-${String(index)}`;
    const ssh = stockSsh(t, server, {
      env,
      args: [...args, '-R', `80:127.0.0.1:${String(app.port)}`],
      command,
    });
    t.same(await ssh.exit, { code: 2, signal: null });
    t.match(ssh.stderr, /option.*(?:colour|everybody)/);
    t.equal((await visit(gateway, `${env}.localhost`)).headers['porthole-error'], 'ERR_LOGIN_REQUIRED');
    t.equal(app.seen.length, 0);
  });
}
