import t from 'tap';
import { ApiTokens } from '../../../server/access/api-tokens.ts';
import { AttemptLimits } from '../../../server/access/attempt-limits.ts';
import type { KeyAccount } from '../../../server/access/key-account.ts';
import { loginCookie } from '../../../server/access/login-cookie.ts';
import { newSessionId } from '../../../server/access/record-ids.ts';
import type { Account, SessionRecord } from '../../../server/access/session-record.ts';
import { ApiCallers, type ApiCaller } from '../../../server/admin/api-callers.ts';
import type { Identity } from '../../../server/identity/identity.ts';
import type { EndpointHeaders } from '../../../server/pages/own-endpoint.ts';
import { identityOf } from '../../support/admin-setting.ts';
import { nobody, PlainSealer } from '../../support/door.ts';
import { endpointCall } from '../../support/endpoint-call.ts';
import { keyAccount, newSession, personAccount } from '../../support/visit-records.ts';

const loginHost = 'preview.example.com';
const loginOrigin = `https://${loginHost}`;
const account = keyAccount() as KeyAccount;
const hourMs = 3_600_000;

function setting() {
  const clock = { now: Date.UTC(2026, 10, 22, 18) };
  const sealer = new PlainSealer();
  const now = (): number => clock.now;
  const apiTokens = new ApiTokens({ sealer, host: loginHost, now });
  /** What ana's key is now. */
  const known: { identity: Identity | undefined; viewer: boolean } = {
    identity: identityOf({ principal: 'ana', role: 'member' }),
    viewer: true,
  };
  const sessions = new Map<string, SessionRecord>();
  const seen: string[] = [];
  const attempts = new AttemptLimits({ now: () => 0 });
  const callers = new ApiCallers({
    ...{ apiTokens, sealer, attempts, loginOrigin, loginHost, now },
    identities: { identityOf: () => known.identity },
    sessions: {
      byId: (id) => sessions.get(id),
      seen: (id) => void seen.push(id),
    },
    viewers: { viewerOf: () => (known.viewer ? nobody : undefined) },
  });
  const token = (): string => {
    const made = apiTokens.make(account, hourMs);
    return made.ok ? made.value.token : '';
  };
  const ask = (headers: Partial<EndpointHeaders>, call: { method?: 'POST'; host?: string } = {}): ApiCaller =>
    callers.callerOf(endpointCall({ path: '/_porthole/api', host: loginHost, ...call, headers }));
  const cookie = (of: Account = account): { id: string; cookie: string } => {
    const id = newSessionId();
    const createdAt = clock.now;
    const record = newSession({ id, account: of, createdAt, expiresAt: createdAt + hourMs });
    const use = {
      lastSeenAt: createdAt,
      lastSeenFrom: '192.0.2.1',
      endedAt: undefined,
      endedReason: undefined,
    };
    sessions.set(id, { ...record, ...use });
    const context = { host: loginHost, sealer, nowMs: createdAt, ttlMs: hourMs };
    return { id, cookie: loginCookie({ sessionId: id, grants: [] }, context).split(';')[0] ?? '' };
  };
  return { clock, known, sessions, seen, attempts, token, ask, cookie };
}

t.test('a token speaks for its key, from where it is sent', (t) => {
  const { clock, ask, token } = setting();
  for (const authorization of [`Bearer ${token()}`, `bearer  ${token()}`]) {
    const asked = ask({ authorization });
    t.match(asked.kind === 'caller' && asked.caller(), {
      ok: true,
      value: {
        identity: { principal: 'ana', role: 'member' },
        address: '192.0.2.1',
        via: { kind: 'api-token', id: /^[a-z2-7]{12}$/, until: clock.now + hourMs },
      },
    });
  }
  t.equal(
    ask({ authorization: `Bearer ${token()}`, origin: 'https://evil.test' }, { method: 'POST' }).kind,
    'caller',
  );
  t.equal(ask({ authorization: `Bearer ${token()}` }, { host: 'other.example.com' }).kind, 'caller');
  t.end();
});

t.test('what is no token is told so, and counted', (t) => {
  const { ask, attempts, token } = setting();
  const wrong = {
    kind: 'failure',
    code: 'ERR_LOGIN_REQUIRED',
    headers: ['WWW-Authenticate', /^Bearer .*invalid_token/],
  };
  const texts = [
    '',
    'Bearer',
    'Bearer nonsense',
    `Basic ${btoa(`x:${token()}`)}`,
    `Bearer ${token()}x`,
    token(),
    `Bearer ${token()},Bearer ${token()}`,
    'Bearer pht_abc.def',
    'Negotiate x',
    'Bearer x y',
  ];
  for (const authorization of texts) t.match(ask({ authorization }), wrong, authorization);
  t.match(ask({ authorization: 'Bearer pha_x' }), wrong);
  t.match(ask({ authorization: 'Bearer pha_x' }), { code: 'ERR_LIMIT', retryAfterSeconds: 1 });
  t.notOk(attempts.check('192.0.2.1', 'pr-42').ok, 'for all that can be tried');
  t.equal(ask({ authorization: `Bearer ${token()}` }).kind, 'caller', 'a good one is no attempt');
  t.ok(attempts.check('192.0.2.1', 'pr-42').ok);
  t.end();
});

