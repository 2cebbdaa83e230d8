import fc from 'fast-check';
import t from 'tap';
import { heldFor } from '../../../server/access/host-cookie.ts';
import { grantToken } from '../../../server/access/grant-token.ts';
import { readHandOver } from '../../../server/access/hand-over.ts';
import { hasState } from '../../../server/access/state-cookie.ts';
import { dayMs, Door, doorKey, doorNowMs, hostOf } from '../../support/door.ts';

const id = 'abcdefghij27';
const link = grantToken(doorKey, 'link', id);
const token = grantToken(doorKey, 'token', id);
const hourMs = 3_600_000;
const basic = (password: string): string => `Basic ${Buffer.from(`x:${password}`).toString('base64')}`;
const named = (setCookie = ''): string => setCookie.split(';', 1)[0] ?? '';
const page = {
  navigation: true,
  context: { secFetchMode: 'navigate', secFetchDest: 'document', secFetchSite: 'none' },
};

function setting(...options: ConstructorParameters<typeof Door>): Door {
  const door = new Door(...options);
  door.offer('web--pr-42');
  door.logIn('a', { envPatterns: ['pr-*'] });
  return door;
}

t.test('what is public is open, and nothing is read for it', async (t) => {
  const door = setting();
  door.offer('web--pr-42', { access: 'public' });
  door.proof = { kind: 'unproven', prove: () => Promise.reject(new Error('not asked')) };
  const decision = door.decide({ cookie: door.cookie('s:a'), authorization: basic('x'), tokenHeader: 'x' });
  t.same(decision, { kind: 'allow', via: 'public', setCookies: [], spends: undefined, pass: undefined });
  t.equal(door.sealer.opened, 0);
  t.same(door.seen, []);
  t.same(door.failed, []);
});

t.test('a session opens what it may, and is noted as seen', async (t) => {
  const door = setting();
  t.same(door.decide({ cookie: door.cookie('s:a') }), {
    kind: 'allow',
    via: 'session',
    setCookies: [],
    spends: undefined,
    pass: { kind: 'session', id: 'a' },
  });
  t.same(door.seen, ['a']);
});

t.test('the same cookie again is not decrypted again, but what it names is looked up', async (t) => {
  const door = setting();
  const cookie = door.cookie('s:a');
  for (let count = 0; count < 10; count++) t.equal(door.decide({ cookie }).kind, 'allow');
  t.equal(door.sealer.opened, 1);
  door.viewers.delete('a');
  t.equal(door.decide({ cookie }).kind, 'login');
  door.logIn('a', { envPatterns: ['pr-*'] });
  t.equal(door.decide({ cookie }).kind, 'allow');
  door.offer('web--pr-42', { owner: 'bob', env: 'main' });
  t.equal(door.decide({ cookie }).kind, 'unknown');
  t.equal(door.sealer.opened, 1);
});

t.test('what is remembered of a cookie is for its host, for a moment', async (t) => {
  const door = setting();
  door.offer('api--pr-42');
  const cookie = door.cookie('s:a');
  t.equal(door.decide({ cookie }).kind, 'allow');
  t.equal(door.decide({ cookie, label: 'api--pr-42' }).kind, 'login');
  t.equal(door.decide({ cookie }).kind, 'allow');
  door.sealer.oldest = 2;
  door.nowMs += 5000;
  t.equal(door.decide({ cookie }).kind, 'login', 'its key was taken away');
});

t.test('a cookie ends in its time, also one that is remembered', async (t) => {
  const door = setting();
  const cookie = door.cookie('s:a', 'web--pr-42', { expiresAtMs: doorNowMs + 1000 });
  t.equal(door.decide({ cookie }).kind, 'allow');
  door.nowMs += 1000;
  t.equal(door.decide({ cookie }).kind, 'login');
});

