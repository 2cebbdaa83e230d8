import t from 'tap';
import { heldFor } from '../../../server/access/host-cookie.ts';
import {
  ana,
  loginOrigin,
  loginSetting,
  LoginVisitor,
  type LoginSetting,
} from '../../support/login-setting.ts';
import type { TestScope } from '../../support/scope.ts';
import type { LoginContext } from '../../../server/login/login-context.ts';

const hostOf = (label: string): string => `${label}.preview.example.com`;
const urlOf = (label: string, path = '/'): string => `https://${hostOf(label)}${path}`;

/** Ana is logged in, in a browser that was nowhere yet. */
async function loggedIn(
  t: TestScope,
  labels: readonly string[],
  overrides: Partial<LoginContext> = {},
): Promise<{ setting: LoginSetting; visitor: LoginVisitor }> {
  const setting = await loginSetting(t, overrides);
  for (const label of labels) setting.offer(label);
  setting.know(ana, { principal: 'ana' });
  const visitor = new LoginVisitor(setting);
  await visitor.submit(await visitor.go(setting.loginLinks.make(ana).url));
  return { setting, visitor };
}

/** Where the first hand-over of a visitor leads: the address with the code, which is not gone to. */
async function codeFor(visitor: LoginVisitor, url: string): Promise<URL> {
  const asked = await visitor.ask(url);
  const answered = await visitor.ask(asked.header('Location') ?? '');
  return new URL(answered.header('Location') ?? '');
}

function planted(setting: LoginSetting, visitor: LoginVisitor, label: string): readonly string[] {
  const { sealer, now } = setting.context;
  const held = heldFor(visitor.cookieOf(hostOf(label)), { host: hostOf(label), sealer, nowMs: now() });
  return held[0]?.planted ?? [];
}

t.test(
  'one login leads through the hosts of the environment, so that their pages may call each other',
  async (t) => {
    const { setting, visitor } = await loggedIn(t, ['web--pr-42', 'api--pr-42', 'docs--pr-42', 'web--pr-43']);
    const opened = await visitor.go(urlOf('web--pr-42', '/x?y=1'));
    t.equal(opened.status, 200);
    t.equal(opened.url, urlOf('web--pr-42', '/x?y=1'));
    t.equal(visitor.way.length, 10, 'host, login, host; thrice for each of two; page');
    for (const label of ['web--pr-42', 'api--pr-42', 'docs--pr-42']) {
      t.equal((await visitor.go(urlOf(label, '/z'))).status, 200, label);
      t.ok(planted(setting, visitor, label).includes('web--pr-42'), label);
    }
    t.same(planted(setting, visitor, 'web--pr-42'), ['web--pr-42', 'api--pr-42', 'docs--pr-42']);
    t.equal(visitor.jar.has(hostOf('web--pr-43')), false, 'those of others have no part in it');

    setting.offer('new--pr-42');
    t.equal((await visitor.go(urlOf('web--pr-42'))).status, 200);
    t.ok(
      visitor.way.some((url) => url.startsWith(urlOf('new--pr-42'))),
      'what is new is led through later',
    );
    await visitor.go(urlOf('web--pr-42'));
    t.equal(visitor.way.length, 1, 'once');
  },
);

t.test('many hosts take several chains, with less redirections in a row than browsers follow', async (t) => {
  const labels = Array.from({ length: 12 }, (_, at) => `s${String(at)}x--pr-42`);
  const { setting, visitor } = await loggedIn(t, labels);
  visitor.headers = { secFetchMode: 'navigate' };
  const opened = await visitor.go(urlOf('s0x--pr-42', '/x'));
  t.equal(opened.url, urlOf('s0x--pr-42', '/x'));
  t.equal(opened.status, 200);
  t.same(planted(setting, visitor, 's0x--pr-42'), labels);
  for (const label of labels) t.match(visitor.cookieOf(hostOf(label)), 'porthole_session', label);
});

t.test('a grant leads only through what it opens', async (t) => {
  const setting = await loginSetting(t);
  for (const label of ['web--pr-42', 'api--pr-42']) setting.offer(label);
  await setting.give('aaaaaaaaaaaa', { service: 'web' });
  const visitor = new LoginVisitor(setting);
  t.equal(
    (await visitor.go(urlOf('web--pr-42', `/?porthole-share=${setting.secretOf('aaaaaaaaaaaa')}`))).url,
    urlOf('web--pr-42'),
  );
  t.equal(visitor.jar.has(hostOf('api--pr-42')), false);
});

