import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import t from 'tap';
import { startBrowser } from '../support/browser.ts';
import { PreviewTeam, type Name } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const browser = await startBrowser(t, team.gateway);
await team.offer('ana', 'pr-42');
const loginPages = team.url('', '/_porthole/');

/** For whoever wants to look at the pages: a directory for pictures of them. */
const pictures = process.env['PORTHOLE_TEST_PICTURES'];
const looks: readonly BrowserContextOptions[] = [
  { colorScheme: 'light', viewport: { width: 1000, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 360, height: 780 } },
];

function newVisitor(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  return browser.newContext({ reducedMotion: 'reduce', ...options });
}

/** A tab that fails the test when a page does what its policy forbids. */
async function newTab(visitor: BrowserContext): Promise<Page> {
  const page = await visitor.newPage();
  page.setDefaultTimeout(10_000);
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) t.fail(message.text());
  });
  return page;
}

/** Looks at a page in all looks, and at what every page must have. */
async function look(t: Tap, page: Page, name: string): Promise<void> {
  t.equal(await page.locator('html').getAttribute('lang'), 'en');
  t.equal(await page.locator('main').count(), 1);
  t.equal(await page.locator('h1').count(), 1);
  for (const { colorScheme, viewport } of looks) {
    await page.emulateMedia({ colorScheme: colorScheme ?? null });
    if (viewport) await page.setViewportSize(viewport);
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    t.ok(width <= (viewport?.width ?? 0), `${name} is not wider than the window`);
    if (pictures !== undefined)
      await page.screenshot({ path: `${pictures}/${name}-${String(colorScheme)}.png`, fullPage: true });
  }
}

type Tap = Pick<typeof t, 'equal' | 'ok' | 'match'>;

async function urlOf(who: Name, words: readonly string[]): Promise<string> {
  const { url } = (await team.told(who, words)) as { url: string };
  return url;
}

t.test('a stranger is shown the ways in, and a wrong password is refused', async (t) => {
  const page = await newTab(await newVisitor());
  const answer = await page.goto(team.url('web--pr-42'));
  t.equal(answer?.status(), 401);
  t.ok(page.url().startsWith(loginPages));
  await look(t, page, 'login');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Open with the password' }).click();
  await page.getByRole('alert').waitFor();
  t.equal(await page.locator(':focus').getAttribute('id'), 'password', 'it can be typed again at once');
  await look(t, page, 'wrong-password');
});

t.test('ssh gateway login: the page says who one becomes, and the account says who one is', async (t) => {
  const visitor = await newVisitor();
  const page = await newTab(visitor);
  const url = await urlOf('ana', ['login']);
  await page.goto(url);
  await look(t, page, 'key');
  await page.getByRole('button', { name: /^Sign in as/ }).click();
  await page.getByRole('heading', { name: /^You are signed in as/ }).waitFor();
  t.equal(page.url(), `${loginPages}account`);
  await look(t, page, 'account');
  t.equal((await page.goto(team.url('web--pr-42')))?.status(), 200);
  t.equal(page.url(), team.url('web--pr-42'));
  t.equal((await page.goto(url))?.status(), 410, 'only once');
  await look(t, page, 'spent');

  await page.goto(`${loginPages}account`);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await look(t, page, 'signed-out');
  t.equal((await page.goto(team.url('web--pr-42')))?.status(), 401, 'the hosts of previews know at once');
});

t.test('a link for one browser asks before it is taken, and opens nothing for the next', async (t) => {
  const link = await urlOf('ana', ['share', 'pr-42', '--max-uses', '1']);
  const page = await newTab(await newVisitor());
  await page.goto(link);
  await look(t, page, 'link');
  await page.getByRole('button', { name: 'Open the preview' }).click();
  await page.waitForURL(team.url('web--pr-42'));
  await page.goto(`${loginPages}account`);
  await look(t, page, 'grants');

  const thief = await newTab(await newVisitor());
  t.equal((await thief.goto(link))?.status(), 410);
  await look(t, thief, 'link-spent');
});

t.test(
  'whoever is logged in as somebody who may not see it is told so, and can be somebody else',
  async (t) => {
    const page = await newTab(await newVisitor());
    await page.goto(await urlOf('bob', ['login']));
    await page.getByRole('button', { name: /^Sign in as/ }).click();
    await page.getByRole('heading', { name: /^You are signed in as/ }).waitFor();
    t.equal((await page.goto(team.url('web--unknown')))?.status(), 404);
    await look(t, page, 'not-yours');
    await page.getByRole('button', { name: 'Sign out and use another account' }).click();
    await page.getByRole('heading', { name: 'Sign in to open web--unknown' }).waitFor();
  },
);
