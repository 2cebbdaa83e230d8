import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { homeWith, startWithAuthority } from '../support/certificate-gateway.ts';
import { signKey } from '../support/certificates.ts';
import { nextLine } from '../support/dial.ts';
import { porthole, reaching, urlsOf } from '../support/porthole.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';

t.test('a renewed certificate is read when the client connects again', async (t) => {
  const { gateway, authority, app, revoked } = await startWithAuthority(t);
  const key = makeKey(t);
  const home = homeWith(t, signKey(t, authority, key, { id: 'ana', serial: '1' }));
  const args = ['connect', 'pr-1', String(app.port), ...reaching(gateway), '--json'];
  const client = porthole(t, args, { home });
  const [url = ''] = await urlsOf(client);
  const renewed = signKey(t, authority, key, { id: 'ana', serial: '2' });
  copyFileSync(renewed.certificatePath, join(home, '.ssh', 'id_ed25519-cert.pub'));
  const again = nextLine(gateway, (line) => line.msg === 'tunnel opened');
  writeFileSync(revoked, 'serial: 1\n');
  t.match(await again, { principal: 'cert:ana' });
  await client.said(/"event":"forward"[^]*"event":"forward"/);
  t.equal((await visit(gateway, url)).body, 'served');
  client.kill();
  t.equal((await client.exit).code, 0);
});
