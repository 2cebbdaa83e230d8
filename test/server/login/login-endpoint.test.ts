import t from 'tap';
import { hashPassword } from '../../../server/access/passwords.ts';
import { ana, loginOrigin, loginSetting, LoginVisitor, person } from '../../support/login-setting.ts';

const preview = 'https://web--pr-42.preview.example.com';
const password = 'correct horse';
const hash = await hashPassword(password);
const grantId = 'aaaaaaaaaaaa';

t.test(
  'who is logged in and may see it goes on without a word, with the path and the query that they wanted',
  async (t) => {
    const setting = await loginSetting(t);
    setting.offer('web--pr-42');
    setting.know(ana, { principal: 'ana' });
    const visitor = new LoginVisitor(setting);
    const asked = await visitor.go(`${preview}/docs?page=2`);
    t.equal(asked.status, 401);
    t.equal(asked.code, 'ERR_LOGIN_REQUIRED');
    const link = setting.context.loginLinks as unknown as { make(account: typeof ana): { url: string } };
    const confirm = await visitor.go(link.make(ana).url);
    t.equal((await visitor.submit(confirm)).url, `${loginOrigin}/_porthole/account`);
    const opened = await visitor.go(`${preview}/docs?page=2`);
    t.equal(opened.status, 200);
    t.equal(opened.url, `${preview}/docs?page=2`);
    t.equal(visitor.way.length, 4, 'host, login, host, page');
    t.equal((await visitor.go(`${preview}/docs`)).status, 200);
    t.equal(visitor.way.length, 1, 'from then on the host knows');
  },
);

t.test('nothing tells what is private or offline from what is not there', async (t) => {
  const setting = await loginSetting(t, {}, [{ name: 'corp', title: 'Corp' }]);
  setting.offer('web--private');
  setting.know(person('eve@example.com'), {});
  await setting.give(grantId, { env: 'private', kind: 'password', hash, expiresAt: undefined });
  const stateless = (text: string): string =>
    text
      .replace(/[\w-]{43}/g, 'STATE')
      .replaceAll('private', 'NAME')
      .replaceAll('unknown', 'NAME');
  const pages = async (label: string): Promise<string[]> => {
    const visitor = new LoginVisitor(setting);
    const host = `https://${label}.preview.example.com`;
    const asked = await visitor.go(`${host}/x`);
    const wrong = await visitor.submit(asked, { password: 'wrong' });
    const stale = await visitor.ask(`${host}/_porthole/session?code=x&anew=1`);
    const link = await visitor.go(`${host}/?porthole-share=${setting.secretOf('bbbbbbbbbbbb')}`);
    const stranger = new LoginVisitor(setting);
    const call = { host: 'preview.example.com', headers: {} };
    const { endpointCall } = await import('../../support/endpoint-call.ts');
    const answer = await setting.signIn.signIn(person('eve@example.com'), endpointCall(call), undefined, {
      action: 'session.start',
      detail: {},
    });
    const cookies = answer.kind === 'answer' ? answer.answer.headers : [];
    const [, value = ''] = /__Host-porthole_login=([^;]+)/.exec(cookies.join(' ')) ?? [];
    stranger.jar.set('preview.example.com', new Map([['__Host-porthole_login', value]]));
    const known = await stranger.go(`${host}/x`);
    return [asked, wrong, stale, link, known].map(({ status, code, body, all }) =>
      stateless([status, code, body, all('Content-Security-Policy').join()].join('\n')),
    );
  };
  const unknown = await pages('web--unknown');
  t.same(await pages('web--private'), unknown);
  const states = unknown.map((page) => page.split('\n').slice(0, 2).join(' '));
  t.same(states, [
    '401 ERR_LOGIN_REQUIRED',
    '403 ERR_LOGIN_REFUSED',
    '400 ERR_LOGIN_STALE',
    '410 ERR_LINK_SPENT',
    '404 ERR_ENV_UNKNOWN',
  ]);
});

