import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeAuthority } from '../client/certificates.ts';
import { fakeForge, type FakeForge } from '../support/fake-forge.ts';
import { dial, tunnelGone } from '../support/dial.ts';
import { startReplaceable } from '../support/replaceable.ts';
import { open } from '../support/visitor.ts';
import { startGateway, type GatewayWithKey } from '../support/gateway-with-key.ts';
import { openssh } from '../support/openssh.ts';
import { Portholed } from '../support/portholed.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { makeKey, type SshKey } from '../support/ssh-keys.ts';
import { stockSsh } from '../support/stock-ssh.ts';
import { until } from '../support/until.ts';

const authority = makeAuthority();
const certificate = authority.issue({ dns: ['localhost'] });

interface Kept {
  readonly source: string;
  readonly keys: number;
  readonly problem: string | null;
}

/** Gives a command with stock ssh, and waits for its end. */
async function command(
  t: TestScope,
  to: Pick<GatewayWithKey, 'gateway' | 'key'>,
  ...words: readonly string[]
) {
  const program = stockSsh(t, to, { command: words });
  program.end();
  const { code } = await program.exit;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

async function kept(t: TestScope, to: Pick<GatewayWithKey, 'gateway' | 'key'>): Promise<readonly Kept[]> {
  const { stdout } = await command(t, to, 'key imports --json');
  return JSON.parse(stdout) as readonly Kept[];
}

/** What the forge said last has been looked at. */
async function lookedAgain({ asked }: FakeForge): Promise<void> {
  const before = asked.length;
  // The one that is running may have been answered before.
  await until('two more looks', () => asked.length >= before + 2);
}

function dialling(t: TestScope, { gateway }: Pick<GatewayWithKey, 'gateway'>, key: SshKey, user: string) {
  return openssh(t, { port: gateway.port, key, user, args: ['-R', '80:127.0.0.1:9'] });
}

t.test('the keys of an account log in as long as it lists them', async (t) => {
  const forge = await fakeForge(t, certificate);
  const caFile = join(scratchDir(t), 'forge-ca.pem');
  writeFileSync(caFile, authority.ca);
  const adminKey = makeKey(t);
  const keysFile = join(scratchDir(t), 'authorized_keys');
  writeFileSync(keysFile, `${adminKey.line}\n`);
  const args = ['--authorized-keys', keysFile, '--key-import-interval', '1s'];
  const gateway = await Portholed.start(t, args, { env: { NODE_EXTRA_CA_CERTS: caFile } });
  const admin = { gateway, key: adminKey };
  const [laptop, desk] = [makeKey(t), makeKey(t)];
  forge.users.set('ana', [laptop.line, `${desk.line} desk`]);
  const source = `${forge.root}/ana`;

  const imported = await command(t, admin, `key import ${source} --principal ana --env 'pr-*' --keep`);
  t.equal(imported.code, 0, imported.stderr);
  t.match(imported.stdout, /ana\/localhost-1.*ana\/desk.*may use +pr-\*.*kept so/s);

  const tunnel = dialling(t, admin, laptop, 'pr-7');
  await tunnel.said(/pr-7 is online/u);
  const other = dialling(t, admin, laptop, 'main');
  await other.said(/pr-\*|may not/u);
  const deskTunnel = dialling(t, admin, desk, 'pr-8');
  await deskTunnel.said(/pr-8 is online/u);

  forge.users.set('ana', [`${desk.line} desk`]);
  await tunnel.said(/no longer listed at/u);
  t.not((await tunnel.exit).code, 0, 'a key that vanishes loses its tunnel');
  const again = dialling(t, admin, laptop, 'pr-7');
  await again.said(/key refused/u);

  forge.users.set('ana', 500);
  await lookedAgain(forge);
  t.match(await kept(t, admin), [{ source, keys: 1, problem: /answered 500/ }]);
  t.equal(deskTunnel.child.exitCode, null, 'a source that fails changes nothing');

  const stopped = await command(t, admin, `key import-stop ${source}`);
  t.match(stopped, { code: 0, stderr: /ana\/desk/ });
  t.same(await kept(t, admin), []);
});

t.test('a forge of this machine needs no TLS, and only administrators make the gateway fetch', async (t) => {
  const forge = await fakeForge(t);
  const machine = makeKey(t);
  forge.users.set('ana', [machine.line]);
  const admin = await startGateway(t);
  const added = await command(t, admin, `key import ${forge.root}/ana`);
  t.match(added, { code: 0, stdout: /ana\/127-0-0-1-1/ });
  t.equal(forge.asked.length, 1);
  const refused = await command(t, { ...admin, key: machine }, `key import ${forge.root}/ana`);
  t.match(refused, { code: 3, stderr: /administrators/ });
  t.equal(forge.asked.length, 1);

  forge.users.set('bo', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
  t.match(await command(t, admin, `key import ${forge.root}/bo`), { code: 1, stderr: /only the host/ });
  t.match(await command(t, admin, `key import ${forge.root}/nobody`), { code: 1, stderr: /no such account/ });
  t.match(await command(t, admin, 'key import http://192.0.2.1/ana'), { code: 2, stderr: /https only/ });
});

t.test('a private key on the page is refused, and found nowhere after', async (t) => {
  const forge = await fakeForge(t);
  const leaked = makeKey(t);
  forge.users.set('ana', leaked.privateKey.split('\n'));
  const admin = await startGateway(t, ['--log-level', 'trace']);
  const { code, stdout, stderr } = await command(t, admin, `key import ${forge.root}/ana`);
  t.equal(code, 1);
  t.match(stderr, /an OpenSSH private key/);
  const audit = await command(t, admin, 'audit --action key.import');
  t.match(audit.stdout, /key\.import/);
  const middle = leaked.privateKey.split('\n')[2] ?? '';
  for (const text of [stdout, stderr, audit.stdout, JSON.stringify(admin.gateway.lines)])
    t.notOk(text.includes(middle));
});

t.test(
  'after a replace the new gateway keeps in step, and what it revokes ends in the old one too',
  async (t) => {
    const forge = await fakeForge(t);
    const laptop = makeKey(t);
    forge.users.set('ana', [laptop.line]);
    const args = ['--grace', '1h', '--key-import-interval', '1s'];
    const { gateway, key, appPort, successor } = await startReplaceable(t, args);
    const admin = { gateway, key };
    t.match(await command(t, admin, `key import ${forge.root}/ana --principal ana --keep`), { code: 0 });
    const forwards = [`80:127.0.0.1:${appPort}`];
    const { ssh, tunnelId } = await dial(t, gateway, { key: laptop, user: 'pr-1', forwards });
    await open(gateway, 'pr-1.localhost/stream');

    const next = successor();
    await next.line((line) => line.msg === 'listening');
    t.equal(ssh.child.exitCode, null, 'the old gateway has a visitor still');
    await lookedAgain(forge);
    forge.users.set('ana', []);
    t.match(await tunnelGone(gateway, tunnelId), /no longer listed at/);
    t.match(await kept(t, { gateway: next, key }), [{ keys: 0, problem: null }]);
    t.same(
      gateway.lines.filter(({ msg }) => msg.includes('in step')),
      [],
      'the old one did not try',
    );
  },
);
