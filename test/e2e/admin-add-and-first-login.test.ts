import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { dial, nextLine } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { Portholed } from '../support/portholed.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import type { TestScope } from '../support/scope.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

const main = fileURLToPath(new URL('../../server/main.ts', import.meta.url));

/** `portholed WORDS`, beside whatever gateway runs on the state directory. */
function operate(t: TestScope, stateDir: string, words: readonly string[]): Program {
  return new Program(t, process.execPath, [main, '--state-dir', stateDir, ...words]);
}

t.test('a gateway that knows nobody says how to become its admin, and needs no restart for it', async (t) => {
  const gateway = await Portholed.start(t, ['--access', 'public']);
  await gateway.line(({ level, msg }) => level === 'warn' && msg.includes('portholed admin add KEYFILE'));
  const key = makeKey(t);
  const refused = openssh(t, { port: gateway.port, key, args: ['-N'] });
  await refused.said(/key refused: this key is not known here/u);
  t.equal((await refused.exit).code, 255);

  const known = nextLine(gateway, ({ msg }) => msg.startsWith('keys read again'));
  const added = operate(t, gateway.stateDir, ['admin', 'add', `${key.path}.pub`, '--principal', 'ana']);
  await added.said(/ana\/test \(SHA256:\S+\) is the key of an admin now/u);
  t.equal((await added.exit).code, 0);
  await known;

  const { port } = await startTextApp(t, 'served');
  await dial(t, gateway, { key, user: 'anything', forwards: [`80:127.0.0.1:${port}`] });
  t.equal((await visit(gateway, 'anything.localhost/')).body, 'served');
  const listing = openssh(t, { port: gateway.port, key, command: ['key', 'list', '--json'] });
  await listing.said(/"principal":"ana"/u);
  t.equal((await listing.exit).code, 0);
});

t.test('the first admin can be there before the gateway is', async (t) => {
  const stateDir = join(scratchDir(t), 'state');
  const key = makeKey(t);
  const added = operate(t, stateDir, ['admin', 'add', '-', '--name', 'desk']);
  added.write(`${key.line}\n`);
  added.end();
  t.equal((await added.exit).code, 0);
  t.equal(statSync(stateDir).mode & 0o777, 0o700);
  const gateway = await Portholed.start(t, ['--state-dir', stateDir, '--access', 'public']);
  t.notOk(gateway.lines.some(({ msg }) => msg.includes('nobody may dial in')));
  const { port } = await startTextApp(t, 'served');
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${port}`] });

  const file = join(scratchDir(t), 'backup.db');
  const backup = operate(t, stateDir, ['backup', file]);
  await backup.said(/checked/u);
  t.equal((await backup.exit).code, 0);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(readFileSync(file).toString('latin1'), key.line.split(' ')[1] ?? 'none');
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'served');

  t.equal(await gateway.kill('SIGTERM'), 0);
  const listed = operate(t, stateDir, ['admin', 'list']);
  await listed.said(/desk\/desk +SHA256:\S+ +active +never +\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC/u);
  t.equal((await listed.exit).code, 0);
});

t.test('a private key is refused, and nothing of it is repeated', async (t) => {
  const key = makeKey(t);
  const added = operate(t, join(scratchDir(t), 'state'), ['admin', 'add', key.path]);
  t.equal((await added.exit).code, 2);
  t.match(added.stderr, /private key/u);
  const [, body = ''] = key.privateKey.split('\n');
  t.notOk(`${added.stdout}${added.stderr}`.includes(body.slice(0, 20)));
});

t.test('a command that is not there, and the help', async (t) => {
  const unknown = operate(t, '/nowhere', ['sevre']);
  t.equal((await unknown.exit).code, 2);
  t.match(unknown.stderr, /^portholed: unknown command 'sevre'/u);
  const help = new Program(t, process.execPath, [main, '--help']);
  t.equal((await help.exit).code, 0);
  t.match(help.stdout, /admin add KEYFILE[^]*backup FILE/u);
});
