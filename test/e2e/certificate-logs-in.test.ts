import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fingerprint } from '../../core/fingerprint.ts';
import { signKey } from '../support/certificates.ts';
import { startPublicGateway } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey, type KeyOptions } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

const kinds: readonly KeyOptions[] = [
  { type: 'ed25519' },
  { type: 'ecdsa', bits: 256 },
  { type: 'ecdsa', bits: 384 },
  { type: 'ecdsa', bits: 521 },
  { type: 'rsa', bits: 2048 },
];

t.test('the certificates of every authority and for every key are good, and say who it is', async (t) => {
  const authorities = kinds.map((kind) => makeKey(t, kind));
  const file = join(scratchDir(t), 'user_ca.pub');
  writeFileSync(file, authorities.map(({ line }) => `${line}\n`).join(''));
  const { gateway } = await startPublicGateway(t, ['--user-ca', file]);
  const { port } = await startTextApp(t, 'served');
  for (const [index, kind] of kinds.entries()) {
    const authority = authorities[(index + 2) % kinds.length] ?? authorities[0];
    if (authority === undefined) throw new Error('unreachable');
    const name = `pr-${String(index)}`;
    const signed = signKey(t, authority, makeKey(t, kind), { id: `user${String(index)}` });
    const ssh = openssh(t, {
      port: gateway.port,
      key: signed,
      user: name,
      args: ['-R', `80:127.0.0.1:${String(port)}`],
    });
    await ssh.said(new RegExp(`${name} is online`));
    t.equal((await visit(gateway, `${name}.localhost/`)).body, 'served');
    const opened = await gateway.line((line) => line.msg === 'tunnel opened' && line['env'] === name);
    t.match(opened, {
      principal: `cert:user${String(index)}`,
      fingerprint: fingerprint(signed.blob),
    });
    ssh.kill();
  }
});
