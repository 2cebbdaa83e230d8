import t from 'tap';
import { newProfile, startBrowser } from '../support/browser.ts';
import { enterAddress, logInAs, startTeamWithProvider } from '../support/team-with-provider.ts';

const { team, provider } = await startTeamWithProvider(t, '[[people]]\neveryone = true\nenv = ["*"]\n');
provider.know({ email: 'kim@example.com' });
const browser = await startBrowser(t, team.gateway);
await team.offer('ana', 'pr-1');

/** A browser at the login page, with the button of the provider. */
async function atLogin() {
  const profile = await newProfile(browser);
  await profile.page.goto(team.url('web--pr-1'));
  return profile;
}

t.test('a provider that is gone: the page says so, and its button works when it is back', async (t) => {
  await provider.stop();
  const { page } = await atLogin();
  await page.getByRole('link', { name: 'Continue with Example Corp' }).click();
  await page.waitForURL((at) => at.pathname === '/_porthole/login/with');
  t.match(await page.textContent('main'), /503/);
  t.match(await page.textContent('h1'), /Example Corp cannot be used/);
  await provider.startAgain();
  await page.getByRole('link', { name: 'Try again with Example Corp' }).click();
  await enterAddress(page, 'kim@example.com');
  await page.waitForURL(team.url('web--pr-1'));
});

t.test('one that fails at the end of a login', async (t) => {
  const { page } = await atLogin();
  await page.getByRole('link', { name: 'Continue with Example Corp' }).click();
  provider.fails.add('/token');
  await enterAddress(page, 'kim@example.com');
  await page.waitForURL((at) => at.pathname === '/_porthole/login/callback');
  t.match(await page.textContent('footer'), /ERR_PROVIDER_UNAVAILABLE/);
  provider.fails.clear();
  await page.getByRole('link', { name: 'Try again with Example Corp' }).click();
  await page.waitForURL(team.url('web--pr-1'));
  t.equal(await page.title(), 'web of pr-1', 'they are still logged in at the provider');
  const told = team.gateway.lines.filter(({ msg }) => msg === 'login provider unavailable');
  t.match(told.at(-1), { level: 'error', provider: 'corp', reason: /token answered 503/ });
});

t.test('clocks that differ by half a minute do no harm; by ten they do', async (t) => {
  const { page, context } = await atLogin();
  const begin = async (skewSeconds: number): Promise<void> => {
    provider.skewSeconds = skewSeconds;
    await context.clearCookies({ domain: /preview\.test$/ });
    await page.goto(team.url('web--pr-1'));
    await page.getByRole('link', { name: 'Continue with Example Corp' }).click();
  };
  await logInAs(page, 'kim@example.com');
  // Else the cookies are cleared while that login still goes on, and it sets them again.
  await page.waitForURL(team.url('web--pr-1'));
  for (const skewSeconds of [30, -30]) {
    await begin(skewSeconds);
    await page.waitForURL(team.url('web--pr-1'));
  }
  for (const skewSeconds of [600, -600]) {
    await begin(skewSeconds);
    await page.waitForURL((at) => at.pathname === '/_porthole/login/callback');
    t.match(await page.textContent('footer'), /ERR_LOGIN_REFUSED/);
  }
  provider.skewSeconds = 0;
});
