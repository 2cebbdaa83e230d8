import fc from 'fast-check';
import t from 'tap';
import { loginCookie, noLogin, readLogin, withGrant } from '../../../server/access/login-cookie.ts';
import { PlainSealer } from '../../support/door.ts';

const sealer = new PlainSealer();
const context = { host: 'preview.example.com', sealer, nowMs: 1_000_000 };
const named = (setCookie: string): string => setCookie.split(';', 1)[0] ?? '';
const kept = (sessionId: string | undefined, grants: readonly string[]): string =>
  named(loginCookie({ sessionId, grants }, { ...context, ttlMs: 60_000 }));

t.test('what was kept is read', async (t) => {
  t.same(readLogin(kept('abc', ['d2', 'e3']), context), { sessionId: 'abc', grants: ['d2', 'e3'] });
  t.same(readLogin(`x=1; ${kept(undefined, ['d2'])}; y=2`, context), {
    sessionId: undefined,
    grants: ['d2'],
  });
  t.match(
    loginCookie({ sessionId: 'abc', grants: [] }, { ...context, ttlMs: 60_500 }),
    /^__Host-porthole_login=[\w.-]+; Path=\/; Max-Age=60; Secure; HttpOnly; SameSite=Lax$/,
  );
});

t.test('nothing to keep ends the cookie', async (t) => {
  t.equal(
    loginCookie(noLogin, { ...context, ttlMs: 60_000 }),
    '__Host-porthole_login=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
  );
});

t.test('nothing is read of what is forged, or of another host or kind', async (t) => {
  const good = kept('abc', []);
  const elsewhere = readLogin(good, { ...context, host: 'login.example.com' });
  t.same(elsewhere, noLogin);
  const otherKind = `__Host-porthole_login=${sealer.seal('host', context.host, '{"s":"abc","g":[]}')}`;
  for (const header of [undefined, '', `${good}x`, otherKind, '__Host-porthole_login=abc'])
    t.same(readLogin(header, context), noLogin, String(header));
  for (const text of ['', 'null', '[]', '{}', '{"g":1}', '{"s":"a"}']) {
    const header = `__Host-porthole_login=${sealer.seal('login', context.host, text)}`;
    t.same(readLogin(header, context), noLogin, text);
  }
});

t.test('a forged one beside it hides nothing', async (t) => {
  const header = `__Host-porthole_login=forged; ${kept('abc', [])}`;
  t.equal(readLogin(header, context).sessionId, 'abc');
});

t.test('the oldest grants go first', async (t) => {
  const ids = Array.from({ length: 20 }, (_, index) => `g${'abcdefghijklmnopqrst'.charAt(index)}`);
  const state = ids.reduce(withGrant, { ...noLogin, sessionId: 'abc' });
  t.same(state.grants, ids.slice(-16));
  t.equal(state.sessionId, 'abc');
  t.same(withGrant(state, ids[10] ?? '').grants.at(-1), ids[10], 'one that it has is the newest again');
  t.equal(withGrant(state, ids[10] ?? '').grants.length, 16);
});

t.test('no header is an error', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      return readLogin(`__Host-porthole_login=${text}`, context) === noLogin;
    }),
  );
});