t.test('it is sealed anew after an hour, and by the newest key, with the same end', async (t) => {
  const door = setting();
  const cookie = door.cookie('s:a', 'web--pr-42', { planted: ['api--pr-42'] });
  const renewed = (): unknown => {
    const decision = door.decide({ cookie });
    if (decision.kind !== 'allow') return undefined;
    const context = { host: hostOf('web--pr-42'), sealer: door.sealer, nowMs: door.nowMs };
    return heldFor(named(decision.setCookies[0]), context)[0];
  };
  t.equal(renewed(), undefined);
  door.nowMs += hourMs;
  const expected = {
    pass: { kind: 'session', id: 'a' },
    planted: ['api--pr-42'],
    expiresAtMs: doorNowMs + dayMs,
    atMs: door.nowMs,
    stale: false,
  };
  t.same(renewed(), expected);
  door.nowMs = doorNowMs;
  t.equal(renewed(), undefined);
  door.sealer.generation = 2;
  door.nowMs += 5000;
  t.match(renewed(), { expiresAtMs: doorNowMs + dayMs, atMs: door.nowMs });
});

t.test('the cookie of a frame is sealed anew as one', async (t) => {
  const door = setting({ embedOrigins: ['https://board.example.org'] });
  const cookie = door.cookie('s:a').replace('_session', '_embed');
  door.nowMs += hourMs;
  const decision = door.decide({ cookie });
  t.match(decision, { kind: 'allow', setCookies: [/_session=.*Lax$/, /_embed=.*Partitioned$/] });
});

t.test('hostile cookies cost little, and hide nothing that comes soon', async (t) => {
  const door = setting();
  const good = door.cookie('s:a');
  const huge = `__Host-porthole_session=${'x'.repeat(4000)}`;
  door.sealer.opened = 0;
  const many = `${huge}; `.repeat(60) + good;
  t.equal(door.decide({ cookie: many }).kind, 'login');
  t.ok(door.sealer.opened <= 8);
  t.equal(door.decide({ cookie: `${huge}; __Host-porthole_session=; ${good}` }).kind, 'allow');
  t.equal(door.decide({ cookie: `a=${'x'.repeat(32_000)}; ${good}` }).kind, 'allow');
  t.equal(door.decide({ cookie: `a=${good}` }).kind, 'login', 'inside of another');
});

t.test('of several cookies the one that opens it counts', async (t) => {
  const door = setting();
  door.logIn('b');
  t.equal(door.decide({ cookie: `${door.cookie('s:b')}; ${door.cookie('s:a')}` }).kind, 'allow');
  t.equal(door.decide({ cookie: `${door.cookie('s:b')}; ${door.cookie('s:none')}` }).kind, 'unknown');
});

t.test('a token in a header opens, is noted and does not go on', async (t) => {
  const door = setting();
  door.give(id, { kind: 'token' });
  const allowed = { kind: 'allow', via: 'token', setCookies: [], pass: { kind: 'grant', id } };
  t.match(door.decide({ tokenHeader: token }), { ...allowed, spends: undefined });
  t.match(door.decide({ authorization: `Bearer ${token}` }), { ...allowed, spends: 'authorization' });
  t.match(door.decide({ authorization: basic(token) }), { ...allowed, spends: 'authorization' });
  t.same(door.used, [id, id, id]);
  const both = { tokenHeader: token, authorization: 'Bearer of-the-app' };
  t.match(door.decide(both), { ...allowed, spends: undefined }, 'the app has its own');
});

t.test('a bad token does not lock out who has a good cookie, but does not go on either', async (t) => {
  const door = setting();
  const decision = door.decide({ cookie: door.cookie('s:a'), authorization: `Bearer ${token}x` });
  t.match(decision, { kind: 'allow', via: 'session', spends: 'authorization' });
  t.same(door.failed, []);
});

t.test('who shows wrong ones has to wait, who shows good ones never', async (t) => {
  const door = setting();
  door.give(id, { kind: 'token' });
  t.equal(door.decide({ tokenHeader: 'pht_x' }).kind, 'login');
  t.same(door.failed, ['192.0.2.1 pr-42']);
  door.waitSeconds = 7;
  t.same(door.decide({ tokenHeader: 'pht_x' }), { kind: 'limited', retryAfterSeconds: 7 });
  t.same(door.failed, ['192.0.2.1 pr-42'], 'not counted again');
  t.equal(door.decide({ tokenHeader: token }).kind, 'allow');
  t.equal(door.decide({ cookie: door.cookie('s:a'), tokenHeader: 'pht_x' }).kind, 'allow');
  t.same(door.decide({ label: 'nothing--there', tokenHeader: 'pht_x' }), {
    kind: 'limited',
    retryAfterSeconds: 7,
  });
  t.equal(door.decide({}).kind, 'login');
});

