import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { FrameLocator, Page } from 'playwright-core';
import { newProfile, startBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { PreviewTeam } from '../support/preview-team.ts';

/** Another site, such as the one of an issue tracker, which shows previews in a frame. */
async function startTracker(t: Pick<Test, 'teardown'>, team: PreviewTeam, port: number): Promise<void> {
  // The browser takes the gateway's key for good, whatever the name.
  const leaf = readFileSync(join(team.gateway.stateDir, 'leaf.pem'), 'utf8');
  const server = createServer({ cert: leaf, key: leaf }, (_request, response) => {
    const frame = `<iframe src="${team.url('web--pr-1')}" width="600" height="500"></iframe>`;
    response.setHeader('Content-Type', 'text/html').end(`<title>tracker</title>${frame}`);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  if ((server.address() as AddressInfo).port !== port) throw new Error('another port');
}

async function setting(
  t: Test,
  embeds: boolean,
): Promise<{ team: PreviewTeam; page: Page; frame: FrameLocator; tracker: string }> {
  const port = await freePort('127.0.0.1');
  const tracker = `https://tracker.example:${String(port)}`;
  const team = await PreviewTeam.start(t, embeds ? ['--embed-origins', tracker] : []);
  await startTracker(t, team, port);
  await team.offer('ana', 'pr-1');
  const browser = await startBrowser(t, team.gateway);
  const { page } = await newProfile(browser);
  await team.logIn('ana', page);
  await page.goto(team.url('web--pr-1'));
  return { team, page, frame: page.frameLocator('iframe'), tracker };
}

t.test('a page of another site shows no private preview in a frame', async (t) => {
  const { page, tracker } = await setting(t, false);
  await page.goto(tracker);
  await page.waitForLoadState();
  const inner = page.frames()[1];
  t.ok(inner);
  t.notMatch(await inner?.content(), /web of pr-1/);
});

t.test('unless the operator lets it', async (t) => {
  const { page, frame, tracker } = await setting(t, true);
  await page.goto(tracker);
  const button = frame.locator('button, a').first();
  const heading = frame.locator('h1', { hasText: 'web of pr-1' });
  await heading.or(button).first().waitFor();
  // A window opens, finds its login, and closes.
  if ((await heading.count()) === 0) await button.click();
  await heading.waitFor();
  t.pass('it is there');
});
