import t from 'tap';
import type { Page } from 'playwright-core';
import { newProfile, startBrowser } from '../support/browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const browser = await startBrowser(t, team.gateway);
const victim = await team.offer('ana', 'pr-1');
await team.offer('eve', 'evil', '?access=public');
const target = team.url('web--pr-1');

/** A browser whose user is logged in, has been to the preview, and is now on a page of a hostile one. */
async function lured(): Promise<Page> {
  const { page } = await newProfile(browser);
  await team.logIn('ana', page);
  await page.goto(target);
  await page.goto(team.url('web--evil'));
  return page;
}

/** Its script sets cookies for all hosts below the domain. */
async function toss(page: Page, cookies: readonly string[]): Promise<void> {
  await page.evaluate(`for (const cookie of ${JSON.stringify(cookies)}) document.cookie = cookie;`);
}

const above = `Domain=${team.domain}; Secure`;

t.test('cookies that look like those of the gateway change nothing', async (t) => {
  const page = await lured();
  const names = ['session', 'login', 'state', 'hands'].map((name) => `porthole_${name}`);
  await toss(
    page,
    names.flatMap((name) => [
      `__Host-${name}=evil; Path=/; ${above}`,
      `__HOST-${name}=evil; Path=/; ${above}`,
      `=__Host-${name}=evil; Path=/; ${above}`,
      ` __Host-${name} =evil; Path=/_porthole; ${above}`,
      `__Secure-${name}=evil; Path=/; ${above}`,
      `${name}=evil; Path=/; ${above}`,
      `__Host-${name}; Path=/; ${above}`,
    ]),
  );
  victim.web.seen.length = 0;
  t.equal((await page.goto(target))?.status(), 200);
  t.equal(await page.title(), 'web of pr-1');
  t.notMatch(victim.web.seen.map(({ headers }) => headers.cookie ?? '').join(), /porthole|evil/i);
  const account = await page.goto(team.url('', '/_porthole/account'));
  t.equal(account?.status(), 200);
  t.match(await page.textContent('main'), /ana/);
});

t.test('so many that the browser forgets ours: one logs in anew, as oneself', async (t) => {
  const page = await lured();
  await toss(
    page,
    Array.from({ length: 400 }, (_each, index) => `c${index}=1; Path=/; ${above}`),
  );
  // It forgets them a little later.
  for (let visits = 0; visits < 3; visits += 1) {
    if ((await page.goto(target))?.status() === 401) await team.logIn('ana', page);
  }
  t.equal((await page.goto(target))?.status(), 200);
  t.equal(await page.title(), 'web of pr-1');
});

function large(count: number): string[] {
  const value = 'x'.repeat(4000);
  return Array.from({ length: count }, (_each, index) => `large${index}=${value}; Path=/; ${above}`);
}

t.test('so large that nothing can be answered: it is told what to do', async (t) => {
  const page = await lured();
  await toss(page, large(60));
  const answer = await page.goto(target);
  t.equal(answer?.status(), 431);
  t.equal(answer?.headers()['porthole-error'], 'ERR_HEADERS_TOO_LARGE');
  t.match(answer?.headers()['content-type'], 'text/html');
  t.match(await page.textContent('body'), /delete in your browser's settings the cookies of preview\.test/);
});

t.test(
  'large, but to be read: they are taken away, and the page loads when it is asked for again',
  async (t) => {
    const page = await lured();
    await toss(page, large(20));
    t.equal((await page.goto(target))?.status(), 431);
    t.equal((await page.reload())?.status(), 200);
    t.equal(await page.title(), 'web of pr-1', 'as whoever it was before');
  },
);