t.test("a link in a program's address is exchanged for a cookie", async (t) => {
  const door = setting();
  door.give(id);
  const decision = door.decide({ path: `/a?porthole-share=${link}` });
  t.match(decision, {
    kind: 'allow',
    via: 'link',
    setCookies: [/^__Host-porthole_session=.*Max-Age=86400;/],
  });
  const cookie = decision.kind === 'allow' ? named(decision.setCookies[0]) : '';
  t.match(door.decide({ cookie }), { kind: 'allow', via: 'link', setCookies: [] });
  const foreign = { secFetchSite: 'same-site', secFetchMode: 'no-cors', referer: 'https://evil.example/' };
  t.match(door.decide({ path: `/?porthole-share=${link}`, context: foreign }), {
    kind: 'allow',
    setCookies: [],
  });
  door.give(id, { expiresAt: undefined });
  t.match(door.decide({ path: `/?porthole-share=${link}` }), { setCookies: [/Max-Age=604800;/] });
});

t.test('a navigation is sent to the login pages, with what it came by', async (t) => {
  const door = setting();
  const decision = door.decide({
    ...page,
    path: `/a?b=1&porthole-share=${link}&_preevy_auth_hint=no&porthole-token=${token}`,
  });
  if (decision.kind !== 'hand-over') return void t.fail(decision.kind);
  const url = new URL(decision.location);
  t.equal(url.origin + url.pathname, 'https://preview.example.com/_porthole/login');
  const read = readHandOver(url.pathname + url.search);
  t.match(read, { value: { label: 'web--pr-42', path: '/a?b=1', share: link, token, chain: undefined } });
  t.ok(read.ok && hasState(named(decision.setCookies[0]), read.value.state));
  t.equal(decision.setCookies.length, 1);
  const again = door.decide({ ...page, cookie: named(decision.setCookies[0]), path: '/b' });
  t.match(again, { location: url.searchParams.get('state') ?? '', setCookies: decision.setCookies });
  t.same(door.failed, [], 'links are counted where they are taken');
});

t.test('in a frame where one may be, the state is one of a frame', async (t) => {
  const frame = {
    navigation: true,
    context: { secFetchMode: 'navigate', secFetchDest: 'iframe', secFetchSite: 'cross-site' },
  };
  t.match(setting().decide(frame), { setCookies: [/_state=.*SameSite=Lax$/] });
  const door = setting({ embedOrigins: ['https://board.example.org'] });
  t.match(door.decide(frame), { setCookies: [/_state_embed=.*Partitioned$/] });
});

t.test('a path that could lead elsewhere comes back to the start', async (t) => {
  const door = setting();
  for (const path of ['//evil.example', '/\\evil.example', '/%2fevil.example', '*', `/${'a'.repeat(3000)}`]) {
    const decision = door.decide({ ...page, path });
    t.match(decision, { kind: 'hand-over', location: 'return=%2F&' }, path.slice(0, 20));
  }
});

t.test('no login leads to what no route can be', async (t) => {
  const door = setting();
  const host = 'a--b--c--d.preview.example.com';
  t.same(door.decide({ ...page, host }), { kind: 'unknown' });
  t.equal(door.decide({ host }).kind, 'login');
});

t.test('who comes by a link and may see it anyway has a clean address', async (t) => {
  const door = setting();
  const cookie = door.cookie('s:a');
  t.match(door.decide({ ...page, cookie, path: `/caf\xc3\xa9?porthole-share=${link}&b` }), {
    kind: 'allow',
    detour: { location: 'https://web--pr-42.preview.example.com/caf%C3%A9?b', setCookies: [] },
  });
  t.match(door.decide({ cookie, path: `/?porthole-share=${link}` }), { kind: 'allow', detour: undefined });
});

