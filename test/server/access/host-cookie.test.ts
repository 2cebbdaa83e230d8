import t from 'tap';
import { clearHostCookies, heldFor, hostCookies, maxPlanted } from '../../../server/access/host-cookie.ts';
import { PlainSealer } from '../../support/door.ts';

const nowMs = 10_000_000;
const hourMs = 3_600_000;
const host = 'web--pr-42.preview.example.com';
const pass = { kind: 'session', id: 'abc' } as const;
const named = (setCookie = ''): string => setCookie.split(';', 1)[0] ?? '';

function setting() {
  const sealer = new PlainSealer();
  const context = { host, sealer, nowMs };
  const cookie = (more = {}, of = {}): string => {
    const held = { pass, planted: [], expiresAtMs: nowMs + 10 * hourMs, ...more };
    return named(hostCookies(held, { ...context, embed: false, ...of })[0]);
  };
  return { sealer, context, cookie };
}

t.test('what was sealed is read on the same host', async (t) => {
  const { context, cookie } = setting();
  const planted = ['api--pr-42'];
  t.same(heldFor(cookie({ planted }), context), [
    { pass, planted, atMs: nowMs, expiresAtMs: nowMs + 10 * hourMs, stale: false },
  ]);
  const grant = { kind: 'grant', id: 'abcdefghij27' };
  t.same(heldFor(cookie({ pass: grant }), context)[0]?.pass, grant);
});

t.test('it lives as long as what it names, and is for the one host', async (t) => {
  const { context, sealer } = setting();
  const held = { pass, planted: [], expiresAtMs: nowMs + 60_500 };
  const cookies = hostCookies(held, { ...context, embed: false });
  t.equal(cookies.length, 1);
  t.match(
    cookies[0],
    /^__Host-porthole_session=[\w.-]+; Path=\/; Max-Age=60; Secure; HttpOnly; SameSite=Lax$/,
  );
  t.same(heldFor(named(cookies[0]), { ...context, host: 'api--pr-42.preview.example.com' }), []);
  t.same(heldFor(named(cookies[0]), { host, sealer, nowMs: nowMs + 60_500 }), [], 'not beyond its end');
});

t.test('a frame of another site has a partitioned one too', async (t) => {
  const { context } = setting();
  const held = { pass, planted: [], expiresAtMs: nowMs + hourMs };
  const [own, embedded] = hostCookies(held, { ...context, embed: true });
  t.match(own, /^__Host-porthole_session=.*SameSite=Lax$/);
  t.match(embedded, /^__Host-porthole_embed=.*; Secure; HttpOnly; SameSite=None; Partitioned$/);
  t.equal(heldFor(named(embedded), context).length, 1);
  t.equal(heldFor(`${named(embedded)}; ${named(own)}`, context).length, 2);
});

t.test('it is sealed anew in time', async (t) => {
  const { sealer, context, cookie } = setting();
  const header = cookie();
  const stale = (at: number): boolean | undefined => heldFor(header, { ...context, nowMs: at })[0]?.stale;
  t.equal(stale(nowMs + hourMs - 1), false);
  t.equal(stale(nowMs + hourMs), true);
  sealer.generation = 2;
  t.equal(stale(nowMs), true, 'by a key that is not the newest');
  sealer.oldest = 2;
  t.equal(stale(nowMs), undefined, 'by a key that is gone');
});

t.test('what is forged, duplicated, too much or for something else', async (t) => {
  const { sealer, context, cookie } = setting();
  const forged = '__Host-porthole_session=forged';
  for (const header of [undefined, '', 'a=1', forged, `${cookie()}x`, `x${cookie()}`])
    t.same(heldFor(header, context), [], String(header));
  t.equal(heldFor(`${forged}; ${forged}; ${cookie()}`, context).length, 1, 'forged ones hide nothing');
  sealer.opened = 0;
  const many = `__Host-porthole_session=${'x'.repeat(4000)}; `.repeat(60) + cookie();
  t.same(heldFor(many, context), []);
  t.ok(sealer.opened <= 4, 'only a few are looked at');
  const login = `__Host-porthole_session=${sealer.seal('login', host, '{"p":"s:abc"}')}`;
  t.same(heldFor(login, context), [], 'of another purpose');
});

t.test('what says something else opens nothing', async (t) => {
  const { sealer, context } = setting();
  const good = { p: 's:abc', at: nowMs, exp: nowMs + 1000 };
  const read = (text: string) =>
    heldFor(`__Host-porthole_session=${sealer.seal('host', host, text)}`, context);
  t.equal(read(JSON.stringify(good)).length, 1);
  t.same(read(JSON.stringify({ ...good, hosts: ['a', 1] }))[0]?.planted, ['a']);
  const wrong = [
    { ...good, p: 'x:abc' },
    { ...good, p: 's:' },
    { ...good, p: 's:ABC' },
    { ...good, p: 1 },
    { ...good, at: '1' },
    { ...good, at: nowMs + hourMs },
    { ...good, exp: nowMs },
    { ...good, exp: undefined },
    [],
    null,
  ].map((value) => JSON.stringify(value));
  for (const text of [...wrong, '', '{']) t.same(read(text), [], text);
});

t.test('it does not grow for ever', async (t) => {
  const { context, cookie } = setting();
  const planted = Array.from({ length: 100 }, (_, index) => `${'s'.repeat(50)}${String(index)}--pr-42`);
  const header = cookie({ planted });
  t.equal(heldFor(header, context)[0]?.planted.length, maxPlanted);
  t.ok(header.length < 3000);
});

t.test('both are ended at once', async (t) => {
  t.same(clearHostCookies(), [
    '__Host-porthole_session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
    '__Host-porthole_embed=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=None; Partitioned',
  ]);
});
