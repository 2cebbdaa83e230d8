import t from 'tap';
import { CurlBrowser } from '../support/curl-browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const { gateway } = team;
await team.offer('ana', 'pr-1');
await team.offer('eve', 'shared', '?access=team');
await team.offer('eve', 'machines');
const origin = team.url('');

/** A browser that opens the link and presses the button. */
async function loggedIn(browser: CurlBrowser, who: 'ana' | 'bob' | 'root'): Promise<string> {
  const { stdout } = await team.command(who, 'login');
  const page = await browser.go(stdout.trim());
  const account = await browser.submit(page, origin);
  t.equal(account.status, 200, account.body);
  return stdout.trim();
}

t.test('one line: a link that logs one browser in, once', async (t) => {
  const { code, stdout, stderr } = await team.command('ana', 'login');
  t.equal(code, 0);
  t.match(stdout, /^https:\/\/preview\.test:\d+\/_porthole\/login\/key\?code=[\w-]{43}\n$/);
  t.match(stderr, /one browser as ana, once; do not pass it on/);
  const url = stdout.trim();
  const mine = new CurlBrowser(t, gateway);
  await new CurlBrowser(t, gateway).go(url);
  const page = await mine.go(url);
  t.match(page, { status: 200 }, 'looking at it does not use it up');
  t.equal((await mine.submit(page, origin)).status, 200);
  t.equal((await new CurlBrowser(t, gateway).go(url)).status, 410, 'a second browser is too late');
  t.match(await mine.go(team.url('web--pr-1', '/echo')), { status: 200 }, 'her own preview');
  t.match(await mine.go(team.url('api--pr-1', '/echo')), { status: 200 }, 'without another question');
  t.match(await mine.go(team.url('web--shared', '/echo')), { status: 200 }, "the team's");
});

t.test("a member sees what is theirs and the team's, an administrator all", async (t) => {
  const bob = new CurlBrowser(t, gateway);
  await loggedIn(bob, 'bob');
  t.match(await bob.go(team.url('web--shared', '/echo')), { status: 200 });
  const root = new CurlBrowser(t, gateway);
  await loggedIn(root, 'root');
  for (const env of ['pr-1', 'shared', 'machines'])
    t.match(await root.go(team.url(`web--${env}`, '/echo')), { status: 200 }, env);
});

t.test('a machine is told what to do instead', async (t) => {
  const { code, stdout, stderr } = await team.command('eve', 'login');
  t.same([code, stdout], [3, '']);
  t.match(stderr, /for members and administrators.*token create ENV/);
});

t.test('sessions are listed, and end', async (t) => {
  const browser = new CurlBrowser(t, gateway);
  await loggedIn(browser, 'bob');
  const url = team.url('web--shared', '/echo');
  t.equal((await browser.go(url)).status, 200);
  const sessions = (await team.told('bob', ['session', 'list'])) as { id: string; account: string }[];
  t.ok(sessions.length > 0 && sessions.every(({ account }) => account === 'bob'));
  const [{ id } = { id: '' }] = sessions;
  t.match(await team.command('ana', `session end ${id}`), { code: 1, stderr: /no session \w+ of yours/ });
  t.match(await team.command('root', 'session list --principal bob'), { code: 0, stdout: /bob.*live/ });
  t.match(await team.command('root', 'session end --account bob'), { code: 0 });
  t.equal((await browser.go(url)).status, 401);
  t.match(await team.command('bob', 'session list'), { stdout: '', stderr: /nobody is logged in/ });
});

t.test('it is audited, without what logs anybody in', async (t) => {
  const { stdout } = await team.command('root', 'audit --limit 1000 --json');
  t.match(stdout, /"login\.link".*"session\.start".*"session\.end"/);
  for (const text of [stdout, JSON.stringify(gateway.lines)]) t.notMatch(text, /code=[\w-]{43}/);
});
