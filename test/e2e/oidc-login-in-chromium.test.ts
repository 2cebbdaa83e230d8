import t from 'tap';
import { newProfile, startBrowser } from '../support/browser.ts';
import { logInAs, startTeamWithProvider } from '../support/team-with-provider.ts';

const rules = `
[[people]]
email = ["*@example.com"]
env = ["pr-*"]

[[people]]
groups = ["ops"]
admin = true
`;
const { team, provider, setRules } = await startTeamWithProvider(t, rules);
provider.know({ email: 'kim@example.com' });
provider.know({ email: 'max@elsewhere.com' });
provider.know({ email: 'ops@elsewhere.com', groups: ['ops'] });
const browser = await startBrowser(t, team.gateway);
const preview = await team.offer('ana', 'pr-1');
await team.offer('ana', 'demo');

t.test('a login at the provider opens the preview, and its other host without a click', async (t) => {
  const { page } = await newProfile(browser);
  await page.goto(team.url('web--pr-1', '/deep?a=1'));
  await logInAs(page, 'kim@example.com');
  await page.waitForURL(team.url('web--pr-1', '/deep?a=1'));
  t.equal(await page.title(), 'web of pr-1');
  await page.goto(team.url('api--pr-1', '/second'));
  t.equal(page.url(), team.url('api--pr-1', '/second'));
  t.equal(await page.title(), 'api of pr-1');
  const other = await page.goto(team.url('web--demo'));
  t.equal(other?.status(), 404, 'what the rules do not name is not there');
  for (const { headers, path } of [...preview.web.seen, ...preview.api.seen])
    t.notMatch(`${path} ${headers.cookie ?? ''} ${headers.referer ?? ''}`, /porthole|code=|state=/);
});

t.test('groups count, and who is invited by a link needs no rule', async (t) => {
  const ops = await newProfile(browser);
  await ops.page.goto(team.url('web--demo'));
  await logInAs(ops.page, 'ops@elsewhere.com');
  await ops.page.waitForURL(team.url('web--demo'));
  t.equal(await ops.page.title(), 'web of demo');

  const share = await team.told('ana', ['share', 'demo', '--email', 'max@elsewhere.com']);
  const { url: link } = share as { url: string };
  const max = await newProfile(browser);
  await max.page.goto(link);
  await logInAs(max.page, 'max@elsewhere.com');
  await max.page.waitForURL(team.url('web--demo'));
  t.equal(await max.page.title(), 'web of demo');
  const other = await max.page.goto(team.url('web--pr-1'));
  t.equal(other?.status(), 404, 'and no more than that');
});

t.test('a rule that goes takes its people along', async (t) => {
  const { page } = await newProfile(browser);
  await page.goto(team.url('web--pr-1'));
  await logInAs(page, 'kim@example.com');
  await page.waitForURL(team.url('web--pr-1'));
  setRules('[[people]]\nemail = ["nobody@example.com"]\n');
  await team.gateway.line((line) => line.msg === 'login file read' && line['rules'] === 1);
  t.equal((await page.goto(team.url('web--pr-1')))?.status(), 404);
  setRules(rules);
});
