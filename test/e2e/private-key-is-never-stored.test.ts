// A private key that somebody sends by mistake is refused by its name, and no byte of it stays anywhere.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { commandsBySsh } from '../support/admin-by-ssh.ts';
import { startPublicGateway } from '../support/dial.ts';
import { makeKey } from '../support/ssh-keys.ts';

/** The contents of all files below a directory. */
function contentsOf(directory: string): Buffer[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
}

t.test('on standard input, among the words, as a comment', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--log-level', 'debug']);
  const admin = commandsBySsh(t, gateway, key);
  const lost = makeKey(t);
  const lines = lost.privateKey.trim().split('\n');
  const [first = '', second = ''] = lines.slice(1);
  const refusals = [
    await admin('key add', lost.privateKey),
    await admin('key add --name oops --json', lines.slice(1, -1).join('\n')),
    await admin('key check', lost.privateKey),
    await admin('key add', `${lost.line} ${lines.slice(1, -1).join('')}`),
    await admin(['key', 'add', lost.privateKey]),
    await admin(['key', 'show', ...lines]),
    await admin(['key', 'revoke', 'oops', '--reason', first + second]),
  ];
  for (const { code, stdout, stderr } of refusals) {
    t.equal(code, 1);
    t.match(stderr, /private key/);
    t.notOk(
      [first, second].some((part) => (stdout + stderr).includes(part)),
      'nothing is echoed',
    );
  }
  t.match(await admin('audit'), { code: 0 }, 'what was noted is written');
  t.equal(await gateway.kill('SIGTERM'), 0);
  const kept = Buffer.concat([
    ...contentsOf(gateway.stateDir),
    Buffer.from(JSON.stringify(gateway.lines) + gateway.stderr),
  ]);
  for (const line of lines.slice(1, -1)) {
    t.notOk(kept.includes(line), 'not as it was sent');
    t.notOk(kept.includes(Buffer.from(line, 'base64')), 'nor its bytes');
  }
});
