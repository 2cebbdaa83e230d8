import { join } from 'node:path';
import t from 'tap';
import { shareCookieName } from '../../server/access/share-cookie.ts';
import { newGrant, shareParameter, signGrant, type SharePurpose } from '../../server/access/share-link.ts';
import { curl } from '../support/curl.ts';
import { startGateway } from '../support/gateway-with-key.ts';
import { startApp } from '../support/recording-app.ts';
import { loadShareKey } from '../../server/access/share-key.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { offer, shareLinkOf, stockSsh, urlsOf } from '../support/stock-ssh.ts';
import { visit, type Answer } from '../support/visitor.ts';

const server = await startGateway(t, ['--hold', '0s']);
const { gateway } = server;
const port = String(gateway.port);

const [app, web] = await Promise.all([startApp(t, 'app'), startApp(t, 'web')]);
const session = await offer(t, server, {
  env: 'pr-1',
  args: ['-R', `80:127.0.0.1:${String(app.port)}`, '-R', `web:80:127.0.0.1:${String(web.port)}`],
});
const link = shareLinkOf(session);
const [ownUrl = '', webUrl = ''] = urlsOf(session);
const token = new URL(link).searchParams.get(shareParameter) ?? '';
const { own } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { own: string };

/** The answer without what is of this one request only. */
function comparable({ status, headers, body }: Answer): unknown {
  const id = String(headers['porthole-error-id']);
  return {
    status,
    body: body.replaceAll(id, 'ID'),
    headers: { ...headers, date: '', 'porthole-error-id': 'ID' },
  };
}

t.test('a stranger cannot tell private, private and offline, and unknown apart', async (t) => {
  const gone = await offer(t, server, { env: 'pr-9', args: ['-R', `80:127.0.0.1:${String(app.port)}`] });
  gone.kill();
  await gateway.line((line) => line.msg === 'tunnel closed' && line['env'] === 'pr-9');
  for (const accept of ['text/html', 'application/json', '*/*']) {
    const hosts = ['pr-1', 'web--pr-1', 'none--pr-1', 'pr-9', 'pr-0'];
    const [unknown, ...answers] = await Promise.all(
      hosts.toReversed().map((host) => visit(gateway, `${host}.localhost/path`, { headers: { accept } })),
    );
    t.match(unknown, { status: 404, headers: { 'porthole-error': 'ERR_ENV_UNKNOWN' } });
    for (const answer of answers) t.same(comparable(answer), unknown && comparable(unknown), accept);
  }
  const wait = '/_porthole/wait?state=ready&timeout=1';
  const waits = await Promise.all(
    ['pr-1', 'pr-9', 'pr-0'].map((host) => visit(gateway, `${host}.localhost${wait}`)),
  );
  const [first] = waits;
  for (const answer of waits) t.same(comparable(answer), first && comparable(first), 'nor by waiting');
  t.equal(app.seen.length, 0);
});

t.test('the share link opens all services in a browser, and leaves the address bar', async (t) => {
  const jar = join(scratchDir(t), 'cookies');
  const cookies = ['--cookie', jar, '--cookie-jar', jar];
  const path = '/page?a=1&b=2';
  const shared = link.replace('/?', `${path}&`);
  const arrived = await curl(t, gateway, [...cookies, '--header', 'Accept: text/html', shared]);
  t.ok([302, 303, 307].includes(arrived.status), `${String(arrived.status)} sends the browser on`);
  const [, location = ''] = /^location: (.*)$/im.exec(arrived.heads) ?? [];
  t.equal(new URL(location, shared).href, new URL(path, shared).href);
  t.match(arrived.heads, /^set-cookie: __Host-porthole_share=[^\n]*; Secure; HttpOnly; SameSite=Lax$/im);

  const browse = ['--location', '--header', 'Accept: text/html', '--header', 'Sec-Fetch-Mode: navigate'];
  const page = await curl(t, gateway, [...cookies, ...browse, '--cookie', 'own=1', shared]);
  t.match(page, { status: 200, body: 'app\n' });
  const again = await curl(t, gateway, [...cookies, `${ownUrl}again`]);
  t.match(again, { status: 200, body: 'app\n' }, 'without the link');

  const other = await curl(t, gateway, [...cookies, ...browse, link.replace('://', '://web--')]);
  t.match(other, { status: 200, body: 'web\n' }, 'another service of the environment');
  for (const { path: seen, headers } of [...app.seen, ...web.seen]) {
    t.notMatch(seen, /porthole/i, 'the app sees no token in its path');
    t.notMatch(JSON.stringify(headers), /porthole_share|eyJ/i, 'nor in its headers');
  }
});

