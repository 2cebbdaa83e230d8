import t from 'tap';
import { grantToken } from '../../server/access/grant-token.ts';
import { loadShareKey } from '../../server/access/share-key.ts';
import { curl } from '../support/curl.ts';
import { CurlBrowser } from '../support/curl-browser.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { startApp } from '../support/recording-app.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { offer, shareLinkOf, stockSsh, urlsOf } from '../support/stock-ssh.ts';
import { visit, type Answer } from '../support/visitor.ts';

const other = makeKey(t);
const server = await startGateway(
  t,
  ['--hold', '0s'],
  [{ ...other, line: `principal="mallory" ${other.line}` }],
);
const { gateway } = server;
const port = String(gateway.port);

const [app, web] = await Promise.all([startApp(t, 'app'), startApp(t, 'web')]);
const session = await offer(t, server, {
  env: 'pr-1',
  args: ['-R', `80:127.0.0.1:${String(app.port)}`, '-R', `web:80:127.0.0.1:${String(web.port)}`],
});
const link = shareLinkOf(session);
const [ownUrl = '', webUrl = ''] = urlsOf(session);
const token = new URL(link).searchParams.get('porthole-share') ?? '';

/** The answer without what is of this one request only, and of the host that was asked. */
function comparable({ status, headers, body }: Answer, host: string): unknown {
  const id = String(headers['porthole-error-id']);
  const location = headers.location?.replace(`to=${host}&`, 'to=HOST&').replace(/state=[\w-]+/, 'state=S');
  const cookies = headers['set-cookie']?.map((cookie) => cookie.replace(/=[\w-]+;/, '=C;'));
  return {
    status,
    body: body
      .replaceAll(id, 'ID')
      .replaceAll(host, 'HOST')
      .replace(/state=[\w-]+/g, 'state=S'),
    headers: { ...headers, date: '', 'porthole-error-id': 'ID', location, 'set-cookie': cookies },
  };
}

t.test('a stranger cannot tell private, private and offline, and unknown apart', async (t) => {
  const gone = await offer(t, server, { env: 'pr-9', args: ['-R', `80:127.0.0.1:${String(app.port)}`] });
  gone.kill();
  await gateway.line((line) => line.msg === 'tunnel closed' && line['env'] === 'pr-9');
  // Of one length each: theirs counts in an answer that names them.
  const sets = [
    ['pr-1', 'pr-9', 'pr-0'],
    ['web--pr-1', 'api--pr-1', 'web--pr-9', 'web--pr-0'],
  ];
  for (const hosts of sets) {
    const ask = async (path: string, accept: string): Promise<unknown[]> =>
      Promise.all(
        hosts.map(async (host) =>
          comparable(await visit(gateway, `${host}.localhost${path}`, { headers: { accept } }), host),
        ),
      );
    const asked = {
      'text/html': { status: 303, headers: { location: /\/_porthole\/login\?to=HOST/ } },
      'application/json': { status: 401, headers: { 'porthole-error': 'ERR_LOGIN_REQUIRED' } },
      '*/*': { status: 401, headers: { 'www-authenticate': /^Bearer / } },
    };
    for (const [accept, expected] of Object.entries(asked)) {
      const [first, ...others] = await ask('/path', accept);
      t.match(first, expected, accept);
      for (const other of others) t.same(other, first, accept);
    }
    const [first, ...others] = await ask('/_porthole/wait?state=ready&timeout=1', 'application/json');
    for (const other of others) t.same(other, first, 'nor by waiting');
    const pages = await Promise.all(
      hosts.map(async (host) => {
        const { status, body } = await new CurlBrowser(t, gateway).go(
          `https://${host}.localhost:${port}/path`,
        );
        const named = body.replaceAll(host, 'HOST').replaceAll(/pr-\d/g, 'ENV');
        const told = named.replace(/<dd>[^<]+<\/dd>/, '').replace(/value="[\w-]{43}"/g, '');
        return { status, told: told.replace(/state=[\w-]{43}/g, '') };
      }),
    );
    t.match(pages[0], { status: 401, told: /Sign in to open HOST/ });
    for (const page of pages) t.same(page, pages[0], 'nor by the page to log in on');
  }
  t.equal(app.seen.length, 0);
});

t.test('the share link opens all services in a browser, and leaves the address bar', async (t) => {
  const browser = new CurlBrowser(t, gateway);
  const shared = link.replace('/?', '/page?a=1&b=2&');
  t.match(await browser.go(shared, ['--cookie', 'own=1']), { status: 200, body: 'app\n' });
  t.equal(app.seen.at(-1)?.path, '/page?a=1&b=2');
  t.match(browser.cookiesOf('pr-1.localhost'), /__Host-porthole_session=/);
  t.match(await browser.go(`${ownUrl}again`), { status: 200, body: 'app\n' }, 'without the link');
  t.match(await browser.go(webUrl), { status: 200, body: 'web\n' }, 'another service of the environment');
  for (const { path: seen, headers } of [...app.seen, ...web.seen]) {
    t.notMatch(seen, /porthole/i, 'the app sees no token in its path');
    t.notMatch(JSON.stringify(headers), /porthole_|porthole-share/i, 'nor in its headers');
  }
});