t.test('the password of a preview opens it in this browser', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  await setting.give(grantId, { kind: 'password', hash, expiresAt: undefined });
  const visitor = new LoginVisitor(setting);
  const asked = await visitor.go(`${preview}/docs`);
  const wrong = await visitor.submit(asked, { password: 'wrong' });
  t.equal(wrong.status, 403);
  t.match(wrong.body, /role="alert">That password does not open it/);
  t.match(wrong.body, /aria-invalid="true" aria-describedby="wrong" autofocus/);
  const opened = await visitor.submit(wrong, { password });
  t.equal(opened.url, `${preview}/docs`);
  t.equal(opened.status, 200);
  t.same(
    setting.noted.map(({ action, target }) => [action, target]),
    [
      ['password.refused', 'pr-42'],
      ['password.use', 'pr-42'],
    ],
  );
  t.notMatch(JSON.stringify(setting.noted), /correct|wrong/);

  const stranger = new LoginVisitor(setting);
  stranger.headers = { secFetchMode: 'navigate' };
  const page = await stranger.go(`${preview}/`);
  await stranger.submit(page, { password });
  t.equal(
    stranger.way[1]?.startsWith(`${loginOrigin}/_porthole/login?to=`),
    true,
    'by a page that goes on by itself',
  );
  t.equal((await stranger.go(`${preview}/`)).status, 200);
});

t.test('a password is one of its place, of either kind, and of its owner', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  setting.offer('api--pr-42');
  setting.offer('given', { owner: 'bob' });
  await setting.give(grantId, { kind: 'password', hash, expiresAt: undefined, service: 'web' });
  await setting.give('cccccccccccc', { kind: 'password', hash, expiresAt: undefined, env: 'given' });
  const opens = async (host: string): Promise<number> => {
    const visitor = new LoginVisitor(setting);
    const page = await visitor.go(`https://${host}.preview.example.com/`);
    return (await visitor.submit(page, { password })).status;
  };
  t.equal(await opens('web--pr-42'), 200);
  t.equal(await opens('api--pr-42'), 403);
  t.equal(await opens('pr-42'), 403);
  t.equal(await opens('given'), 403, 'it has changed hands');
});

t.test('whoever tries too many passwords waits, whatever there is', async (t) => {
  const setting = await loginSetting(t);
  const visitor = new LoginVisitor(setting);
  const page = await visitor.go(`${preview}/`);
  for (let attempt = 0; attempt < 11; attempt += 1) setting.context.attempts.failed('192.0.2.1', 'pr-42');
  const limited = await visitor.submit(page, { password: 'x' });
  t.equal(limited.status, 429);
  t.match(limited.body, 'retryAfterSeconds');
});

t.test('forms are taken from pages of the login origin only, and as browsers write them', async (t) => {
  const setting = await loginSetting(t);
  const fields = { to: 'web--pr-42', return: '/', state: 'a'.repeat(43), password: 'x' };
  const url = `${loginOrigin}/_porthole/login`;
  for (const origin of [undefined, 'null', 'https://evil.example', preview, `${loginOrigin}.evil.example`]) {
    const visitor = new LoginVisitor(setting);
    visitor.headers = { origin };
    const refused = await visitor.send(url, fields);
    t.equal(refused.code, 'ERR_ORIGIN_REFUSED', String(origin));
  }
  const visitor = new LoginVisitor(setting);
  for (const bad of [
    { ...fields, return: '//evil.example' },
    { ...fields, return: '/\\evil.example' },
    { ...fields, state: 'short' },
    { ...fields, to: 'evil.example' },
    { to: 'web--pr-42', return: '/', state: 'a'.repeat(43) },
  ]) {
    t.equal((await visitor.send(url, bad)).code, 'ERR_BAD_REQUEST', JSON.stringify(bad));
  }
  visitor.headers = { contentType: 'text/plain' };
  t.equal((await visitor.send(url, fields)).code, 'ERR_BAD_REQUEST');
});

