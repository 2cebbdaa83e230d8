// Who is signed in may give commands from the gateway's own pages, and from nowhere else.
import t from 'tap';
import { askApi } from '../support/api.ts';
import { fetchIn, newProfile, startBrowser } from '../support/browser.ts';
import { CurlBrowser } from '../support/curl-browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const preview = await team.offer('ana', 'pr-1', '?access=public');
const own = new URL(team.url('')).origin;
const api = team.url('', '/_porthole/api');

/** A browser's session, as its cookie. */
async function signIn(who: 'ana' | 'root'): Promise<string> {
  const browser = new CurlBrowser(t, team.gateway);
  const { url } = (await team.told(who, ['login'])) as { url: string };
  await browser.submit(await browser.go(url), own);
  return browser.cookiesOf(team.domain);
}

const json = { 'content-type': 'application/json' };

t.test('in Chromium a page of the gateway may, and one of a preview may not', async (t) => {
  const browser = await startBrowser(t, team.gateway);
  const { page } = await newProfile(browser);
  await team.logIn('ana', page);
  await page.goto(team.url('', '/'));
  const listed = await fetchIn(page, `${api}/key/list`);
  t.match(JSON.parse(listed.body), { value: [{ principal: 'ana' }], notes: [] });
  const shared = await fetchIn(page, `${api}/share`, {
    method: 'POST',
    headers: json,
    body: '{"env": "pr-1"}',
  });
  t.match(JSON.parse(shared.body), { value: { env: 'pr-1', url: String } });

  await page.goto(team.url('web--pr-1', '/'));
  const before = (await team.told('ana', ['share', 'list'])) as unknown[];
  for (const init of [
    { credentials: 'include' },
    { method: 'POST', credentials: 'include', headers: json, body: '{"env": "pr-1"}' },
    { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{"env": "pr-1"}' },
    {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'text/plain' },
      body: '{"env": "pr-1"}',
    },
  ])
    t.match(await fetchIn(page, `${api}/share`, init), { status: 0, body: /^(?!.*"value")/ });
  await page.setContent(
    `<form method="post" enctype="text/plain" action="${api}/share"><input name='{"env":"pr-1","name":"' value='"}'><button>go</button></form>`,
  );
  await Promise.all([page.waitForURL(`${api}/share`), page.click('button')]);
  t.match(await page.locator('body').textContent(), /ERR_ORIGIN_REFUSED/);
  t.same(await team.told('ana', ['share', 'list']), before, 'and nothing was done');
  t.notOk(preview.web.seen.some(({ path }) => path.startsWith('/_porthole')));
});

t.test('the cookie counts with the origin of the gateway itself', async (t) => {
  const cookie = await signIn('ana');
  const post = (headers: Record<string, string>) =>
    askApi(team, '/key/list', { method: 'POST', headers: { ...json, cookie, ...headers }, body: '{}' });
  t.match(await post({ origin: own, 'sec-fetch-site': 'same-origin' }), {
    status: 200,
    json: { value: [{ principal: 'ana' }] },
  });
  t.match(await post({ origin: own }), { status: 200 });
  const refused = { status: 403, json: { code: 'ERR_ORIGIN_REFUSED' } };
  const foreign = [
    {},
    { origin: 'null' },
    { origin: 'https://evil.test' },
    { origin: new URL(team.url('web--pr-1')).origin },
    { origin: own.replace('https', 'http') },
    { origin: own, 'sec-fetch-site': 'same-site' },
    { origin: own, 'sec-fetch-site': 'cross-site' },
  ];
  for (const headers of foreign) {
    const answer = await post(headers);
    t.match(answer, refused, JSON.stringify(headers));
    t.notMatch(answer.heads, /access-control/);
  }
  const get = (headers: Record<string, string> = {}) =>
    askApi(team, '/key/list', { headers: { cookie, ...headers } });
  t.match(await get(), { status: 200 });
  t.match(await get({ 'sec-fetch-site': 'same-origin' }), { status: 200 });
  t.match(await get({ 'sec-fetch-site': 'cross-site' }), refused);
  t.match(await get({ origin: 'https://evil.test' }), refused);
});

t.test('it ends with the session, and with the key', async (t) => {
  const cookie = await signIn('ana');
  const get = () => askApi(team, '/session/list', { headers: { cookie } });
  const listed = await get();
  t.equal(listed.status, 200);
  await team.told('ana', ['session', 'end', '--all']);
  t.match(await get(), { status: 401, json: { code: 'ERR_LOGIN_REQUIRED' } });

  const another = await signIn('ana');
  const ask = () => askApi(team, '/key/list', { headers: { cookie: another } });
  t.equal((await ask()).status, 200);
  team.withdraw('ana');
  await team.gateway.line(({ msg }) => /authorized keys.*(?:read|changed)/i.test(msg));
  t.match(await ask(), { status: 401 });
});