t.test('a token that is over, or whose key is, is no attempt, and of no use', (t) => {
  const { clock, known, ask, attempts, token } = setting();
  const authorization = `Bearer ${token()}`;
  const asked = ask({ authorization });
  known.identity = undefined;
  const spent = { code: 'ERR_LOGIN_REQUIRED', headers: ['WWW-Authenticate', /invalid_token/] };
  t.match(ask({ authorization }), { ...spent, reason: /not accepted here any more/ });
  t.match(asked.kind === 'caller' && asked.caller(), { ok: false }, 'also of one that was asked before');
  clock.now += hourMs;
  t.match(ask({ authorization }), { ...spent, reason: /expired/ });
  t.equal(attempts.size.sources, 0);
  t.end();
});

t.test('a browser is who is signed in there, on pages of the gateway itself', (t) => {
  const { clock, seen, ask, cookie } = setting();
  const browser = cookie();
  const own = { cookie: browser.cookie, origin: loginOrigin, secFetchSite: 'same-origin' };
  const asked = ask(own, { method: 'POST' });
  t.match(asked.kind === 'caller' && asked.caller(), {
    value: {
      identity: { principal: 'ana' },
      via: { kind: 'session', id: browser.id, until: clock.now + hourMs },
    },
  });
  t.same(seen, [browser.id]);
  t.equal(
    ask({ ...own, secFetchSite: undefined }, { method: 'POST' }).kind,
    'caller',
    'browsers that say less',
  );
  t.equal(ask({ ...own, origin: undefined }).kind, 'caller', 'a GET has no origin');
  t.equal(ask({ cookie: browser.cookie, secFetchSite: 'none' }).kind, 'caller', 'typed');
  t.equal(ask({ cookie: browser.cookie }).kind, 'caller', 'a program');
  t.end();
});

t.test('a cookie counts nowhere else', (t) => {
  const { seen, ask, cookie } = setting();
  const browser = { cookie: cookie().cookie };
  const refused = { kind: 'failure', code: 'ERR_ORIGIN_REFUSED' };
  for (const origin of [
    undefined,
    'null',
    '',
    'https://web--pr-42.preview.example.com',
    'http://preview.example.com',
    `${loginOrigin}:8443`,
    'https://evil.test',
  ]) {
    t.match(ask({ ...browser, origin }, { method: 'POST' }), refused, `POST from ${String(origin)}`);
    if (origin !== undefined) t.match(ask({ ...browser, origin }), refused, `GET from ${origin}`);
  }
  for (const secFetchSite of ['same-site', 'cross-site', 'none', ''])
    t.match(
      ask({ ...browser, origin: loginOrigin, secFetchSite }, { method: 'POST' }),
      refused,
      secFetchSite,
    );
  for (const secFetchSite of ['same-site', 'cross-site'])
    t.match(ask({ ...browser, secFetchSite }), refused, `GET ${secFetchSite}`);
  t.match(ask(browser, { host: 'other.example.com' }), { code: 'ERR_LOGIN_REQUIRED' });
  t.same(seen, []);
  t.end();
});

t.test('who is not signed in, or no longer, has to show something', (t) => {
  const { clock, known, sessions, ask, cookie } = setting();
  const none = { code: 'ERR_LOGIN_REQUIRED', headers: ['WWW-Authenticate', 'Bearer realm="porthole"'] };
  t.match(ask({}), none);
  t.match(ask({ cookie: '__Host-porthole_login=nonsense' }), none);
  const browser = cookie();
  const before = ask(browser);
  const record = sessions.get(browser.id);
  if (record === undefined) throw new Error('there is a session');
  sessions.set(browser.id, { ...record, endedAt: clock.now });
  t.match(ask(browser), none);
  t.match(before.kind === 'caller' && before.caller(), { ok: false });
  sessions.set(browser.id, record);
  t.match(before.kind === 'caller' && before.caller(), { ok: true });
  known.identity = undefined;
  t.match(ask(browser), none);
  known.viewer = false;
  t.match(ask(browser), none);
  clock.now += hourMs;
  t.match(ask(browser), none);
  t.end();
});

t.test('whom only a provider knows gives no commands, and is told what to do', (t) => {
  const { known, ask, cookie } = setting();
  const browser = cookie(personAccount());
  t.match(ask(browser), { code: 'ERR_NOT_AUTHORISED', reason: /by google.*accounts of keys/, next: /login/ });
  t.match(ask({ ...browser, origin: 'https://evil.test' }), { code: 'ERR_ORIGIN_REFUSED' });
  known.viewer = false;
  t.match(ask(browser), { code: 'ERR_LOGIN_REQUIRED' });
  t.end();
});
