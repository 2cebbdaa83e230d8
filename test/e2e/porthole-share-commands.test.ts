// What others need to get in, made with the client: links, tokens, passwords, and a login of one's own browser.
import t from 'tap';
import { FakeSurroundings } from '../client/fake-surroundings.ts';
import { CurlBrowser } from '../support/curl-browser.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { reaching } from '../support/porthole.ts';
import { offer } from '../support/stock-ssh.ts';
import { visit } from '../support/visitor.ts';
import { startTextApp } from '../support/web-app.ts';

const server = await startGateway(t);
const { gateway, key } = server;
const app = await startTextApp(t, 'served');
await offer(t, server, { env: 'pr-42', args: ['-R', `web:80:127.0.0.1:${app.port}`] });
const url = `https://web--pr-42.localhost:${gateway.port}/`;

/** The only line that a command prints, which must succeed. */
async function run(words: string, user = new FakeSurroundings(t)): Promise<string> {
  const code = await user.run(...words.split(' '), '-i', key.path, ...reaching(gateway));
  t.equal(code, 0, user.stderr.join('\n'));
  return user.stdout[0] ?? '';
}

t.test('a link', async (t) => {
  const link = await run('share pr-42/web --ttl 1h --name review');
  t.match(await new CurlBrowser(t, gateway).go(link), { status: 200, body: 'served' });
  const { id } = JSON.parse(await run('share pr-42 --json')) as { id: string };
  t.match(await run(`share revoke ${id}`), /^revoked link/);
  t.match(await run('share list --json'), /"name":"review"/);
});

t.test('a token', async (t) => {
  const token = await run('token create pr-42 --ttl 1h');
  t.equal((await visit(gateway, url, { headers: { 'porthole-token': token } })).status, 200);
  const waiting = new FakeSurroundings(t);
  const link = `${url}?porthole-token=${token}`;
  t.equal(await waiting.run('wait', link, '--timeout', '30', '--ca', gateway.caFile), 0);
  t.same(waiting.stdout, [url], 'what waits for the preview needs no key, and shows no token');
});

t.test('a password, typed where it is not shown', async (t) => {
  const asked: string[] = [];
  const typing = new FakeSurroundings(t, {
    askPassphrase: (question) => {
      asked.push(question);
      return Promise.resolve('correct horse');
    },
  });
  t.match(await run('password set pr-42', typing), /has a password now/);
  t.equal(asked.length, 2);
  const authorization = `Basic ${Buffer.from('anybody:correct horse').toString('base64')}`;
  t.equal((await visit(gateway, url, { headers: { authorization } })).status, 200);
  t.match(await run('password rm pr-42'), /no password now/);
});

t.test("one's own browser", async (t) => {
  const opened: string[] = [];
  const openUrl = (address: string): Promise<boolean> => Promise.resolve(opened.push(address) > 0);
  const link = await run('login', new FakeSurroundings(t, { openUrl }));
  t.same(opened, [link]);
  const browser = new CurlBrowser(t, gateway);
  await browser.submit(await browser.go(link), link);
  t.match(await browser.go(url), { status: 200, body: 'served' });
  t.match(await run('session list --json'), /"live":true/);
  t.match(await run('session end --all'), /^ended session/);
  t.equal((await browser.go(url)).status, 401);
});