t.test('the cookie of the app itself passes', async (t) => {
  const browser = new CurlBrowser(t, gateway);
  await browser.go(link);
  const cookie = `own=1; ${browser.cookiesOf('pr-1.localhost')}; other=2`;
  const answer = await visit(gateway, `${ownUrl}cookies`, { headers: { cookie } });
  t.equal(answer.status, 200);
  t.equal(app.seen.find(({ path }) => path === '/cookies')?.headers.cookie, 'own=1; other=2');
});

t.test('a program may use the link as it is, or a header', async (t) => {
  t.match(await curl(t, gateway, ['--header', 'Accept: application/json', '--data', 'x', link]), {
    status: 200,
  });
  const headers = { 'porthole-share': token };
  t.equal((await visit(gateway, `${webUrl}by-header`, { headers })).status, 200);
  const seen = web.seen.find(({ path }) => path === '/by-header');
  t.notOk(seen?.headers['porthole-share']);
});

const key = await loadShareKey(gateway.stateDir);
const [id = '', mac = ''] = token.split('.');

t.test('what the gateway signs is the id', (t) => {
  t.equal(grantToken(key, 'link', id), token);
  t.end();
});

const bad: Readonly<Record<string, string>> = {
  'of no link that was made': grantToken(key, 'link', 'aaaaaaaaaaaa'),
  "a token's": grantToken(key, 'token', id).slice('pht_'.length),
  "signed with somebody else's key": grantToken(Buffer.alloc(32), 'link', id),
  'cut short': token.slice(0, -1),
  "with another link's id": `aaaaaaaaaaaa.${mac}`,
  'not signed': id,
};

for (const [what, value] of Object.entries(bad)) {
  t.test(`a share link that is ${what} opens nothing`, async (t) => {
    const requests = app.seen.length;
    const answers = [
      await visit(gateway, ownUrl, { headers: { 'porthole-share': value } }),
      await visit(gateway, ownUrl, { headers: { cookie: `__Host-porthole_session=${value}` } }),
    ];
    for (const { status, headers } of answers) {
      t.same([status, headers['porthole-error']], [401, 'ERR_LOGIN_REQUIRED']);
      t.notOk(headers['set-cookie']);
    }
    t.equal(app.seen.length, requests);
  });
}

t.test('nor does one in an address', async (t) => {
  const url = `${ownUrl}?porthole-share=${token.slice(0, -1)}`;
  t.equal((await visit(gateway, url, { headers: { accept: 'application/json' } })).status, 401);
  t.equal((await new CurlBrowser(t, gateway).go(url)).status, 410);
});

t.test("a link opens nothing once the name is somebody else's", async (t) => {
  const taken = await offer(t, server, { env: 'pr-5', args: ['-R', `80:127.0.0.1:${String(app.port)}`] });
  const headers = { 'porthole-share': new URL(shareLinkOf(taken)).searchParams.get('porthole-share') ?? '' };
  t.equal((await visit(gateway, 'pr-5.localhost', { headers })).status, 200);
  const told = stockSsh(t, server, { command: ['env', 'transfer', 'pr-5', 'mallory'] });
  t.equal((await told.exit).code, 0, told.stderr);
  await offer(t, { gateway, key: other }, { env: 'pr-5', args: ['-R', `80:127.0.0.1:${String(app.port)}`] });
  t.equal((await visit(gateway, 'pr-5.localhost', { headers })).status, 401);
});

t.test('access=public opens to all, for that forward alone', async (t) => {
  const mixed = await offer(t, server, {
    env: 'pr-3',
    args: [
      ...['-R', `/open?access=public:127.0.0.1:${String(app.port)}`],
      ...['-R', `/closed:127.0.0.1:${String(web.port)}`],
    ],
  });
  t.equal((await visit(gateway, 'open--pr-3.localhost')).status, 200);
  t.equal((await visit(gateway, 'closed--pr-3.localhost')).status, 401);
  t.match(mixed.stdout, 'https://closed--pr-3.localhost');
});

t.test('the banner of a -N client has a link that works, once there is one', async (t) => {
  const args = ['-N', '-R', `80:127.0.0.1:${String(app.port)}`];
  const first = stockSsh(t, server, { env: 'pr-4', args });
  await first.said(/private; for a link: ssh \.\.\. share pr-4/);
  await gateway.line((line) => line.msg === 'forward added' && line['env'] === 'pr-4');
  // What asks for the state waits for the link that is being made.
  const asked = stockSsh(t, server, { env: 'pr-4', command: ['status'] });
  await asked.exit;
  t.match(asked.stdout, /"shareUrl":"https:/);
  const quiet = stockSsh(t, server, { env: 'pr-4', args });
  const [, shared = ''] = await quiet.said(/share (https:\S+)/);
  t.equal((await visit(gateway, shared)).status, 200);
  t.equal((await visit(gateway, `https://pr-4.localhost:${port}/`)).status, 401);
});

t.test('no token is in the log', async (t) => {
  const log = JSON.stringify(gateway.lines);
  t.notMatch(log, token);
  t.notMatch(log, /porthole-share=(?!\[redacted\])|[a-z2-7]{12}\.[\w-]{43}/);
});