t.test('the cookie of the app itself passes', async (t) => {
  const cookie = `own=1; ${shareCookieName}=${await sign('cookie', 'pr-1')}; other=2`;
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

/** A token that this gateway itself would have made. */
async function sign(purpose: SharePurpose, env: string, expiresAtMs = Date.now() + 60_000): Promise<string> {
  const key = await loadShareKey(gateway.stateDir);
  return signGrant(key, purpose, { env, owner: own, expiresAtMs, id: 'x' });
}

t.test('a genuine link is good', async (t) => {
  const url = `${ownUrl}?${shareParameter}=${await sign('link', 'pr-1')}`;
  t.equal((await visit(gateway, url)).status, 200);
});

const bad: Readonly<Record<string, () => Promise<string>>> = {
  expired: () => sign('link', 'pr-1', Date.now() - 1000),
  "another environment's": () => sign('link', 'pr-2'),
  "a cookie's": () => sign('cookie', 'pr-1'),
  "signed with somebody else's key": () =>
    Promise.resolve(
      signGrant(Buffer.alloc(32), 'link', {
        env: 'pr-1',
        owner: own,
        expiresAtMs: Date.now() + 60_000,
        id: 'x',
      }),
    ),
  "somebody else's environment of this name": async () =>
    signGrant(await loadShareKey(gateway.stateDir), 'link', newGrant('pr-1', 'mallory', Date.now() + 60_000)),
  'cut short': () => Promise.resolve(token.slice(0, -1)),
  'with another expiry': () => {
    const [payload = '', mac = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const forged = Buffer.from(JSON.stringify({ ...claims, exp: 9_999_999_999 })).toString('base64url');
    return Promise.resolve(`${forged}.${mac}`);
  },
};

for (const [what, make] of Object.entries(bad)) {
  t.test(`a share link that is ${what} opens nothing`, async (t) => {
    const requests = app.seen.length;
    const value = await make();
    const answers = [
      await visit(gateway, `${ownUrl}?${shareParameter}=${value}`, { headers: { accept: 'text/html' } }),
      await visit(gateway, ownUrl, { headers: { 'porthole-share': value } }),
    ];
    if (what !== "a cookie's")
      answers.push(await visit(gateway, ownUrl, { headers: { cookie: `${shareCookieName}=${value}` } }));
    for (const { status, headers } of answers) {
      t.same([status, headers['porthole-error']], [404, 'ERR_ENV_UNKNOWN']);
      t.notOk(headers['set-cookie']);
    }
    t.equal(app.seen.length, requests);
  });
}

t.test('access=public opens to all, for that forward alone', async (t) => {
  const mixed = await offer(t, server, {
    env: 'pr-3',
    args: [
      ...['-R', `/open?access=public:127.0.0.1:${String(app.port)}`],
      ...['-R', `/closed:127.0.0.1:${String(web.port)}`],
    ],
  });
  t.equal((await visit(gateway, 'open--pr-3.localhost')).status, 200);
  t.equal((await visit(gateway, 'closed--pr-3.localhost')).status, 404);
  t.match(mixed.stdout, 'https://closed--pr-3.localhost');
});

t.test('the banner of a -N client has a link that works', async (t) => {
  const quiet = stockSsh(t, server, { env: 'pr-4', args: ['-N', '-R', `80:127.0.0.1:${String(app.port)}`] });
  const [, shared = ''] = await quiet.said(/share (https:\S+)/);
  await gateway.line((line) => line.msg === 'forward added' && line['env'] === 'pr-4');
  t.equal((await visit(gateway, shared)).status, 200);
  t.equal((await visit(gateway, `https://pr-4.localhost:${port}/`)).status, 404);
});

t.test('no token is in the log', async (t) => {
  const log = JSON.stringify(gateway.lines);
  t.notMatch(log, token);
  t.notMatch(log, /porthole-share=/);
});
