import t from 'tap';
import { fetchIn, newProfile, startBrowser } from '../support/browser.ts';
import { startPreviewApp } from '../support/preview-app.ts';
import { PreviewTeam } from '../support/preview-team.ts';
import { offer } from '../support/stock-ssh.ts';

const team = await PreviewTeam.start(t);
const { gateway, keys } = team;
const browser = await startBrowser(t, gateway);
await team.offer('ana', 'pr-1');
const { page } = await newProfile(browser);
const origin = (label: string): string => team.url(label, '');
const include = { credentials: 'include' };

/** One more service of the same environment. */
async function offerService(service: string): Promise<void> {
  const { port } = await startPreviewApp(t, service);
  const args = ['-R', `/${service}:127.0.0.1:${String(port)}`];
  await offer(t, { gateway, key: keys.ana }, { env: 'pr-1', args });
}

/** How often the browser was on the login pages since the last time. */
function visitsToLogin(): number {
  const before = counted;
  counted = gateway.lines.filter((line) => line['path'] === '/_porthole/login').length;
  return counted - before;
}
let counted = 0;

t.test('a service that comes after the login can be called once a page was opened again', async (t) => {
  await team.logIn('ana', page);
  await page.goto(team.url('web--pr-1'));
  await offerService('late');
  t.not(
    (await fetchIn(page, `${origin('late--pr-1')}/echo`, include)).status,
    200,
    'its host has no cookie yet',
  );
  await page.goto(team.url('web--pr-1', '/again?a=1'));
  t.equal(page.url(), team.url('web--pr-1', '/again?a=1'), 'the browser is where it wanted to be');
  t.match(await fetchIn(page, `${origin('late--pr-1')}/echo`, include), { status: 200 });
});

t.test('after that the browser is not led about again', async (t) => {
  visitsToLogin();
  await page.reload();
  await page.goto(team.url('web--pr-1', '/third'));
  t.equal(visitsToLogin(), 0);
});

t.test('what only reads on is not led about', async (t) => {
  await offerService('later');
  visitsToLogin();
  t.match(await fetchIn(page, '/echo'), { status: 200 });
  t.equal(visitsToLogin(), 0);
  await page.reload();
  t.equal(visitsToLogin(), 2, 'for the host itself, and for the new one');
  t.match(await fetchIn(page, `${origin('later--pr-1')}/echo`, include), { status: 200 });
});

t.test('a host without a cookie yet shows in a frame of a page of the environment', async (t) => {
  await offerService('framed');
  const frameUrl = team.url('framed--pr-1', '/inside?c=3');
  const shown = page.waitForEvent('framenavigated', (frame) => frame.url() === frameUrl);
  await page.evaluate(
    `document.body.append(Object.assign(document.createElement('iframe'), { src: '${frameUrl}' }))`,
  );
  t.equal(await (await shown).title(), 'framed');
});

t.test('a browser whose login is gone, but not its cookie, sees what it may all the same', async (t) => {
  await page.context().clearCookies({ name: '__Host-porthole_login' });
  await offerService('last');
  await page.goto(team.url('web--pr-1', '/still?b=2'));
  t.equal(page.url(), team.url('web--pr-1', '/still?b=2'));
  t.equal(await page.title(), 'web of pr-1');
});
