import t from 'tap';
import { accountName } from '../../../server/access/session-record.ts';
import { ana, loginOrigin, loginSetting, LoginVisitor, person } from '../../support/login-setting.ts';

t.test('looking at a login link does not use it up; pressing its button logs in, once', async (t) => {
  const setting = await loginSetting(t);
  setting.know(ana, { member: true });
  const visitor = new LoginVisitor(setting);
  visitor.headers = { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
  const { url } = setting.loginLinks.make(ana);
  await visitor.go(url);
  const page = await visitor.go(url);
  t.equal(page.status, 200);
  t.match(page.body, '<h1>Sign in as ana on this browser?</h1>');
  t.equal(visitor.cookieOf('preview.example.com'), undefined);
  const account = await visitor.submit(page);
  t.equal(account.url, `${loginOrigin}/_porthole/account`);
  t.match(account.body, 'Firefox 140 on Linux <strong>(this browser)</strong>');
  const [session] = setting.sessions.all();
  t.match(session, { account: ana, createdFrom: '192.0.2.1' });

  const thief = new LoginVisitor(setting);
  t.equal((await thief.go(url)).code, 'ERR_LINK_SPENT');
  t.equal((await thief.submit(page)).code, 'ERR_LINK_SPENT');
  t.equal([...setting.sessions.all()].length, 1);
  t.match(
    (await setting.audited()).find(({ action }) => action === 'session.start'),
    { principal: 'ana', fingerprint: ana.kind === 'key' ? ana.fingerprint : '', detail: { by: 'key' } },
  );
});

t.test('what was made by a login, or a token, ends no later than that', async (t) => {
  const setting = await loginSetting(t);
  setting.know(ana, { member: true });
  const until = setting.context.now() + 90_000;
  const visitor = new LoginVisitor(setting);
  await visitor.submit(await visitor.go(setting.loginLinks.make(ana, until).url));
  t.match([...setting.sessions.all()], [{ account: ana, expiresAt: until }]);
});

t.test('who is logged in already is told that this ends', async (t) => {
  const setting = await loginSetting(t);
  const eve = person('eve@example.com');
  for (const account of [ana, eve]) setting.know(account, { member: true });
  const visitor = new LoginVisitor(setting);
  await visitor.submit(await visitor.go(setting.loginLinks.make(eve).url));
  const page = await visitor.go(setting.loginLinks.make(ana).url);
  t.match(page.body, `signed in as <strong>${accountName(eve)}</strong> now`);
  await visitor.submit(page);
  const former = [...setting.sessions.all()].find(({ account }) => account.kind === 'person');
  t.equal(former?.endedReason, 'signed in anew');
});

t.test('a page of somebody else cannot press the button', async (t) => {
  const setting = await loginSetting(t);
  setting.know(ana, { member: true });
  const visitor = new LoginVisitor(setting);
  const page = await visitor.go(setting.loginLinks.make(ana).url);
  visitor.headers = { origin: 'https://web--evil.preview.example.com' };
  t.equal((await visitor.submit(page)).code, 'ERR_ORIGIN_REFUSED');
  visitor.headers = {};
  t.equal((await visitor.submit(page)).status, 200, 'and does not use it up');
});

t.test('who tries codes waits; a good one is good from everywhere', async (t) => {
  const setting = await loginSetting(t);
  const visitor = new LoginVisitor(setting);
  const wrong = `${loginOrigin}/_porthole/login/key?code=x`;
  for (let attempt = 0; attempt < 11; attempt += 1) await visitor.go(wrong);
  t.equal((await visitor.go(wrong)).code, 'ERR_LIMIT');
  t.equal((await visitor.go(setting.loginLinks.make(ana).url)).status, 200);
});

t.test('an account that may not log in any more is refused', async (t) => {
  const setting = await loginSetting(t);
  const visitor = new LoginVisitor(setting);
  const refused = await visitor.submit(await visitor.go(setting.loginLinks.make(ana).url));
  t.equal(refused.code, 'ERR_LOGIN_REFUSED');
  t.equal([...setting.sessions.all()].length, 0);
});