t.test('what takes its time is proven first, and then decides', async (t) => {
  const door = setting();
  let proved = 0;
  door.proof = { kind: 'unproven', prove: async () => void (proved += 1) };
  const decision = door.decide({ authorization: basic('secret') });
  if (decision.kind !== 'prove') return void t.fail(decision.kind);
  await decision.prove();
  t.equal(proved, 1);
  const pass = { kind: 'grant', id: 'given' } as const;
  door.proof = { kind: 'proven', via: 'password', pass };
  t.same(door.decide({ authorization: basic('secret') }), {
    kind: 'allow',
    via: 'password',
    setCookies: [],
    spends: 'authorization',
    pass,
  });
  door.proof = { kind: 'refused' };
  t.equal(door.decide({ authorization: basic('secret') }).kind, 'login');
  t.equal(door.decide({ ...page, authorization: basic('secret') }).kind, 'hand-over');
  door.proof = { kind: 'limited', retryAfterSeconds: 3 };
  t.same(door.decide({ authorization: basic('secret') }), { kind: 'limited', retryAfterSeconds: 3 });
  t.equal(door.decide({ ...page, authorization: basic('secret') }).kind, 'hand-over');
});

t.test("with a good cookie the Authorization is the app's", async (t) => {
  const door = setting();
  door.proof = { kind: 'unproven', prove: () => Promise.resolve() };
  const decision = door.decide({ cookie: door.cookie('s:a'), authorization: basic('of the app') });
  t.match(decision, { kind: 'allow', via: 'session', spends: undefined });
});

t.test('Basic, which browsers repeat by themselves, counts from where a cookie does', async (t) => {
  const door = setting();
  door.give(id, { kind: 'token' });
  door.proof = { kind: 'proven', via: 'password', pass: undefined };
  const context = {
    secFetchSite: 'same-site',
    secFetchMode: 'no-cors',
    referer: 'https://web--evil.preview.example.com/',
  };
  t.equal(door.decide({ authorization: basic('secret'), context }).kind, 'origin');
  t.equal(door.decide({ authorization: basic(token), context }).kind, 'origin');
  t.equal(door.decide({ authorization: `Bearer ${token}`, context }).kind, 'allow');
});

t.test('a browser that asks for its own dialog gets it', async (t) => {
  const door = setting();
  const decision = door.decide({ ...page, path: '/?_preevy_auth_hint=basic' });
  t.same(decision, {
    kind: 'login',
    challenges: ['Bearer realm="porthole"', 'Basic realm="porthole", charset="UTF-8"'],
  });
  door.logIn('b');
  t.equal(
    door.decide({ ...page, cookie: door.cookie('s:b'), path: '/?_preevy_auth_hint=basic' }).kind,
    'login',
  );
});

t.test('the networks of the gateway go before everything', async (t) => {
  const door = setting({ visitorNetworks: ['198.51.100.0/24', '2001:db8::/32'] });
  door.offer('open--pr-42', { access: 'public' });
  const cookie = door.cookie('s:a');
  for (const asked of [{ cookie }, { ...page }, { label: 'open--pr-42' }, { address: 'unknown' }])
    t.same(door.decide(asked), { kind: 'unknown' });
  for (const address of ['198.51.100.7', '2001:db8::1', '::ffff:198.51.100.7'])
    t.equal(door.decide({ cookie, address }).kind, 'allow', address);
});

t.test('what is not for a network is what is not there, for those who come from it', async (t) => {
  const door = setting();
  const from = '198.51.100.0/24';
  const limited = [
    ['open--pr-42', door.offer('open--pr-42', { access: 'public', from })],
    ['shut--pr-42', door.offer('shut--pr-42', { from })],
  ] as const;
  door.give(id, { kind: 'token' });
  door.logIn('b', { admin: true });
  const told = (label: string, asked: Parameters<Door['decide']>[0]): string =>
    JSON.stringify(door.decide({ ...asked, label }))
      .replaceAll(label, 'LABEL')
      .replace(/(?<=state=)[\w-]+/g, '');
  for (const [label] of limited) {
    for (const asked of [{}, { ...page }, { tokenHeader: token }, { authorization: `Bearer ${token}` }])
      t.equal(
        told(label, asked).replace(/"setCookies":.*/, ''),
        told('none--pr-99', asked).replace(/"setCookies":.*/, ''),
      );
    for (const session of ['s:a', 's:b'] as const)
      t.same(door.decide({ label, cookie: door.cookie(session, label) }), { kind: 'unknown' }, session);
    const within = { label, address: '198.51.100.7', tokenHeader: token };
    t.equal(door.decide(within).kind, 'allow');
  }
});

