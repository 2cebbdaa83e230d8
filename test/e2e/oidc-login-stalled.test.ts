import t from 'tap';
import { newProfile, startBrowser } from '../support/browser.ts';
import { enterAddress, startTeamWithProvider } from '../support/team-with-provider.ts';

const { team, provider } = await startTeamWithProvider(t, '[[people]]\neveryone = true\nenv = ["*"]\n');
provider.know({ email: 'kim@example.com' });
const browser = await startBrowser(t, team.gateway);

t.test('a provider that never answers: the login ends with a page that says so', async (t) => {
  const { page } = await newProfile(browser);
  await page.goto(team.url('', '/_porthole/login'));
  await page.getByRole('link', { name: 'Continue with Example Corp' }).click();
  provider.stalls.add('/token');
  await enterAddress(page, 'kim@example.com');
  await page.waitForURL((at) => at.pathname === '/_porthole/login/callback');
  t.match(await page.textContent('footer'), /ERR_PROVIDER_UNAVAILABLE/);
  const told = await team.gateway.line(({ msg }) => msg === 'login provider unavailable');
  t.match(told, { reason: /\/token did not answer in time/ });
  provider.stalls.clear();
  await page.getByRole('link', { name: 'Try again with Example Corp' }).click();
  await page.waitForURL(team.url('', '/_porthole/account'));
  t.match(await page.textContent('main'), /kim@example\.com/);
});
