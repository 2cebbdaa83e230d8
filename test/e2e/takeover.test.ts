import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import t from 'tap';
import { dial, nextLine, startPublicGateway, tunnelGone } from '../support/dial.ts';
import { openssh } from '../support/openssh.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { open, visit } from '../support/visitor.ts';
import { startApp, startTextApp } from '../support/web-app.ts';

t.test('the newest tunnel of the owner serves at once, the older stands by', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  const ports: number[] = [];
  for (const text of ['oldest', 'older', 'newest']) ports.push((await startTextApp(t, text)).port);
  const body = async (): Promise<string> => (await visit(gateway, 'web--pr-1.localhost/')).body;
  const [oldest, older, newest] = ports.map((port) => `web:80:127.0.0.1:${port}`);

  const first = await dial(t, gateway, { key, forwards: [String(oldest)] });
  t.equal(await body(), 'oldest');
  const takeover = nextLine(gateway, (line) => line.msg === 'takeover');
  const second = await dial(t, gateway, { key, forwards: [String(older)] });
  t.match(await takeover, { tunnelId: second.tunnelId, env: 'pr-1', from: [first.tunnelId] });
  t.equal(await body(), 'older');
  const third = await dial(t, gateway, { key, forwards: [String(newest)] });
  t.equal(await body(), 'newest');

  third.ssh.kill();
  await tunnelGone(gateway, third.tunnelId);
  t.equal(await body(), 'older', 'the next one serves when the newest goes');
  first.ssh.kill();
  await tunnelGone(gateway, first.tunnelId);
  t.equal(await body(), 'older', 'one that stood by may go');
  second.ssh.kill();
  await tunnelGone(gateway, second.tunnelId);
  const wait = await visit(gateway, 'web--pr-1.localhost/_porthole/wait?timeout=1');
  t.equal(wait.status, 503);
});

t.test('requests in flight on the older tunnel finish there', async (t) => {
  const { gateway, key } = await startPublicGateway(t);
  let finish = (): void => undefined;
  const slow = await startApp(t, (_request, response) => {
    response.write('begun ');
    finish = () => response.end('and finished');
  });
  const quick = await startTextApp(t, 'quick');
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${slow.port}`] });
  const answer = await open(gateway, 'pr-1.localhost/');
  const [begun] = (await once(answer, 'data')) as [Buffer];
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${quick.port}`] });
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'quick');
  finish();
  const rest = await answer.toArray();
  t.equal(Buffer.concat([begun, ...(rest as Buffer[])]).toString(), 'begun and finished');
});

t.test('another owner is refused, with a reason where it can be seen', async (t) => {
  const { gateway, key, keysFile } = await startPublicGateway(t);
  const other = makeKey(t);
  const read = nextLine(gateway, (line) => line.msg === 'authorized keys read again');
  appendFileSync(keysFile, `${other.line}\n`);
  await read;
  const mine = await startTextApp(t, 'mine');
  const theirs = await startTextApp(t, 'theirs');
  await dial(t, gateway, { key, forwards: [`80:127.0.0.1:${mine.port}`] });

  const refused = nextLine(gateway, (line) => line.msg === 'forward refused');
  const flags = ['-R', `80:127.0.0.1:${theirs.port}`];
  const session = openssh(t, { port: gateway.port, key: other, args: flags });
  await session.said(/refused: -R localhost:80: the name pr-1 belongs to somebody else/u);
  t.not((await session.exit).code, 0, 'a session without a forward ends, and not well');
  t.match(await refused, { level: 'warn', env: 'pr-1', reason: /belongs to somebody else/u });

  const next = openssh(t, { port: gateway.port, key: other, args: ['-N', ...flags] });
  await next.said(/last time, refused: -R localhost:80: the name pr-1 belongs to somebody else/u);
  await next.said(/remote port forwarding failed for listen port 80/u);
  const strict = ['-N', '-o', 'ExitOnForwardFailure=yes', ...flags];
  t.equal((await openssh(t, { port: gateway.port, key: other, args: strict }).exit).code, 255);
  t.equal((await visit(gateway, 'pr-1.localhost/')).body, 'mine');
});