t.test('a browser that has come in is led through new hosts, once', async (t) => {
  const door = setting();
  for (const label of ['pr-42', 'api--pr-42', 'db--pr-42']) door.offer(label);
  door.online = ['pr-42', 'web--pr-42', 'api--pr-42'];
  const cookie = door.cookie('s:a', 'web--pr-42', { planted: ['pr-42'] });
  const decision = door.decide({ ...page, cookie, path: '/a?b' });
  if (decision.kind !== 'allow' || decision.detour === undefined) return void t.fail(decision.kind);
  const { location, setCookies } = decision.detour;
  const read = readHandOver(new URL(location).search);
  t.match(read, {
    value: { label: 'web--pr-42', path: '/a?b', chain: { home: 'web--pr-42', rest: ['api--pr-42'] } },
  });
  const [stateCookie, hostCookie] = setCookies.map((each) => named(each));
  t.ok(read.ok && hasState(stateCookie, read.value.state));
  const after = door.decide({ ...page, cookie: hostCookie ?? '' });
  t.match(after, { kind: 'allow', detour: undefined }, 'whatever became of it');
  door.online = [...door.online, 'db--pr-42'];
  t.match(door.decide({ ...page, cookie: hostCookie ?? '' }), { detour: { location: 'rest=db--pr-42' } });
});

t.test('nobody else is led about', async (t) => {
  const door = setting();
  door.offer('api--pr-42');
  door.online = ['web--pr-42', 'api--pr-42'];
  door.give('given');
  const cookie = door.cookie('s:a');
  const other = { ...page.context, secFetchDest: 'iframe', secFetchSite: 'same-origin' };
  const asked = [
    { cookie },
    { cookie, navigation: true },
    { ...page, cookie, method: 'HEAD' },
    { ...page, cookie, context: other },
    { ...page, cookie, path: `/${'a'.repeat(3000)}` },
  ];
  for (const each of asked) t.match(door.decide(each), { kind: 'allow', detour: undefined });
  t.match(door.decide({ ...page, cookie: door.cookie('g:given') }), {
    detour: { location: 'rest=api--pr-42' },
  });
});

t.test('nothing that somebody makes up is an error, or lets them in', async () => {
  const door = setting({ embedOrigins: ['https://board.example.org'] });
  const piece = fc.constantFrom(
    ...[
      '__Host-porthole_session',
      '__Host-porthole_embed',
      '__Host-porthole_state',
      '=',
      ';',
      ' ',
      ',',
      'pht_',
      '.',
    ],
    ...[
      'Basic ',
      'Bearer ',
      '?',
      '&',
      'porthole-share',
      'porthole-token',
      '_preevy_auth_hint=basic',
      '/',
      '\\',
      '%',
    ],
    ...[
      'https://',
      'web--pr-42',
      '.preview.example.com',
      'same-origin',
      'navigate',
      'iframe',
      'document',
      '\uffff',
    ],
  );
  const text = fc.option(
    fc.oneof(
      piece,
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.string({ maxLength: 20 }),
    ),
    { nil: undefined },
  );
  const context = fc.record({
    ...{ origin: text, referer: text, secFetchSite: text, secFetchMode: text, secFetchDest: text },
    ...{ corsMethod: text, corsHeaders: text },
  });
  const request = fc.record({
    ...{ cookie: text, authorization: text, shareHeader: text, tokenHeader: text, context },
    ...{
      navigation: fc.boolean(),
      upgrade: fc.boolean(),
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS'),
    },
    ...{ path: text.map((path = '/') => path), host: text.map((host = '') => host) },
  });
  fc.assert(
    fc.property(request, (asked) => door.decide(asked).kind !== 'allow'),
    { numRuns: 1000 },
  );
});

t.test('it says when something may have changed', async (t) => {
  const door = setting();
  let changes = 0;
  door.keeper.onChange(() => (changes += 1));
  door.change();
  t.equal(changes, 3, 'sessions, grants, viewers');
});
