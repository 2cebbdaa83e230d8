import { createHash } from 'node:crypto';
import t from 'tap';
import {
  ana,
  loginOrigin,
  loginSetting,
  LoginVisitor,
  type LoginSetting,
  type Seen,
} from '../../support/login-setting.ts';

const preview = 'https://web--pr-42.preview.example.com';
const dashboard = 'https://dash.example.net';

/** A browser for which the preview is in a frame of another site: its cookies of the login origin stay away. */
async function framed(setting: LoginSetting): Promise<{ visitor: LoginVisitor; page: Seen }> {
  const visitor = new LoginVisitor(setting);
  visitor.headers = { secFetchDest: 'iframe' };
  return { visitor, page: await visitor.go(`${preview}/x`) };
}

function isAllowed(page: Seen): boolean {
  const [, script = ''] = /<script>([^]*?)<\/script>/.exec(page.body) ?? [];
  const hash = createHash('sha256').update(script).digest('base64');
  return page.header('Content-Security-Policy')?.includes(`script-src 'sha256-${hash}'`) === true;
}

t.test(
  'in a frame, a page of the embed origins shows a button, and the window that it opens hands a code over',
  async (t) => {
    const setting = await loginSetting(t, { embedOrigins: [dashboard] });
    setting.offer('web--pr-42');
    setting.offer('api--pr-42');
    setting.know(ana, { principal: 'ana' });
    const { visitor, page } = await framed(setting);
    t.equal(page.status, 401);
    t.match(page.header('Content-Security-Policy'), `frame-ancestors ${dashboard}`);
    t.equal(page.header('X-Frame-Options'), undefined);
    t.ok(isAllowed(page));
    const read = (name: string): string =>
      (new RegExp(`data-${name}="([^"]+)"`).exec(page.body)?.[1] ?? '').replaceAll('&#38;', '&');

    const popup = new LoginVisitor(setting);
    const login = await popup.go(read('login'));
    t.equal(login.status, 401);
    t.equal(login.header('Cross-Origin-Opener-Policy'), undefined, 'it keeps its opener');
    await popup.submit(await popup.go(setting.loginLinks.make(ana).url));
    // A provider sends it back without the mark.
    const done = await popup.go(read('login').replace('&embed=1', ''));
    t.equal(done.status, 200);
    t.ok(isAllowed(done));
    t.equal(done.header('Cross-Origin-Opener-Policy'), undefined);
    const [, code = ''] = /data-code="([\w-]{43})"/.exec(done.body) ?? [];

    const stranger = new LoginVisitor(setting);
    stranger.headers = { secFetchDest: 'iframe' };
    t.equal((await stranger.go(read('host') + code)).status, 401, 'it is good in that frame only');
    const again = await popup.go(read('login'));
    const [, second = ''] = /data-code="([\w-]{43})"/.exec(again.body) ?? [];
    const opened = await visitor.go(read('host') + second);
    t.equal(opened.url, `${preview}/x`);
    t.equal(opened.status, 200);
    t.match(visitor.cookieOf('web--pr-42.preview.example.com'), '__Host-porthole_embed=');
    t.equal(
      visitor.jar.has('api--pr-42.preview.example.com'),
      false,
      'the other hosts are not led through in a frame',
    );
  },
);

t.test('where nobody may embed anything, no page can be framed', async (t) => {
  const setting = await loginSetting(t);
  setting.offer('web--pr-42');
  const { page } = await framed(setting);
  t.match(page.header('Content-Security-Policy'), "frame-ancestors 'none'");
  t.equal(page.header('X-Frame-Options'), 'DENY');
  t.notMatch(page.body, '<script');
  const asked = await new LoginVisitor(setting).go(`${page.url}&embed=1`);
  t.equal(asked.header('Cross-Origin-Opener-Policy'), 'same-origin');
});

t.test('forms and accounts are never framed, and know no opener', async (t) => {
  const setting = await loginSetting(t, { embedOrigins: [dashboard] });
  setting.know(ana, { member: true });
  const visitor = new LoginVisitor(setting);
  const pages = [
    await visitor.go(`${loginOrigin}/_porthole/login`),
    await visitor.go(setting.loginLinks.make(ana).url),
  ];
  pages.push(await visitor.submit(pages[1] ?? pages[0] ?? (await visitor.go(preview))));
  for (const page of pages) {
    t.match(page.header('Content-Security-Policy'), "frame-ancestors 'none'");
    t.equal(page.header('X-Frame-Options'), 'DENY');
    t.equal(page.header('Cross-Origin-Opener-Policy'), 'same-origin');
    t.equal(
      page.header('Referrer-Policy'),
      'same-origin',
      'without it browsers would not say where a form comes from',
    );
    t.equal(page.header('Cache-Control'), 'no-store');
    t.notMatch(page.header('Content-Security-Policy'), /script-src|unsafe|\bhttps:(?!\/\/)/);
  }
});
