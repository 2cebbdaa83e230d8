import t from 'tap';
import type { Page } from 'playwright-core';
import { fetchIn, newProfile, startBrowser } from '../support/browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const browser = await startBrowser(t, team.gateway);
const preview = await team.offer('ana', 'pr-1');
const target = team.url('web--pr-1', '/page?a=1');

async function share(what: string, ...options: readonly string[]): Promise<{ id: string; url: string }> {
  return (await team.told('ana', ['share', what, ...options])) as { id: string; url: string };
}

/** What a person does who was sent the link: opens it, and takes what the page offers. */
async function take(page: Page, url: string): Promise<void> {
  await page.goto(url);
  const button = page.locator('main button').first();
  if ((await button.count()) > 0) await Promise.all([page.waitForLoadState(), button.click()]);
}

t.test('a link that is good once opens one browser, and no other', async (t) => {
  const { url } = await share('pr-1', '--max-uses', '1');
  const looked = await newProfile(browser);
  await looked.page.goto(url);
  await looked.context.close();
  t.same(preview.web.seen, [], 'to look at it, as previewers of links do, opens nothing');

  const friend = await newProfile(browser);
  await take(friend.page, url);
  t.equal((await friend.page.goto(target))?.status(), 200);
  t.equal((await friend.page.goto(team.url('api--pr-1')))?.status(), 200, 'the other host too');
  const thief = await newProfile(browser);
  await take(thief.page, url);
  t.match(await thief.page.locator('main').textContent(), /used|good no longer|no longer/i);
  t.equal((await thief.page.goto(target))?.status(), 401);
  t.equal((await friend.page.goto(target))?.status(), 200, 'whoever had it keeps it');
});

t.test('a link without a limit is gone from the address bar, and from what the app sees', async (t) => {
  const { id, url } = await share('pr-1');
  const guest = await newProfile(browser);
  await take(guest.page, url);
  t.notMatch(guest.page.url(), /porthole-share/);
  t.equal((await guest.page.goto(target))?.status(), 200);
  preview.web.seen.length = 0;
  await take(guest.page, url);
  for (const { path, headers } of preview.web.seen)
    t.notMatch(`${path} ${headers.referer ?? ''}`, /porthole-share/);
  const logged = JSON.stringify(team.gateway.lines);
  t.notOk(logged.includes(url.slice(url.indexOf('=') + 1)), 'nor is it in the log');

  await team.told('ana', ['share', 'revoke', id]);
  t.equal((await guest.page.goto(target))?.status(), 401, 'revoked');
});

t.test('its pages call the other hosts; one for a service opens that alone', async (t) => {
  const api = team.url('api--pr-1', '/echo');
  const all = await newProfile(browser);
  await take(all.page, (await share('pr-1')).url);
  await all.page.goto(target);
  const put = { method: 'PUT', credentials: 'include', headers: { 'X-Custom': '1' } };
  t.equal((await fetchIn(all.page, api, put)).status, 200);

  const one = await newProfile(browser);
  await take(one.page, (await share('pr-1/web')).url);
  t.equal((await one.page.goto(target))?.status(), 200);
  t.equal((await fetchIn(one.page, api, put)).status, 401);
  t.not((await one.page.goto(api))?.status(), 200);
});
