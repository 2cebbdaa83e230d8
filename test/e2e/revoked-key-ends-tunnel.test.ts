import { renameSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { dial, nextLine, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { makeKey, type SshKey } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

/** As a careful program changes a file: whole, or not at all. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function linesOf(...keys: readonly SshKey[]): string {
  return keys.map(({ line }) => `${line}\n`).join('');
}

t.test('a key that is taken out of the file loses its tunnel, and no other does', async (t) => {
  const { gateway, key, keysFile } = await startPublicGateway(t, ['--hold', '250ms']);
  const other = makeKey(t);
  const added = nextLine(gateway, (line) => line.msg === 'authorized keys read again');
  replaceFile(keysFile, linesOf(key, other));
  t.match(await added, { keys: 2 }, 'a key is admitted without a restart');

  const { port } = await startTextApp(t, 'served');
  const flags = ['-R', `80:127.0.0.1:${port}`];
  const watching = openssh(t, { port: gateway.port, key, user: 'mine', args: flags });
  await watching.said(/mine is online/u);
  await dial(t, gateway, { key: other, user: 'theirs', forwards: [`80:127.0.0.1:${port}`] });
  t.equal((await visit(gateway, 'mine.localhost/')).body, 'served');

  const closed = nextLine(gateway, (line) => line.msg === 'tunnel closed');
  replaceFile(keysFile, linesOf(other));
  t.match(await closed, { env: 'mine', reason: 'access withdrawn: this key is not known here' });
  await watching.said(/disconnect.*: access withdrawn: this key is not known here/u);
  t.not((await watching.exit).code, 0);
  t.equal((await visit(gateway, 'mine.localhost/')).status, 503);
  t.equal((await visit(gateway, 'theirs.localhost/')).body, 'served');

  const again = openssh(t, { port: gateway.port, key, user: 'mine', args: ['-N', ...flags] });
  await again.said(/key refused: this key is not known here/u);
  t.equal((await again.exit).code, 255);
});

t.test('a file that is gone admits nobody, and says so', async (t) => {
  const { gateway, key, keysFile } = await startPublicGateway(t);
  const { port } = await startTextApp(t, 'served');
  const { tunnelId } = await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });
  renameSync(keysFile, `${keysFile}.away`);
  t.match(await tunnelGone(gateway, tunnelId), /^access withdrawn/u);
  await gateway.line((line) => line.level === 'error' && line.msg.includes('nobody is admitted'));
  renameSync(`${keysFile}.away`, keysFile);
  await nextLine(gateway, (line) => line.msg === 'authorized keys read again');
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'served');
});

t.test('a key that expires loses its tunnel', async (t) => {
  const { gateway, key, keysFile } = await startPublicGateway(t);
  const expiring = makeKey(t);
  const read = nextLine(gateway, (line) => line.msg === 'authorized keys read again');
  // Whole seconds; far enough away for the login to come before it.
  const at = new Date(Date.now() + 6000).toISOString().replaceAll(/[-:T]|\.\d+/gu, '');
  replaceFile(keysFile, `${key.line}\nexpiry-time="${at}" ${expiring.line}\n`);
  t.match(await read, { keys: 2 });
  const { port } = await startTextApp(t, 'served');
  await dial(t, gateway, { key, user: 'lasting', forwards: [`80:127.0.0.1:${port}`] });
  const { tunnelId } = await dial(t, gateway, { key: expiring, forwards: [`80:127.0.0.1:${port}`] });
  t.match(await tunnelGone(gateway, tunnelId), /^access withdrawn: this key expired at \d{4}-.* UTC$/u);
  t.equal((await visit(gateway, 'lasting.localhost/')).body, 'served');
});
