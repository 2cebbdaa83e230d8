import t from 'tap';
import type { Page } from 'playwright-core';
import { newProfile, startBrowser } from '../support/browser.ts';
import { PreviewTeam, type Preview } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const browser = await startBrowser(t, team.gateway);

/** What an app can put into a browser. */
async function leaveTraces(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    localStorage.setItem('kept', 'by the former owner');
    document.cookie = 'readable=former; Path=/';
    await fetch('/login');
    await navigator.serviceWorker.register('/worker.js');
    await navigator.serviceWorker.ready;
  })()`);
}

/** It answers once more, and then is looked for in a new version, as browsers do a moment after each page: by that it goes. */
async function visitUntilWorkerIsGone(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.evaluate(`(async () => {
    const [registration] = await navigator.serviceWorker.getRegistrations();
    await registration?.update().catch(() => undefined);
  })()`);
  await page.goto(url);
}

async function passOn(former: Preview, env: string, options?: string): Promise<Preview> {
  former.ssh.kill();
  await former.ssh.exit;
  await team.told('ana', ['env', 'release', env, '--force']);
  return team.offer('bob', env, options);
}

t.test('what a former owner left in a browser is gone', async (t) => {
  const { page, context } = await newProfile(browser);
  const former = await team.offer('ana', 'pr-1', '?access=public');
  const url = team.url('web--pr-1');
  await page.goto(url);
  await leaveTraces(page);
  await page.reload();
  t.equal(await page.title(), 'worker of web of pr-1', 'it answers for the app');

  const { web } = await passOn(former, 'pr-1', '?access=public');
  await visitUntilWorkerIsGone(page, url);
  t.equal(await page.title(), 'web of pr-1');
  t.equal(await page.evaluate("localStorage.getItem('kept')"), null);
  t.equal(await page.evaluate('navigator.serviceWorker.getRegistrations().then((all) => all.length)'), 0);
  const names = (await context.cookies(url)).map(({ name }) => name);
  t.same(names, ['__Host-porthole_hands']);
  const sent = web.seen.map(({ headers }) => headers.cookie);
  t.same(
    sent.filter((cookie) => cookie !== undefined),
    [],
    'the new owner never saw its cookies',
  );

  await page.evaluate("localStorage.setItem('kept', 'by the new owner')");
  await page.goto(`${url}again`);
  t.equal(await page.evaluate("localStorage.getItem('kept')"), 'by the new owner', 'it is cleared once');
});

t.test('what was shared is not, with the next owner, nor does the worker stay that it brought', async (t) => {
  const { page } = await newProfile(browser);
  const former = await team.offer('ana', 'pr-2');
  const url = team.url('web--pr-2');
  const { url: link } = (await team.told('ana', ['share', 'pr-2'])) as { url: string };
  await page.goto(link);
  await page.goto(url);
  await leaveTraces(page);
  await page.reload();
  t.equal(await page.title(), 'worker of web of pr-2');
  const { web } = await passOn(former, 'pr-2');
  await visitUntilWorkerIsGone(page, url);
  t.equal(new URL(page.url()).pathname, '/_porthole/login');
  t.same(web.seen, []);
  await team.logIn('bob', page);
  await page.goto(url);
  t.equal(await page.title(), 'web of pr-2');
  t.equal(await page.evaluate("localStorage.getItem('kept')"), null);
});
