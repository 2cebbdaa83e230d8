import t from 'tap';
import { homeWith, loggedInAs, startWithAuthority } from '../support/certificate-gateway.ts';
import { signKey } from '../support/certificates.ts';
import { porthole, reaching, urlsOf } from '../support/porthole.ts';
import { startSshAgent } from '../support/ssh-agent.ts';
import { makeKey, type KeyOptions, type SshKey } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';

const kinds: readonly (KeyOptions & { readonly name: string })[] = [
  { name: 'id_ed25519', type: 'ed25519' },
  { name: 'id_ecdsa', type: 'ecdsa', bits: 256 },
  { name: 'id_ecdsa', type: 'ecdsa', bits: 521 },
  { name: 'id_rsa', type: 'rsa', bits: 2048 },
];

t.test('a certificate beside its key, or in the agent, is shown first', async (t) => {
  const { gateway, authority, app } = await startWithAuthority(t);
  for (const [index, { name, ...kind }] of kinds.entries()) {
    const signed = signKey(t, authority, makeKey(t, kind), { id: `user${String(index)}` });
    const env = `pr-${String(index)}`;
    const args = ['connect', env, String(app.port), ...reaching(gateway), '--json'];
    const client = porthole(t, args, { home: homeWith(t, signed, name) });
    const [url = ''] = await urlsOf(client);
    t.equal((await visit(gateway, url)).body, 'served');
    t.equal(await loggedInAs(gateway, env), `cert:user${String(index)}`);
    client.kill();

    const agent = await startSshAgent(t);
    agent.add(signed.path);
    const inAgent = porthole(t, ['connect', `pr-a${String(index)}`, ...args.slice(2)], {
      env: { SSH_AUTH_SOCK: agent.socket },
    });
    await urlsOf(inAgent);
    t.equal(await loggedInAs(gateway, `pr-a${String(index)}`), `cert:user${String(index)}`);
    inAgent.kill();
    await Promise.all([client.exit, inAgent.exit]);
  }
});

t.test('one that has expired is left out, and that is told when the key alone is refused', async (t) => {
  const { gateway, key, authority, app } = await startWithAuthority(t);
  const old = { validity: '20200101000000Z:20200102000000Z' };
  const args = ['connect', 'pr-1', String(app.port), ...reaching(gateway), '--json'];
  const refused = porthole(t, args, { home: homeWith(t, signKey(t, authority, makeKey(t), old)) });
  t.equal((await refused.exit).code, 3);
  t.match(refused.stderr, /id_ed25519-cert\.pub was left out: it expired at 2020-01-02 00:00:00 UTC/);
  const known = porthole(t, args, { home: homeWith(t, signKey(t, authority, key, old)) });
  await urlsOf(known);
  known.kill();
  await known.exit;
});

t.test('the one that is named is taken, with the key that it is for', async (t) => {
  const { gateway, authority, app } = await startWithAuthority(t);
  const key: SshKey = makeKey(t);
  const signed = signKey(t, authority, key, { id: 'named' });
  const flags = [...reaching(gateway), '--json', '--certificate', signed.certificatePath];
  const args = ['connect', 'pr-1', String(app.port), ...flags];
  const client = porthole(t, [...args, '--identity', key.path]);
  await urlsOf(client);
  t.equal(await loggedInAs(gateway, 'pr-1'), 'cert:named');
  client.kill();
  const wrong = porthole(t, [...args, '--identity', makeKey(t).path]);
  t.equal((await wrong.exit).code, 2);
  t.match(wrong.stderr, /is for the key SHA256:.*, which is not here/);
  await client.exit;
});
