import t from 'tap';
import {
  ana,
  loginOrigin,
  loginSetting,
  LoginVisitor,
  type LoginSetting,
} from '../../support/login-setting.ts';

const account = `${loginOrigin}/_porthole/account`;
const preview = 'https://web--pr-42.preview.example.com/';

async function logIn(setting: LoginSetting): Promise<LoginVisitor> {
  setting.know(ana, { principal: 'ana', member: true, envPatterns: ['pr-*'] });
  const visitor = new LoginVisitor(setting);
  await visitor.submit(await visitor.go(setting.loginLinks.make(ana).url));
  return visitor;
}

const live = (setting: LoginSetting): number =>
  [...setting.sessions.all()].filter(({ endedAt }) => endedAt === undefined).length;

t.test('says who one is, what one may see, and where else one is logged in', async (t) => {
  const setting = await loginSetting(t);
  const [here] = [await logIn(setting), await logIn(setting)];
  const page = await here.go(account);
  t.equal(page.status, 200);
  for (const part of [
    '<h1>You are signed in as ana</h1>',
    'previews that are open to the team',
    'the previews of <strong>ana</strong>',
    'whose name fits <code>pr-*</code>',
    'Sign out everywhere',
    'Sign out there',
  ]) {
    t.match(page.body, part);
  }
  t.equal(page.body.split('(this browser)').length, 2);
});

t.test('signing out ends the login, here and on all hosts', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  const visitor = await logIn(setting);
  t.equal((await visitor.go(preview)).status, 200);
  const out = await visitor.submit(await visitor.go(account));
  t.match(out.body, 'You are signed out');
  t.equal(visitor.cookieOf('preview.example.com'), undefined);
  t.equal(live(setting), 0);
  t.equal((await visitor.go(preview)).status, 401);
  t.equal((await visitor.go(account)).status, 401);
  t.match(
    (await setting.audited()).find(({ action }) => action === 'session.end'),
    { principal: 'ana', detail: { reason: 'signed out' } },
  );
});

t.test('signing out everywhere, or in another browser', async (t) => {
  const setting = await loginSetting(t);
  const [here] = [await logIn(setting), await logIn(setting), await logIn(setting)];
  const page = await here.go(account);
  const names = [...page.body.matchAll(/name="session" value="(\w+)"/g)].map(([, id]) => id);
  t.equal(names.length, 2);
  const ended = await here.send(account, { action: 'end', session: names[0] ?? '' });
  t.equal(ended.url, account);
  t.equal(live(setting), 2);
  await here.send(account, { action: 'sign-out-everywhere' });
  t.equal(live(setting), 0);
});

t.test('nobody ends what is not theirs', async (t) => {
  const setting = await loginSetting(t);
  await logIn(setting);
  const [session] = setting.sessions.all();
  const bob = { ...ana, principal: 'bob' } as typeof ana;
  setting.know(bob, { member: true });
  const other = new LoginVisitor(setting);
  await other.submit(await other.go(setting.loginLinks.make(bob).url));
  for (const fields of [{ action: 'end', session: session?.id ?? '' }, { action: 'sign-out-everywhere' }])
    await other.send(account, fields);
  t.equal(live(setting), 1);
  const stranger = new LoginVisitor(setting);
  await stranger.send(account, { action: 'end', session: session?.id ?? '' });
  await stranger.send(account, { action: 'sign-out-everywhere' });
  t.equal(live(setting), 1);
  other.headers = { origin: preview.slice(0, -1) };
  t.equal((await other.send(account, { action: 'sign-out' })).code, 'ERR_ORIGIN_REFUSED');
  other.headers = {};
  t.equal((await other.send(account, { action: 'else' })).code, 'ERR_BAD_REQUEST');
});

t.test('signing out to be somebody else comes back to what was asked for', async (t) => {
  const setting = await loginSetting(t);
  const visitor = await logIn(setting);
  const page = await visitor.go('https://web--unknown.preview.example.com/x');
  t.equal(page.status, 404);
  const asked = await visitor.submit(page);
  t.equal(asked.status, 401);
  t.match(asked.url, 'to=web--unknown&return=%2Fx');
});

t.test('what a browser opens without an account is listed, and can be forgotten', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  setting.offer('pr-42');
  await setting.give('aaaaaaaaaaaa', { service: 'web' });
  const visitor = new LoginVisitor(setting);
  await visitor.go(`${preview}?porthole-share=${setting.secretOf('aaaaaaaaaaaa')}`);
  const page = await visitor.go(account);
  t.equal(page.status, 200);
  t.match(page.body, 'web of pr-42');
  const forgotten = await visitor.submit(page);
  t.equal(forgotten.status, 401);
  t.notMatch(forgotten.body, 'web of pr-42');
});