t.test('without a preview in mind it is a page to log in, or the account', async (t) => {
  const setting = await loginSetting(t, {}, [{ name: 'corp', title: 'Corp & Co' }]);
  setting.know(ana, { member: true });
  const visitor = new LoginVisitor(setting);
  const page = await visitor.go(`${loginOrigin}/_porthole/login`);
  t.equal(page.status, 401);
  t.match(page.body, 'href="/_porthole/login/with?provider=corp">Continue with Corp &#38; Co</a>');
  t.match(page.body, '<code>ssh -p 443 preview.example.com login</code>');
  t.notMatch(page.body, 'type="password"');
  t.equal(
    page.header('WWW-Authenticate'),
    'Bearer realm="porthole"',
    'no browser asks by a dialog of its own',
  );
  for (const bad of [
    'to=x_y',
    'to=pr-42&return=//evil&state=s',
    `to=pr-42&return=/&state=${'a'.repeat(43)}&to=x`,
  ])
    t.equal((await visitor.go(`${loginOrigin}/_porthole/login?${bad}`)).code, 'ERR_BAD_REQUEST', bad);
});

t.test('the login pages have one host', async (t) => {
  const setting = await loginSetting(t, {
    loginHost: 'login.example.net',
    loginOrigin: 'https://login.example.net',
  });
  const visitor = new LoginVisitor(setting);
  const moved = await visitor.ask(`${loginOrigin}/_porthole/account?x=1`);
  t.equal(moved.status, 308);
  t.equal(moved.header('Location'), 'https://login.example.net/_porthole/account?x=1');
});

t.test('what has opened to everybody meanwhile needs no login', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42', { access: 'public' });
  const visitor = new LoginVisitor(setting);
  const state = 'a'.repeat(43);
  const page = await visitor.go(`${loginOrigin}/_porthole/login?to=web--pr-42&return=/x&state=${state}`);
  t.equal(page.url, `${preview}/x`);
});

t.test('a program that was sent here is told so in JSON', async (t) => {
  const setting = await loginSetting(t);
  const visitor = new LoginVisitor(setting);
  visitor.headers = { accept: 'application/json' };
  const told = await visitor.go(`${preview}/`);
  t.equal(told.code, 'ERR_LOGIN_REQUIRED');
  t.notMatch(told.body, '<html');
});

t.test('from a network that it is not for, there is nothing to open', async (t) => {
  const setting = await loginSetting(t);
  const from = '198.51.100.0/24';
  setting.offer('web--pr-42', { from });
  setting.know(ana, { principal: 'ana' });
  await setting.give(grantId, { kind: 'password', hash, expiresAt: undefined });
  await setting.give('bbbbbbbbbbbb');
  const link = `${preview}/?porthole-share=${setting.secretOf('bbbbbbbbbbbb')}`;
  const outside = new LoginVisitor(setting);
  t.match((await outside.submit(await outside.go(preview), { password })).body, /does not open it/);
  t.equal((await outside.go(link)).code, 'ERR_LINK_SPENT');
  await outside.submit(await outside.go(setting.loginLinks.make(ana).url));
  t.equal(
    (await outside.go(preview)).code,
    'ERR_ENV_UNKNOWN',
    'told on the login page, and sent to and fro no more',
  );

  const inside = new LoginVisitor(setting);
  inside.address = '198.51.100.7';
  t.equal((await inside.submit(await inside.go(preview), { password })).status, 200);
  t.equal((await inside.go(link)).status, 200);
});

t.test('one source has a few passwords looked at, at a time', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  const visitor = new LoginVisitor(setting);
  const page = await visitor.go(preview);
  const wrong = Array.from({ length: 6 }, (_, at) =>
    visitor.submit(page, { password: `wrong ${String(at)}` }),
  );
  const statuses = (await Promise.all(wrong)).map(({ status }) => status);
  t.same(statuses.toSorted(), [403, 403, 403, 403, 429, 429]);
  t.equal((await visitor.submit(page, { password: 'wrong again' })).status, 403, 'and then again');
});