t.test('a code is good once, for its host and its browser', async (t) => {
  const { setting, visitor } = await loggedIn(t, ['web--pr-42']);
  const code = await codeFor(visitor, urlOf('web--pr-42', '/x'));

  const thief = new LoginVisitor(setting);
  const stolen = await thief.go(code.href);
  t.equal(stolen.status, 401, 'another browser is asked to log in itself');
  t.match(stolen.url, 'to=web--pr-42&return=%2Fx');

  const elsewhere = await codeFor(visitor, urlOf('web--pr-42', '/x'));
  elsewhere.hostname = hostOf('web--evil');
  t.match((await visitor.go(elsewhere.href)).url, 'to=web--evil&return=%2F', 'on another host too');
  t.notMatch(visitor.cookieOf(hostOf('web--evil')), 'porthole_session');

  const fresh = await codeFor(visitor, urlOf('web--pr-42', '/x'));
  t.equal((await visitor.go(fresh.href)).url, urlOf('web--pr-42', '/x'));
  const again = await visitor.go(fresh.href);
  t.equal(again.url, urlOf('web--pr-42'), 'whoever goes back is in already');
  t.equal(again.status, 200);
});

t.test('a stale code begins the hand-over anew, and only once', async (t) => {
  const { visitor, setting } = await loggedIn(t, ['web--pr-42']);
  const opened = await visitor.go(urlOf('web--pr-42', `/_porthole/session?code=${'x'.repeat(43)}`));
  t.equal(opened.url, urlOf('web--pr-42'));
  t.match(visitor.way[1], 'anew=1');

  const late = await codeFor(new LoginVisitor(setting), urlOf('web--pr-42')).catch(() => undefined);
  t.equal(late, undefined, 'a stranger has none');
  const noCookies = new LoginVisitor(setting);
  const login = visitor.jar.get('preview.example.com') ?? new Map<string, string>();
  noCookies.jar.set('preview.example.com', login);
  noCookies.headers = { cookie: [...login].map(([name, value]) => `${name}=${value}`).join('; ') };
  const end = await noCookies.go(urlOf('web--pr-42'));
  t.equal(end.status, 400, 'a browser that takes no cookies is told so');
  t.equal(end.code, 'ERR_LOGIN_STALE');
  t.match(end.body, /href="\/">Open web--pr-42</);
});

t.test('expired codes are as good as none, and too many wrong ones are too many', async (t) => {
  const { visitor, setting } = await loggedIn(t, ['web--pr-42']);
  const code = await codeFor(visitor, urlOf('web--pr-42', '/x'));
  setting.clock.nowMs += 61_000;
  t.match((await visitor.ask(code.href)).header('Location'), 'anew=1');
  for (let attempt = 0; attempt < 11; attempt += 1) setting.context.attempts.failed('192.0.2.1', 'pr-42');
  t.equal((await visitor.ask(code.href)).code, 'ERR_LIMIT');
});

t.test('a chain leads nowhere but through one environment, whoever begins it', async (t) => {
  const { visitor } = await loggedIn(t, ['web--pr-42', 'api--pr-42']);
  const session = (query: string): string => urlOf('api--pr-42', `/_porthole/session?join=1&${query}`);
  for (const bad of [
    'home=web--evil&rest=&return=/',
    'home=evil.example&rest=&return=/',
    'home=web--pr-42&rest=web--evil&return=/',
    'home=web--pr-42&rest=&return=//evil.example',
    'home=web--pr-42&rest=&return=/%5Cevil.example',
    'home=web--pr-42&rest=api--pr-42&return=/',
    'home=web--pr-42&rest=a--pr-42,b--pr-42,c--pr-42,d--pr-42,e--pr-42,f--pr-42&return=/',
    'rest=&return=/',
  ]) {
    const refused = await visitor.ask(session(bad));
    t.equal(refused.code, 'ERR_BAD_REQUEST', bad);
    t.same(refused.all('Set-Cookie'), [], bad);
  }
  const joined = await visitor.go(session('home=web--pr-42&rest=&return=/y'));
  t.equal(joined.url, urlOf('web--pr-42', '/y'));
  t.equal(joined.status, 200);

  const stranger = await new LoginVisitor((await loggedIn(t, [])).setting).go(
    session('home=web--pr-42&rest=&return=/y'),
  );
  t.equal(new URL(stranger.url).origin, loginOrigin, 'who has nothing that opens it is asked at home');
  t.match(stranger.url, 'to=web--pr-42&return=%2Fy');
});

t.test('a host that no route can have is none', async (t) => {
  const { visitor } = await loggedIn(t, []);
  t.equal(
    (await visitor.ask('https://x_y.preview.example.com/_porthole/session?code=x')).code,
    'ERR_ENV_UNKNOWN',
  );
});

t.test('a code is for its host, also where another has the same state', async (t) => {
  const { setting, visitor } = await loggedIn(t, ['web--pr-42', 'web--pr-43']);
  const code = await codeFor(visitor, urlOf('web--pr-42', '/x'));
  visitor.jar.set(hostOf('web--pr-43'), new Map(visitor.jar.get(hostOf('web--pr-42'))));
  const elsewhere = new URL(code);
  elsewhere.hostname = hostOf('web--pr-43');
  await visitor.ask(elsewhere.href);
  const { sealer, now } = setting.context;
  for (const label of ['web--pr-42', 'web--pr-43']) {
    const host = hostOf(label);
    t.same(heldFor(visitor.cookieOf(host), { host, sealer, nowMs: now() }), [], label);
  }
});
