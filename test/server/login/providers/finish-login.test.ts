import t from 'tap';
import type { GrantRecord } from '../../../../server/access/grant-record.ts';
import { stateHash } from '../../../../server/access/state-cookie.ts';
import { BeginLogin } from '../../../../server/login/providers/begin-login.ts';
import { FinishLogin } from '../../../../server/login/providers/finish-login.ts';
import type { EndpointAnswer } from '../../../../server/pages/own-endpoint.ts';
import { endpointCall } from '../../../support/endpoint-call.ts';
import type { TestScope } from '../../../support/scope.ts';
import { clientSecret } from './fake-provider.ts';
import { headersOf, startLogins } from './started-logins.ts';

const state = stateHash('nonce');
const handOver = new URLSearchParams({ to: 'web--pr-42', return: '/a?b=c', state }).toString();

async function start(t: TestScope, rules?: string) {
  const all = await startLogins(t, rules);
  all.provider.claims = { email: 'ana@example.com', email_verified: true };
  const begin = new BeginLogin(all.logins);
  const finish = new FinishLogin(all.logins);
  /** A browser that begins a login: its cookie, and what it brings back. */
  const browse = async (query = handOver, cookie?: string) => {
    const path = `${begin.path}?provider=test&${query}`;
    const answer = headersOf(await begin.answer(endpointCall({ path, headers: { cookie } })));
    const [location = ''] = answer['location'] as string[];
    return { cookie: cookieOf(answer), back: all.provider.login(location) };
  };
  const comeBack = (back: URLSearchParams, cookie: string | undefined): Promise<EndpointAnswer> =>
    finish.answer(
      endpointCall({ path: `${finish.path}?${back.toString()}`, headers: { cookie, accept: 'text/html' } }),
    );
  return { ...all, finish, browse, comeBack };
}

function cookieOf(headers: Record<string, unknown>): string {
  const all = headers['set-cookie'] as string[];
  return (all.find((each) => each.startsWith('__Host-porthole_oidc=')) ?? '').split(';', 1).join('');
}

t.test('whom a rule admits gets a session, and goes on', async (t) => {
  const { browse, comeBack, signedIn, audited, finish } = await start(t);
  t.match(finish, { path: '/_porthole/login/callback', on: 'gateway', methods: ['GET'] });
  const { cookie, back } = await browse();
  const answer = headersOf(await comeBack(back, cookie));
  t.match(answer, { status: 303, location: ['/in'] });
  t.match(answer['set-cookie'], ['login=yes', /^__Host-porthole_oidc=; .*Max-Age=0/]);
  t.match(signedIn, [
    {
      account: { kind: 'person', provider: 'test', subject: 'ana-1', email: 'ana@example.com' },
      then: { label: 'web--pr-42', path: '/a?b=c', state },
      detail: { provider: 'test', subject: 'ana-1' },
    },
  ]);
  t.same(audited, []);
  const plain = await browse('');
  await comeBack(plain.back, plain.cookie);
  t.equal(signedIn[1]?.then, undefined);
});

t.test('several tabs end in any order, each once', async (t) => {
  const { browse, comeBack, signedIn } = await start(t);
  const first = await browse('');
  const second = await browse(handOver, first.cookie);
  const answer = headersOf(await comeBack(first.back, second.cookie));
  t.equal(signedIn.length, 1);
  await comeBack(second.back, cookieOf(answer));
  t.match(signedIn[1], { then: { label: 'web--pr-42' } });
  for (const { back } of [first, second]) {
    t.match(headersOf(await comeBack(back, second.cookie)), {
      status: 400,
      'porthole-error': ['ERR_LOGIN_STALE'],
    });
  }
  t.equal(signedIn.length, 2);
});

t.test('a state that is missing, made up, of another browser or too old', async (t) => {
  const { browse, comeBack, signedIn, audited, clock, provider } = await start(t);
  const { cookie, back } = await browse();
  const other = await browse();
  const twice = new URLSearchParams(back);
  twice.append('state', 'x');
  const without = new URLSearchParams(back);
  without.delete('state');
  const stale = {
    status: 400,
    'porthole-error': ['ERR_LOGIN_STALE'],
    'content-security-policy': [/default-src 'none'/],
  };
  for (const [query, header] of [
    [back, undefined],
    [back, other.cookie],
    [without, cookie],
    [twice, cookie],
    [new URLSearchParams({ state: 'x' }), cookie],
    [new URLSearchParams(), undefined],
    [new URLSearchParams({ error: 'access_denied' }), cookie],
  ] as const)
    t.match(headersOf(await comeBack(query, header)), stale);
  clock.nowMs += 600_000;
  t.match(headersOf(await comeBack(back, cookie)), stale);
  t.same(signedIn, []);
  t.notOk(provider.asked.includes('/token'), 'no code is shown to anybody');
  t.match(audited[0], { action: 'login.refused', result: 'refused', address: '192.0.2.1' });
});

