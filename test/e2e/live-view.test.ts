import t from 'tap';
import { startGateway } from '../support/gateway-with-key.ts';
import { portholeEnv, portholeWords, reaching } from '../support/porthole.ts';
import { Program } from '../support/program.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { visit } from '../support/visitor.ts';
import { startApp } from '../support/web-app.ts';

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command on a terminal of its own, as `script` makes one. */
function onTerminal(
  t: Parameters<typeof scratchDir>[0] & ConstructorParameters<typeof Program>[0],
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Program {
  const command = `stty cols 100 rows 30; exec ${words.map(quote).join(' ')}`;
  const home = scratchDir(t);
  return new Program(t, 'script', ['-q', '-e', '-f', '-c', command, '/dev/null'], {
    env: portholeEnv(home, { TERM: 'xterm', NO_COLOR: '1', SHELL: '/bin/sh', ...env }),
  });
}

t.test('a terminal shows the URLs, their state and the last requests in place', async (t) => {
  const { gateway, key } = await startGateway(t, ['--access', 'public']);
  const app = await startApp(t, (_request, response) => response.writeHead(404).end());
  const args = ['connect', 'pr-1', `web=${String(app.port)}`, 'api=127.0.0.1:9', ...reaching(gateway)];
  const client = onTerminal(t, portholeWords(...args, '-i', key.path), {});
  await client.said(/pr-1 is online/);
  await client.said(/https:\/\/web--pr-1\.localhost:\d+\/ {2}-> {2}127\.0\.0\.1:\d+/);
  await client.said(/-> {2}127\.0\.0\.1:9 {2}nothing listens there - start it, the URL stays/);
  await client.said(/\d ms {2}https:\/\/localhost/);
  await visit(gateway, 'https://web--pr-1.localhost/some/path');
  await client.said(/\d\d:\d\d:\d\d {2}404 +\d+ ms {2}web GET \/some\/path/);
  t.match(client.stdout, /\r\u001b\[J/, 'drawn in place');
  t.notMatch(client.stdout, /\u001b\[\?/, 'the terminal is in no other mode');

  client.write('\u0003');
  const { code } = await client.exit;
  t.equal(code, 0);
  const last = client.stdout.slice(client.stdout.lastIndexOf('\r\u001b[J'));
  t.match(last, /pr-1: ended/);
  t.match(last, /\r\n$/, 'the prompt comes below');
  t.notMatch(last, /\u001b\[\d+A/);
});

t.test('a terminal that can draw nothing gets lines', async (t) => {
  const { gateway, key } = await startGateway(t, ['--access', 'public']);
  const app = await startApp(t, (_request, response) => response.end());
  const args = ['connect', 'pr-1', String(app.port), ...reaching(gateway), '-i', key.path];
  const client = onTerminal(t, portholeWords(...args), { TERM: 'dumb' });
  await client.said(/connected: pr-1 is online\r\n/);
  await client.said(/https:\/\/pr-1\.localhost:\d+\/ {2}-> {2}127\.0\.0\.1:\d+\r\n/);
  t.notMatch(client.stdout, '\u001b[');
});
