import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import { ca, described, signKey, withCertificate } from '../support/certificates.ts';
import { dial, startPublicGateway } from '../support/dial.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('an authority that is made while the gateway runs lets in whom it signs for', async (t) => {
  const { gateway } = await startPublicGateway(t);
  const { stateDir } = gateway;
  const { port } = await startTextApp(t, 'served');
  const forwards = [`80:127.0.0.1:${String(port)}`];
  const none = await ca(t, stateDir, 'show');
  t.equal((await none.exit).code, 1);

  const seen = gateway.line((line) => line.msg === 'own authority');
  const made = await ca(t, stateDir, 'init');
  t.equal((await made.exit).code, 0);
  await seen;
  t.equal(statSync(join(stateDir, 'user_ca')).mode & 0o777, 0o600);
  t.equal(made.stdout, readFileSync(join(stateDir, 'user_ca.pub'), 'utf8'));
  const again = await ca(t, stateDir, 'init');
  t.equal((await again.exit).code, 1, 'never made over');

  const key = makeKey(t);
  const out = join(scratchDir(t), 'signed-cert.pub');
  const options = ['--id', 'ana', '--env', 'pr-*', '--role', 'member', '--ttl', '2h', '--out', out];
  const signed = await ca(t, stateDir, 'sign', `${key.path}.pub`, ...options);
  t.equal((await signed.exit).code, 0);
  const said = described(out);
  for (const fact of ['Key ID: "ana"', 'env:pr-*', 'role:member', 'permit-port-forwarding'])
    t.match(said, fact);

  const shown = withCertificate(t, key, readFileSync(out, 'utf8'));
  await dial(t, gateway, { key: shown, user: 'pr-1', forwards });
  t.match(await gateway.line((line) => line.msg === 'tunnel opened'), {
    principal: 'ana',
    fingerprint: fingerprint(key.blob),
  });

  const byHand = signKey(t, { ...key, path: join(stateDir, 'user_ca') }, makeKey(t), { id: 'bob' });
  await dial(t, gateway, { key: byHand, user: 'pr-2', forwards });
});
