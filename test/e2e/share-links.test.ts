import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import { CurlBrowser } from '../support/curl-browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';
import type { TestScope } from '../support/scope.ts';
import { visit, visitorOptions } from '../support/visitor.ts';

const team = await PreviewTeam.start(t);
const { gateway } = team;
const { web, api, ssh } = await team.offer('ana', 'pr-1');
const host = 'web--pr-1.preview.test';

/** The first line of what a command prints, which must succeed. */
async function first(words: string, who: 'ana' | 'root' = 'ana'): Promise<string> {
  const { code, stdout, stderr } = await team.command(who, words);
  if (code !== 0) throw new Error(`${words}: ${stderr}`);
  return stdout.split('\n', 1)[0] ?? '';
}

/** What a link's own line says of it. */
function idOf(link: string): string {
  return new URL(link).searchParams.get('porthole-share')?.split('.', 1)[0] ?? '';
}

async function openSocket(t: TestScope, cookie: string): Promise<WebSocket> {
  const { ca, servername, port } = visitorOptions(gateway, host);
  const origin = team.url('web--pr-1').slice(0, -1);
  const headers = { host: `${host}:${String(port)}`, cookie, origin };
  const socket = new WebSocket(`wss://127.0.0.1:${String(port)}/`, { ca, servername, headers } as object);
  t.teardown(() => {
    socket.terminate();
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}

t.test(
  'a link opens the preview in a browser, once for all of its hosts, and is gone from the address',
  async (t) => {
    const { stdout, stderr } = await team.command('ana', 'share pr-1 --ttl 2d');
    t.match(stdout, /^https:\/\/web--pr-1\.preview\.test:\d+\/\?porthole-share=[a-z2-7]{12}\.[\w-]{43}\n$/);
    t.match(stderr, /opens all of pr-1 until \d{4}-\d\d-\d\d .*for whoever has the link/);
    const link = stdout.trim();
    const browser = new CurlBrowser(t, gateway);
    const page = await browser.go(link.replace('/?', '/echo?a=1&'));
    t.equal(page.status, 200, page.heads);
    t.match(JSON.parse(page.body), { name: 'web of pr-1', cookie: null });
    t.match(await browser.go(team.url('web--pr-1', '/echo')), { status: 200 }, 'the next time without it');
    t.match(await browser.go(team.url('api--pr-1', '/echo')), { status: 200 }, 'the other host too');
    t.equal((await new CurlBrowser(t, gateway).go(team.url('web--pr-1'))).status, 401, 'not for others');
    for (const { path, headers } of [...web.seen, ...api.seen])
      t.notMatch(
        path + JSON.stringify(headers),
        /porthole[_-](?:share|session|state)/i,
        'the app saw none of it',
      );
    t.match(web.seen[0]?.path, '/echo?a=1');
  },
);

t.test('a program may send it as it is', async (t) => {
  const link = new URL(await first('share pr-1/web'));
  const share = link.searchParams.get('porthole-share') ?? '';
  const headers = { 'porthole-share': share };
  t.match(await visit(gateway, team.url('web--pr-1', '/echo'), { headers }), { status: 200 });
  t.match(await visit(gateway, link.href, { headers: { accept: 'application/json' } }), { status: 200 });
  t.match(
    await visit(gateway, team.url('api--pr-1', '/echo'), { headers }),
    { status: 401 },
    'one service only',
  );
});

t.test('a link for one browser: looking at it does not use it up, the button does', async (t) => {
  const link = await first('share pr-1 --max-uses 1');
  const mine = new CurlBrowser(t, gateway);
  const others = new CurlBrowser(t, gateway);
  const origin = team.url('');
  await others.go(link);
  const asked = await mine.go(link);
  t.match(asked.body, /<button/);
  t.equal((await mine.submit(asked, origin)).status, 200);
  t.equal((await mine.go(link)).status, 200, 'it stays open for the browser that took it');
  const late = await others.go(link);
  t.equal(late.status, 410);
  t.match(late.heads, /^porthole-error: ERR_LINK_SPENT$/im);
  t.equal((await others.go(team.url('web--pr-1'))).status, 401);
  const [listed] = (await team.told('ana', ['share', 'list', 'pr-1'])) as { id: string; uses: number }[];
  t.match(listed, { id: idOf(link), uses: 1, maxUses: 1 });
});

t.test('what was opened with it ends when it is revoked', async (t) => {
  const link = await first('share pr-1');
  const browser = new CurlBrowser(t, gateway);
  t.equal((await browser.go(link)).status, 200);
  const socket = await openSocket(t, browser.cookiesOf(host));
  socket.send('hello');
  t.equal(String((await once(socket, 'message'))[0]), 'web of pr-1: hello');
  const ended = once(socket, 'close');
  t.match(await first(`share revoke ${idOf(link)}`), /^revoked link/);
  await ended;
  t.equal((await browser.go(team.url('web--pr-1'))).status, 401, 'its cookie opens nothing');
  t.equal((await new CurlBrowser(t, gateway).go(link)).status, 410, 'nor does the link');
  const headers = { 'porthole-share': new URL(link).searchParams.get('porthole-share') ?? '' };
  t.equal((await visit(gateway, team.url('web--pr-1'), { headers })).status, 401);
});

t.test('who connects has a link without having asked for one, until they revoke it', async (t) => {
  const { stdout } = ssh;
  const [, standing = ''] = /^ {2}(https:\S+porthole-share=\S+)$/m.exec(stdout) ?? [];
  t.equal((await new CurlBrowser(t, gateway).go(standing)).status, 200);
  const again = await team.offer('ana', 'pr-1');
  t.match(again.ssh.stdout, standing, 'it is the same the next time');
  t.match(await first('share list'), /^ID +OPENS/);
  const links = (await team.told('ana', ['share', 'list', 'pr-1'])) as { id: string; name: string }[];
  t.equal(links.filter(({ name }) => name === 'standing').length, 1);
  await first(`share revoke ${idOf(standing)}`);
  t.equal((await new CurlBrowser(t, gateway).go(standing)).status, 410);
  const { stdout: fresh } = (await team.offer('ana', 'pr-1')).ssh;
  t.match(fresh, /porthole-share=/);
  t.notMatch(fresh, standing);
});

t.test('others share nothing of it, and learn nothing', async (t) => {
  for (const who of ['bob', 'eve'] as const) {
    const theirs = await team.command(who, 'share pr-1');
    t.equal(theirs.code, 1);
    const nobodys = await team.command(who, 'share pr-0');
    t.equal(theirs.stderr.replace('pr-1', 'pr-0'), nobodys.stderr);
    t.equal((await team.command(who, 'share list')).stdout, '');
  }
  t.match(await first('share pr-1', 'root'), /porthole-share=/, 'but an administrator');
});

t.test('nothing that opens anything is in the log or the audit', async (t) => {
  const audit = await team.command('root', 'audit --limit 1000 --json');
  t.match(audit.stdout, /"share\.create".*"share\.use".*"share\.revoke"/);
  for (const text of [JSON.stringify(gateway.lines), audit.stdout])
    t.notMatch(text, /[a-z2-7]{12}\.[\w-]{43}|code=[\w-]{20}/);
});
