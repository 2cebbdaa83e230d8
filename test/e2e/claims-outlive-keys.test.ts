// A name belongs to a principal, not to a key: it stays theirs when keys are changed, are all gone, or the gateway is started again.
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FakeSurroundings } from '../client/fake-surroundings.ts';
import { dial } from '../support/dial.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { openssh } from '../support/openssh.ts';
import { reaching } from '../support/porthole.ts';
import { Portholed } from '../support/portholed.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey, type SshKey } from '../support/ssh-keys.ts';
import { until } from '../support/until.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

interface At {
  readonly gateway: Portholed;
  readonly key: SshKey;
}

/** One command of an administrator; what it answered or why it failed. */
async function tell(t: Test, { gateway, key }: At, ...words: string[]): Promise<string> {
  const user = new FakeSurroundings(t);
  const code = await user.run(...words, '-i', key.path, ...reaching(gateway));
  return `${code} ${[...user.stdout, ...user.stderr].join('\n')}`;
}

async function add(t: Test, at: At, key: SshKey, principal: string, name: string): Promise<void> {
  const words = ['--principal', principal, '--name', name, '--env', 'pr-*'];
  t.match(await tell(t, at, 'key', 'add', `${key.path}.pub`, ...words), /^0 /);
}

/** Whether a key gets the name. */
async function gets(t: Test, { gateway }: At, key: SshKey, env = 'pr-1'): Promise<boolean> {
  const args = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '80:127.0.0.1:9'];
  const ssh = openssh(t, { port: gateway.port, key, user: env, args });
  const added = gateway.line(
    (line) => line.msg === 'forward added' && line['env'] === env && !seen.has(line),
  );
  const got = await Promise.race([added, ssh.exit.then(() => undefined)]);
  if (got === undefined) return false;
  seen.add(got);
  ssh.kill('SIGKILL');
  await gateway.line((line) => line.msg === 'tunnel closed' && line['tunnelId'] === got['tunnelId']);
  return true;
}

const seen = new Set<unknown>();

function writtenOwner(stateDir: string, env: string): unknown {
  const database = new DatabaseSync(join(stateDir, 'porthole.db'), { readOnly: true });
  try {
    return database.prepare('select owner from environments where name = ?').get(env)?.['owner'];
  } finally {
    database.close();
  }
}

t.test('a name stays with its principal, whatever becomes of the keys', async (t) => {
  const stateDir = scratchDir(t);
  const flags = ['--state-dir', stateDir, '--access', 'public', '--hold', '10ms'];
  const { gateway, key, keysFile } = await startGateway(t, flags);
  const at = { gateway, key };
  const [old, next, bob] = [makeKey(t), makeKey(t), makeKey(t)];
  await add(t, at, old, 'ana', 'old');
  await add(t, at, bob, 'bob', 'bobs');
  t.equal(await gets(t, at, old), true);
  t.equal(await gets(t, at, bob), false);
  await add(t, at, next, 'ana', 'next');
  t.equal(await gets(t, at, next), true, 'another key of the same principal');
  t.match(await tell(t, at, 'key', 'rm', 'ana/old'), /^0 /);
  t.equal(await gets(t, at, next), true, 'the old one is gone');
  t.match(await tell(t, at, 'key', 'revoke', 'ana/next'), /^0 /);
  t.equal(await gets(t, at, bob), false, 'she has no key left, and still owns it');
  // Claims are written a moment later, several at a time.
  await until('the claim is written', () => writtenOwner(stateDir, 'pr-1') === 'ana');
  await gateway.kill('SIGKILL');

  const again = { gateway: await Portholed.start(t, [...flags, '--authorized-keys', keysFile]), key };
  t.equal(await gets(t, again, bob), false, 'also after a restart');
  t.match(await tell(t, again, 'env', 'list'), /^0 .*\npr-1 +ana /s);
  t.match(await tell(t, again, 'env', 'release', 'pr-1'), /^0 released pr-1/);
  t.equal(await gets(t, again, bob), true);
});

t.test('a database that cannot be written: names stay whose they are, and tunnels go on', async (t) => {
  const at = await startGateway(t, ['--access', 'public']);
  const { gateway } = at;
  const [ana, bob] = [makeKey(t), makeKey(t)];
  await add(t, at, ana, 'ana', 'anas');
  await add(t, at, bob, 'bob', 'bobs');
  const app = await startTextApp(t, 'served');
  await dial(t, gateway, { key: ana, forwards: [`80:127.0.0.1:${app.port}`] });
  const other = new DatabaseSync(join(gateway.stateDir, 'porthole.db'));
  other.exec('begin exclusive');
  t.match(
    await tell(t, at, 'env', 'transfer', 'pr-1', 'bob'),
    /^1 .*cannot write its database.*nothing was changed/s,
  );
  t.match(await tell(t, at, 'env', 'release', 'pr-1', '--force'), /^1 /);
  t.equal((await visit(gateway, 'pr-1.localhost')).body, 'served');
  other.exec('rollback');
  other.close();
  t.match(await tell(t, at, 'env', 'transfer', 'pr-1', 'bob'), /^0 pr-1 belongs to bob now/);
  t.match((await visit(gateway, 'pr-1.localhost')).status, 404);
});