t.test('whom nobody admits is told with their address', async (t) => {
  const { browse, comeBack, signedIn, audited, provider, grants } = await start(t);
  const answerFor = async (claims: Record<string, unknown>) => {
    provider.claims = claims;
    const { cookie, back } = await browse();
    return headersOf(await comeBack(back, cookie));
  };
  const eve = { email: 'Eve<b>@elsewhere.com', email_verified: true };
  const answer = await answerFor({ ...eve, email: 'eve@elsewhere.com' });
  t.match(answer, { status: 403, 'porthole-error': ['ERR_LOGIN_REFUSED'] });
  t.match(answer.body, /eve@elsewhere\.com is not invited here/);
  t.match(answer.body, /href="\/_porthole\/login\/with\?provider=test&#38;another=1&#38;to=web--pr-42/);
  t.match(answer['set-cookie'], [/Max-Age=0/]);
  t.match((await answerFor(eve)).body, /Eve&#60;b&#62;@elsewhere\.com/);
  t.match((await answerFor({ email: 'ana@example.com' })).body, /does not say that this address is verified/);
  t.match((await answerFor({})).body, /says nothing of your address/);
  t.same(signedIn, []);
  t.match(audited[0], {
    action: 'login.refused',
    target: 'eve@elsewhere.com',
    detail: { provider: 'test', subject: 'ana-1', reason: /neither a rule nor a share link/, request: 'r-1' },
  });

  const link = { kind: 'link', emails: ['eve@elsewhere.com'], expiresAt: Date.now() + 60_000 };
  grants.push(link as unknown as GrantRecord);
  t.match(await answerFor({ ...eve, email: 'eve@elsewhere.com' }), { status: 303 });
  t.match(signedIn, [{ account: { email: 'eve@elsewhere.com' } }]);
});

t.test('groups are asked for where a rule speaks of them', async (t) => {
  const { browse, comeBack, signedIn, provider } = await start(t, '[[people]]\ngroups = ["eng-*"]\n');
  provider.userInfo = { sub: 'ana-1', groups: ['eng-web'] };
  const { cookie, back } = await browse();
  await comeBack(back, cookie);
  t.match(signedIn, [{ account: { groups: ['eng-web'] } }]);
});

t.test('each way to fail has its page, its audit and its log, and no secrets', async (t) => {
  const { browse, comeBack, signedIn, audited, provider, lines } = await start(t);
  const denied = await browse();
  denied.back.delete('code');
  denied.back.set('error', 'access_denied');
  const deniedAnswer = headersOf(await comeBack(denied.back, denied.cookie));
  t.match(deniedAnswer, { status: 403, 'porthole-error': ['ERR_LOGIN_REFUSED'] });
  t.match(deniedAnswer.body, /You did not sign in with Test &#38; Co/);
  t.match(deniedAnswer.body, /Other ways to sign in/);

  provider.claims = { nonce: 'a nonce' };
  const refused = await browse();
  t.match(headersOf(await comeBack(refused.back, refused.cookie)), { status: 403 });
  t.match(audited, [{ detail: { reason: /access_denied/ } }, { detail: { reason: /nonce/ } }]);

  provider.answers.set('/token', { status: 503, body: '' });
  const down = await browse();
  const downAnswer = headersOf(await comeBack(down.back, down.cookie));
  t.match(downAnswer, { status: 503, 'porthole-error': ['ERR_PROVIDER_UNAVAILABLE'] });
  t.match(downAnswer.body, /Try again with Test &#38; Co/);
  t.match(lines.at(-1), { level: 'error', msg: 'login provider unavailable', reason: /503/ });
  t.same(signedIn, []);

  const written = JSON.stringify([audited, lines]);
  for (const { back } of [denied, refused, down])
    for (const name of ['code', 'state']) if (back.has(name)) t.notMatch(written, back.get(name) ?? '');
  t.notMatch(written, clientSecret);
  t.notMatch(written, 'a nonce');
});
