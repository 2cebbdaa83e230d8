import { renameSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { commandsBySsh } from '../support/admin-by-ssh.ts';
import { nextLine } from '../support/dial.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { startApp } from '../support/recording-app.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { offer, stockSsh } from '../support/stock-ssh.ts';
import { visit } from '../support/visitor.ts';

const [machine, stored] = [makeKey(t), makeKey(t)];
const { gateway, key, keysFile } = await startGateway(t, ['--access', 'public', '--hold', '0s']);
const app = await startApp(t, 'app');
const target = `127.0.0.1:${String(app.port)}`;
/** Settles when the gateway knows. */
const limit = async (access: string): Promise<void> => {
  const read = nextLine(gateway, ({ msg }) => msg === 'authorized keys read again');
  writeFileSync(
    `${keysFile}.new`,
    `${key.line}\nrole="machine",access="${access}" ${machine.line} machine\n`,
  );
  renameSync(`${keysFile}.new`, keysFile);
  await read;
};
await limit('team');
const at = { gateway, key: machine };
const statusOf = async (label: string): Promise<number> =>
  (await visit(gateway, `${label}.localhost/`)).status;

t.test(
  'a key that may not make anything public is told so, and the default is narrowed for it',
  async (t) => {
    const asked = await offer(t, at, {
      env: 'pr-1',
      args: ['-R', `/web?access=public:${target}`, '-R', `api:80:${target}`],
    });
    await asked.said(
      /refused: -R \/web\?access=public: access=public is more than this key may have: at most team/,
    );
    t.equal(await statusOf('web--pr-1'), 404, 'nothing is there');
    t.equal(await statusOf('api--pr-1'), 404, 'it is open to the team');
    const admin = await offer(t, { gateway, key }, { env: 'pr-2', args: ['-R', `80:${target}`] });
    t.equal(await statusOf('pr-2'), 200, 'others get the default');
    admin.kill();
    const words = stockSsh(t, at, { env: 'pr-3', args: ['-R', `80:${target}`], command: ['access=public'] });
    t.equal((await words.exit).code, 3);
    t.match(words.stderr, /at most team/);
  },
);

t.test('when the limit changes, so does what is open, at once', async (t) => {
  await limit('public');
  const session = await offer(t, at, {
    env: 'pr-4',
    args: ['-R', `/web?access=public:${target}`, '-R', `api:80:${target}`],
  });
  t.equal(await statusOf('web--pr-4'), 200);
  t.equal(await statusOf('api--pr-4'), 200);
  await limit('team');
  await session.exit;
  t.match(session.stdout + session.stderr, /access withdrawn: access=public is more than this key may have/);
  t.not(await statusOf('web--pr-4'), 200);
});

t.test('a stored key has its limit from when it was added', async (t) => {
  const admin = commandsBySsh(t, gateway, key);
  const added = await admin('key add --name ci --widest-access private', `${stored.line}\n`);
  t.match(added, { code: 0, stdout: /may be +private at most/ });
  t.match((await admin('key list')).stdout, /WIDEST[^]*ci .* private /);
  const session = stockSsh(
    t,
    { gateway, key: stored },
    { env: 'pr-5', args: ['-R', `/web?access=team:${target}`] },
  );
  await session.said(/refused: .*at most private/);
});

t.test('and the gateway has one for all', async (t) => {
  const narrow = await startGateway(t, ['--widest-access', 'team']);
  const session = stockSsh(t, narrow, { args: ['-R', `/web?access=public:${target}`] });
  await session.said(/refused: .*more than anybody may have here: at most team/);
});
