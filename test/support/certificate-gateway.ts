import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedKey } from './certificates.ts';
import { startPublicGateway } from './dial.ts';
import type { Portholed } from './portholed.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import { makeKey } from './ssh-keys.ts';
import { startTextApp } from './web-app.ts';

/** A public gateway that trusts an authority and has a list of what is revoked, and an app to offer. */
export async function startWithAuthority(t: TestScope) {
  const authority = makeKey(t);
  const file = join(scratchDir(t), 'user_ca.pub');
  writeFileSync(file, `${authority.line}\n`);
  const revoked = join(scratchDir(t), 'revoked');
  writeFileSync(revoked, '');
  const args = ['--user-ca', file, '--revoked-keys', revoked];
  const { gateway, key } = await startPublicGateway(t, args);
  return { gateway, key, authority, revoked, app: await startTextApp(t, 'served') };
}

/** The key and its certificate where ssh looks for them. */
export function homeWith(t: TestScope, signed: SignedKey, name = 'id_ed25519'): string {
  const home = scratchDir(t);
  const ssh = join(home, '.ssh');
  mkdirSync(ssh, { mode: 0o700 });
  for (const end of ['', '.pub', '-cert.pub'])
    copyFileSync(`${signed.path}${end}`, join(ssh, `${name}${end}`));
  return home;
}

/** The principal that dialled in for the environment. */
export function loggedInAs(gateway: Portholed, env: string): Promise<unknown> {
  return gateway
    .line((line) => line.msg === 'tunnel opened' && line['env'] === env)
    .then((line) => line['principal']);
}
