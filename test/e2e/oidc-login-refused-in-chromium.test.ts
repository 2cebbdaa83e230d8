import t from 'tap';
import { newProfile, startBrowser } from '../support/browser.ts';
import { enterAddress, logInAs, startTeamWithProvider } from '../support/team-with-provider.ts';

const rules = `
[[people]]
email = ["*@example.com"]
env = ["pr-*"]
`;
const { team, provider } = await startTeamWithProvider(t, rules);
provider.know({ email: 'kim@example.com' });
provider.know({ email: 'lee@example.com', verified: false });
provider.know({ email: 'max@elsewhere.com' });
const browser = await startBrowser(t, team.gateway);
await team.offer('ana', 'pr-1');

t.test('a person without a rule is told with their address, and can be somebody else', async (t) => {
  const { page, context } = await newProfile(browser);
  await page.goto(team.url('web--pr-1'));
  await logInAs(page, 'max@elsewhere.com');
  await page.waitForURL((at) => at.pathname === '/_porthole/login/callback');
  t.match(await page.textContent('h1'), /max@elsewhere\.com is not invited here/);
  const cookies = (await context.cookies(team.url(''))).map(({ name }) => name);
  t.notOk(cookies.includes('__Host-porthole_login'), 'no session was begun');
  await page.getByRole('link', { name: 'Use another account' }).click();
  await enterAddress(page, 'kim@example.com');
  await page.waitForURL(team.url('web--pr-1'));
  t.equal(await page.title(), 'web of pr-1');
  const refused = (await team.told('root', ['audit', '--action', 'login.refused'])) as unknown[];
  t.match(refused, [{ target: 'max@elsewhere.com', result: 'refused', detail: { provider: 'corp' } }]);
});

t.test('an address that is not verified does not count', async (t) => {
  const { page } = await newProfile(browser);
  await page.goto(team.url('web--pr-1'));
  await logInAs(page, 'lee@example.com');
  await page.waitForURL((at) => at.pathname === '/_porthole/login/callback');
  t.match(await page.textContent('main'), /does not say that this address is verified/);
});

t.test('whoever cancels at the provider finds a way back', async (t) => {
  const { page } = await newProfile(browser);
  await page.goto(team.url('web--pr-1'));
  await page.getByRole('link', { name: 'Continue with Example Corp' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.waitForURL((at) => at.pathname === '/_porthole/login/callback');
  t.match(await page.textContent('h1'), /You did not sign in with Example Corp/);
  await page.getByRole('link', { name: 'Other ways to sign in' }).click();
  await logInAs(page, 'kim@example.com');
  await page.waitForURL(team.url('web--pr-1'));
});

t.test('a callback that another browser began, or that is used again, begins nothing', async (t) => {
  const thief = await newProfile(browser);
  await thief.page.goto(team.url('web--pr-1'));
  provider.withholds = true;
  await logInAs(thief.page, 'kim@example.com');
  await thief.page.getByText('withheld').waitFor();
  provider.withholds = false;
  const [callback = ''] = provider.withheld;
  const { page, context } = await newProfile(browser);
  const answer = await page.goto(callback);
  t.match(answer?.headers(), { 'porthole-error': 'ERR_LOGIN_STALE' });
  t.equal(answer?.status(), 400);
  t.same(await context.cookies(team.url('')), []);
  await thief.page.goto(callback);
  await thief.page.waitForURL(team.url('web--pr-1'));
  t.equal((await thief.page.goto(callback))?.status(), 400, 'once');
});
