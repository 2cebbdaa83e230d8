import { appendFileSync, chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startGateway } from '../support/gateway-with-key.ts';
import { porthole, reaching, urlsOf } from '../support/porthole.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('a machine without a key makes one, says what to do with it, and is let in with it', async (t) => {
  const { gateway, keysFile } = await startGateway(t, ['--access', 'public']);
  const app = await startTextApp(t, 'hello');
  const home = scratchDir(t);
  const args = ['connect', 'pr-1', String(app.port), ...reaching(gateway), '--json'];

  const first = porthole(t, args, { home });
  t.equal((await first.exit).code, 3);
  const [, publicKey = ''] = await first.said(/"event":"key-created".*"publicKey":"([^"]+)"/);
  t.match(publicKey, /^ssh-ed25519 [\w+/=]+ porthole@/);
  t.match(first.stderr, `(porthole key add, or its authorized keys): ${publicKey}`);
  const file = join(home, '.local', 'state', 'porthole', 'client', 'id_ed25519');
  t.equal(statSync(file).mode & 0o777, 0o600);
  const made = readFileSync(file, 'utf8');
  t.match(made, /^-----BEGIN OPENSSH PRIVATE KEY-----/);

  appendFileSync(keysFile, `${publicKey}\n`);
  await gateway.line((line) => line.msg.includes('authorized keys') && line['keys'] === 2);
  const second = porthole(t, args, { home });
  const [url = ''] = await urlsOf(second);
  t.equal((await visit(gateway, url)).body, 'hello');
  t.notMatch(second.stdout, 'key-created');
  second.kill();
  t.equal((await second.exit).code, 0);
  t.equal(readFileSync(file, 'utf8'), made, 'never overwritten');

  chmodSync(file, 0o644);
  const third = porthole(t, args, { home });
  t.equal((await third.exit).code, 3);
  t.match(third.stderr, `chmod 600 ${file}`);
});
