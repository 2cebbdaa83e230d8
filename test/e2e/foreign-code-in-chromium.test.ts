import t from 'tap';
import { newProfile, startBrowser } from '../support/browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const browser = await startBrowser(t, team.gateway);
const preview = await team.offer('ana', 'pr-1', '?access=team');
const target = team.url('web--pr-1');

/** The address with a one-time code with which somebody's browser is about to be let in; it never gets there. */
async function codeOf(who: 'bob'): Promise<string> {
  const { page, context } = await newProfile(browser);
  await team.logIn(who, page);
  const devtools = await context.newCDPSession(page);
  const caught = new Promise<string>((resolve) => {
    devtools.on('Fetch.requestPaused', ({ requestId, request }) => {
      void devtools.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
      resolve(request.url);
    });
  });
  await devtools.send('Fetch.enable', { patterns: [{ urlPattern: '*/_porthole/session?code=*' }] });
  await page.goto(target).catch(() => undefined);
  const code = await caught;
  await context.close();
  return code;
}

t.test('a code that was made for another browser lets nobody in', async (t) => {
  const { page } = await newProfile(browser);
  const used = await codeOf('bob');
  preview.web.seen.length = 0;
  await page.goto(used);
  t.not((await page.goto(target))?.status(), 200);
  t.same(preview.web.seen, []);
});

t.test('nor does it change who somebody is', async (t) => {
  const { page, context } = await newProfile(browser);
  await team.logIn('ana', page);
  await page.goto(target);
  const cookies = async (): Promise<string[]> =>
    (await context.cookies(target)).filter(({ name }) => name.endsWith('_session')).map(({ value }) => value);
  const before = await cookies();
  await page.goto(await codeOf('bob'));
  t.same(await cookies(), before);
  t.equal((await page.goto(target))?.status(), 200);
  await page.goto(team.url('', '/_porthole/account'));
  t.match(await page.textContent('h1'), /ana/);
});
