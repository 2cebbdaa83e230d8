// A colleague gets in, for some names and a time, and is shut out again: with nothing but stock ssh.
import t from 'tap';
import { commandsBySsh } from '../support/admin-by-ssh.ts';
import { dial, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('from key add to key revoke', async (t) => {
  const { gateway, key } = await startPublicGateway(t, ['--hold', '10ms']);
  const admin = commandsBySsh(t, gateway, key);
  const colleague = makeKey(t);
  const added = await admin(
    'key add --name laptop --principal ana --env pr-* --expires 30d',
    `${colleague.line} ana@home\n`,
  );
  t.match(added, { code: 0, stdout: /^added ana\/laptop\n/ });
  t.match(added.stdout, /expires +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(in 30 days\)/);
  const [, port, user] = /ssh -p (\d+) -R 80:localhost:3000 (\S+)@localhost/.exec(added.stdout) ?? [];
  t.equal(Number(port), gateway.port);
  t.equal(user, 'pr-1', 'the line is one that the colleague can use');

  const app = await startTextApp(t, 'served');
  const args = ['-R', `80:127.0.0.1:${app.port}`];
  const session = openssh(t, { port: gateway.port, key: colleague, user: 'pr-42', args });
  await session.said(/Requests appear below/);
  t.equal((await visit(gateway, 'pr-42.localhost')).body, 'served');
  const { tunnelId } = await dial(t, gateway, {
    key: colleague,
    user: 'pr-1',
    forwards: [`80:127.0.0.1:${app.port}`],
  });

  const other = openssh(t, { port: gateway.port, key: colleague, user: 'main', args });
  t.not((await other.exit).code, 0);
  t.match(other.stdout + other.stderr, /may not use the name main \(it may use pr-\*\)/);

  t.match(await admin('key list'), {
    code: 0,
    stdout: /laptop +ana +machine +pr-\* +ed25519 256 +ana@home +.*from 127\.0\.0\.1/,
  });
  const started = performance.now();
  const revoked = admin(['key', 'revoke', 'ana/laptop', '--reason', `she's left`]);
  await session.said(/access withdrawn: this key was revoked: she's left/);
  t.match(await tunnelGone(gateway, tunnelId), /^access withdrawn: this key was revoked/);
  t.comment(`from the command to both tunnels' ends: ${String(Math.round(performance.now() - started))} ms`);
  t.match(await revoked, { code: 0, stdout: /ana\/laptop is revoked/ });
  t.not((await session.exit).code, 0);
  t.equal((await visit(gateway, 'pr-42.localhost')).status, 503);
  const again = openssh(t, { port: gateway.port, key: colleague, user: 'pr-42', args: ['-N', ...args] });
  await again.said(/key refused: this key was revoked: she's left/);
  t.equal((await again.exit).code, 255);
});

t.test('words, standard input, statuses', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const admin = commandsBySsh(t, gateway, key);
  const [one, two] = [makeKey(t), makeKey(t)];
  t.match(await admin('key add - --name=one --json', `${one.line}\n`), {
    code: 0,
    stdout: /^\{"name":"one".*\}\n$/,
  });
  t.match(await admin('key add --name one --principal one', two.line), { code: 1, stderr: /^porthole: / });
  t.match(await admin('key add one.pub', two.line), { code: 2, stderr: /standard input/ });
  t.match(await admin('key add', ''), { code: 1, stderr: /no key/ });
  t.match(await admin('key add', 'x'.repeat(100_000)), { code: 2, stderr: /far more/ });
  t.match(await admin('key ad', two.line), { code: 2, stderr: /did you mean add/ });
  t.match(await admin(`key show 'one`), { code: 2, stderr: /quote/ });
  t.match(await admin('key show "one/one"'), { code: 0, stdout: /^one\n/ });
  t.match(await admin('key show'), { code: 2, stderr: /KEY is missing\nusage: key show KEY/ });
  t.match(await admin('key check', two.line), { code: 0, stdout: /sound/ });
  t.match(await admin('help'), { code: 0, stdout: /key add \[options\] < FILE/ });
  t.match(await admin('help key expire'), { code: 0, stdout: /m is minutes/ });
  t.match(await admin('key list --json'), { code: 0, stdout: /^\[\{.*\}\]\n$/ });
  t.match(await admin('hello'), { code: 0, stdout: /^\{"clientId".*\}\r\n$/ });
  const machine = commandsBySsh(t, gateway, one);
  t.match(await machine('key rm one'), { code: 3, stdout: '', stderr: /for members and administrators/ });
  t.match(await machine('key list'), { code: 0, stdout: /one/ });
});

t.test('whoever revokes the key that they came with still reads the answer', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const admin = commandsBySsh(t, gateway, key);
  const second = makeKey(t);
  await admin('key add --name second --role admin', second.line);
  const session = commandsBySsh(t, gateway, second);
  t.match(await session('key list'), { code: 0, stdout: /second +second +admin/ });
  t.match(await session('key expire second 2m'), { code: 0 });
  t.match(await session('key revoke second'), { code: 0, stdout: /is revoked/, stderr: /logged in with/ });
  t.match(await session('key list'), { code: 255 });
});
