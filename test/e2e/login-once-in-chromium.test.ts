import t from 'tap';
import { echoIn, eventIn, fetchIn, newProfile, startBrowser } from '../support/browser.ts';
import type { Echo } from '../support/preview-app.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const browser = await startBrowser(t, team.gateway);
const preview = await team.offer('ana', 'pr-1');
const { page, context } = await newProfile(browser);
const api = team.url('api--pr-1', '');

t.test('who comes without a login is asked for one, on the host of the gateway', async (t) => {
  const answer = await page.goto(team.url('web--pr-1', '/deep/page?a=1&b=%2F'));
  t.equal(answer?.status(), 401);
  t.equal(new URL(page.url()).host, new URL(team.url('')).host);
  t.match(await page.locator('h1').textContent(), /Sign in/);
  t.same(preview.web.seen, []);
});

t.test('one login opens all hosts', async (t) => {
  await team.logIn('ana', page);
  await page.goto(team.url('web--pr-1', '/deep/page?a=1&b=%2F'));
  t.equal(page.url(), team.url('web--pr-1', '/deep/page?a=1&b=%2F'), 'where it was going');
  t.equal(await page.title(), 'web of pr-1');
  await page.goto(team.url('api--pr-1', '/second'));
  t.equal(page.url(), team.url('api--pr-1', '/second'));
  t.equal(await page.title(), 'api of pr-1');
});

t.test('a page calls the other host, with its cookies, and with a preflight', async (t) => {
  // In another profile, which never went to the other host.
  const other = await newProfile(browser);
  await team.logIn('ana', other.page);
  await other.page.goto(team.url('web--pr-1'));
  preview.api.seen.length = 0;
  const simple = await fetchIn(other.page, `${api}/echo`, { credentials: 'include' });
  t.match(simple, { status: 200 });
  t.match(JSON.parse(simple.body), { name: 'api of pr-1', method: 'GET', cookie: null });
  const body = 'x'.repeat(300_000);
  const headers = { 'X-Custom': '1', 'Content-Type': 'application/json' };
  const put = await fetchIn(other.page, `${api}/echo`, {
    method: 'PUT',
    credentials: 'include',
    headers,
    body,
  });
  t.equal(put.status, 200);
  t.match(JSON.parse(put.body) as Echo, { method: 'PUT', bytes: body.length });
  t.notOk(
    preview.api.seen.some(({ method }) => method === 'OPTIONS'),
    'the gateway answers preflights',
  );
  t.equal(await echoIn(other.page, `${api.replace('https', 'wss')}/socket`), 'api of pr-1: hello');
  t.equal(await eventIn(other.page, `${api}/events`), 'api of pr-1');
});

t.test('its markup loads from the other host too: images, scripts, frames, forms', async (t) => {
  await page.goto(team.url('web--pr-1'));
  preview.api.seen.length = 0;
  await page.setContent(`<img src="${api}/image"><script src="${api}/script.js"></script>
    <iframe src="${api}/frame"></iframe><form method="post" action="${api}/form"><button>go</button></form>`);
  await page.frameLocator('iframe').locator('h1', { hasText: 'api of pr-1' }).waitFor();
  t.equal(await page.evaluate('window.loaded'), 'api of pr-1');
  await Promise.all([page.waitForURL(`${api}/form`), page.click('button')]);
  const seen = preview.api.seen.map(({ method, path }) => `${method} ${path}`);
  for (const wanted of ['GET /image', 'GET /script.js', 'GET /frame', 'POST /form'])
    t.ok(seen.includes(wanted), wanted);
});

t.test('what is of the gateway never reaches the app, nor its pages', async (t) => {
  await page.goto(team.url('web--pr-1'));
  t.equal(await page.evaluate('document.cookie'), '');
  await fetchIn(page, '/login');
  const { body } = await fetchIn(page, '/echo');
  t.equal((JSON.parse(body) as Echo).cookie, 'sid=web of pr-1', 'its own does');
  for (const { headers, path } of [...preview.web.seen, ...preview.api.seen]) {
    t.notMatch(headers.cookie ?? '', /porthole/i);
    t.equal(headers.authorization, undefined);
    t.notMatch(`${path} ${headers.referer ?? ''}`, /code=|porthole|state=/);
  }
  const ours = (await context.cookies()).filter(({ name }) => /porthole/i.test(name));
  t.ok(ours.length >= 3);
  for (const { name, secure, httpOnly, sameSite, path, domain } of ours) {
    t.match(name, /^__Host-porthole_/);
    t.same({ secure, httpOnly, path }, { secure: true, httpOnly: true, path: '/' });
    t.equal(sameSite, 'Lax');
    t.notOk(domain.startsWith('.'));
  }
});

t.test('signing out ends it on all hosts', async (t) => {
  await page.goto(team.url('', '/_porthole/account'));
  await page
    .getByRole('button', { name: /sign out/i })
    .first()
    .click();
  await page.waitForLoadState();
  for (const label of ['web--pr-1', 'api--pr-1']) {
    const answer = await page.goto(team.url(label));
    t.equal(answer?.status(), 401, label);
  }
});
