import type { BrowserContext, FrameLocator, Page } from 'playwright-core';
import t from 'tap';
import { newProfile, startBrowser } from '../support/browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';
import { startApp } from '../support/web-app.ts';

/** Two sites that show the preview in a frame; the gateway knows one of them. */
const site = async (): Promise<string> => {
  const { port } = await startApp(t, (_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(
      `<!doctype html><title>dashboard</title><iframe width="800" height="600" src="${preview()}"></iframe>`,
    );
  });
  return `http://127.0.0.1:${String(port)}`;
};
const preview = (): string => team.url('web--pr-1', '/shown');
const [dashboard, elsewhere] = [await site(), await site()];
const team = await PreviewTeam.start(t, ['--embed-origins', dashboard]);
const browser = await startBrowser(t, team.gateway);
await team.offer('ana', 'pr-1');

async function show(page: Page, origin: string): Promise<FrameLocator> {
  page.setDefaultTimeout(10_000);
  await page.goto(`${origin}/`);
  return page.frameLocator('iframe');
}

/** The window that the button in the frame opens. */
async function openWindow(frame: FrameLocator, context: BrowserContext): Promise<Page> {
  const [opened] = await Promise.all([
    context.waitForEvent('page'),
    frame.getByRole('button', { name: 'Open the window' }).click(),
  ]);
  return opened;
}

t.test('a dashboard shows a private preview, once its visitor has logged in in a window', async (t) => {
  const { page, context } = await newProfile(browser);
  const frame = await show(page, dashboard);
  if (process.env['PORTHOLE_TEST_PICTURES'] !== undefined)
    await page.screenshot({ path: `${process.env['PORTHOLE_TEST_PICTURES']}/framed.png` });
  const opened = await openWindow(frame, context);
  await opened.getByRole('heading', { name: 'Sign in to open web--pr-1' }).waitFor();
  const { password } = (await team.told('ana', ['password', 'set', 'pr-1', '--generate'])) as {
    password: string;
  };
  await opened.getByLabel('Password').fill(password);
  await opened.getByRole('button', { name: 'Open with the password' }).click();
  await frame.getByText('web of pr-1').first().waitFor();
  t.ok(opened.isClosed());
});

t.test('whoever is logged in needs one click', async (t) => {
  const { page, context } = await newProfile(browser);
  await team.logIn('ana', page);
  const frame = await show(page, dashboard);
  await openWindow(frame, context);
  await frame.getByText('web of pr-1').first().waitFor();
  const cookies = (await context.cookies()).filter(({ name }) => name === '__Host-porthole_embed');
  t.match(cookies, [{ secure: true, httpOnly: true, sameSite: 'None' }]);
  await page.reload();
  await frame.getByText('web of pr-1').first().waitFor();
});

t.test('pages of other sites show nothing of it', async (t) => {
  const { page } = await newProfile(browser);
  await team.logIn('ana', page);
  const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
  const frame = await show(page, elsewhere);
  await refused;
  t.equal(await frame.getByText('web of pr-1').count(), 0);
  t.equal(await frame.getByRole('button').count(), 0);
});
