import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import type { CertificateIssuer, IssueRequest } from '../../../server/identity/issuer.ts';
import { parsePolicies } from '../../../server/oidc/parse-policies.ts';
import type { NewGrant } from '../../../server/access/grant-record.ts';
import { grantIdOf } from '../../../server/access/grant-token.ts';
import { defaultLimits, TokenExchange, type ExchangeAnswer } from '../../../server/oidc/token-exchange.ts';
import { VisitTokens } from '../../../server/oidc/visit-tokens.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { createLog } from '../../support/log-lines.ts';
import { makeKey } from '../../support/ssh-keys.ts';
import { FakeIssuer, signingKey } from './fake-issuer.ts';

const key = await signingKey();
const grantKey = Buffer.alloc(32, 7);
const ann = makeKey(t);
const bob = makeKey(t);
const text = `[[policy]]
name = "shop"
issuer = "https://ci.test"
claims = { repository = "acme/shop" }
env = ["pr-*"]
principal = "ci:\${repository}"
max-ttl = "2h"
`;
const visiting = `[[policy]]
name = "tests"
issuer = "https://ci.test"
claims = { repository = "acme/shop" }
env = ["pr-*"]
principal = "ci:\${repository}"
visit = true
`;

function makeExchange(options: { certificates?: CertificateIssuer; maxUsedTokens?: number } = {}) {
  const issuer = new FakeIssuer([key]);
  const issued: IssueRequest[] = [];
  const granted: NewGrant[] = [];
  const audited: AuditEntry[] = [];
  const { log, lines } = createLog();
  const state: { text: string; failure?: Error } = { text };
  const exchange = new TokenExchange({
    policies: () => {
      const parsed = parsePolicies(state.text, 'https://gw.test');
      return parsed.ok ? parsed.policies : [];
    },
    certificates: {
      issue: (request) => {
        issued.push(request);
        return Promise.resolve({ line: 'CERTIFICATE', serial: '7', expiresAt: request.expiresAt });
      },
    },
    visitTokens: new VisitTokens({
      grants: {
        change: (changes, entry) => {
          if (state.failure !== undefined) return Promise.reject(state.failure);
          for (const change of changes) if (change.kind === 'add') granted.push(change.grant);
          audited.push(entry);
          return Promise.resolve();
        },
      },
      grantKey,
      ownerOf: (env) => (env === 'pr-99' ? undefined : 'ana'),
    }),
    audit: { record: (entry) => audited.push(entry) },
    log,
    now: () => issuer.nowMs,
    keysOf: () => keys,
    ...options,
  });
  const keys = issuer.issuerKeys;
  const ask = (token: string, more: Record<string, unknown> = {}): Promise<ExchangeAnswer> =>
    exchange.answer({
      body: Buffer.from(JSON.stringify({ token, publicKey: ann.line, ...more })),
      address: '192.0.2.1',
      requestId: 'r1',
    });
  const askToVisit = (token: string, more: Record<string, unknown> = {}): Promise<ExchangeAnswer> =>
    ask(token, { publicKey: undefined, for: 'visit', env: 'pr-42', ...more });
  const good = (claims = {}): Promise<string> => issuer.token(key, { repository: 'acme/shop', ...claims });
  return { exchange, issuer, issued, granted, audited, lines, ask, askToVisit, good, state };
}

const refused = { kind: 'failure', code: 'ERR_TOKEN_REFUSED' };

t.test('a token for a certificate', async (t) => {
  const { issuer, issued, audited, lines, ask, good } = makeExchange();
  const token = await good();
  const expiresAt = issuer.nowMs + 2 * 3_600_000;
  t.same(await ask(token), {
    kind: 'json',
    value: {
      certificate: 'CERTIFICATE',
      expiresAt: new Date(expiresAt).toISOString(),
      env: ['pr-*'],
      role: 'machine',
      principal: 'ci:acme/shop',
      serial: '7',
    },
  });
  t.match(issued, [
    { principal: 'ci:acme/shop', role: 'machine', envPatterns: ['pr-*'], expiresAt, issuedFor: 'oidc shop' },
  ]);
  t.same(Buffer.from(issued[0]?.key.blob ?? []), ann.blob);
  t.match(audited, [
    {
      action: 'oidc.exchange',
      result: 'ok',
      principal: 'ci:acme/shop',
      address: '192.0.2.1',
      target: 'repo:acme/shop',
      detail: { policy: 'shop', issuer: 'https://ci.test', serial: '7', request: 'r1' },
    },
  ]);
  t.notMatch(
    JSON.stringify([audited, lines]),
    new RegExp(token.split('.')[2] ?? 'none'),
    'the token is nowhere',
  );
});

t.test('less may be asked for, and never more is given', async (t) => {
  const { issuer, issued, ask, good } = makeExchange();
  const token = await good();
  t.match(await ask(token, { ttl: '10m', env: ['pr-42'] }), { value: { env: ['pr-42'] } });
  t.match(await ask(token, { ttl: '30d' }), { kind: 'json' });
  t.same(
    issued.map((request) => request.expiresAt - issuer.nowMs),
    [600_000, 7_200_000],
  );
  for (const env of ['staging', '*', 'p*', 'pr?1']) t.match(await ask(token, { env }), refused, env);
  t.equal(issued.length, 2);
});

t.test('one token is for one key', async (t) => {
  const { audited, ask, good } = makeExchange();
  const token = await good();
  t.match(await ask(token), { kind: 'json' });
  t.match(await ask(token), { kind: 'json' }, 'its answer may have been lost');
  t.match(await ask(token, { publicKey: bob.line }), { ...refused, reason: /another key/ });
  t.match(audited.at(-1), { result: 'refused', detail: { reason: /another key/ } });
  t.match(await ask(await good({ sub: 'other' }), { publicKey: bob.line }), { kind: 'json' });
});

t.test('a token with an id is the same in every form', async (t) => {
  const { ask, good } = makeExchange();
  t.match(await ask(await good({ jti: 'one' })), { kind: 'json' });
  t.match(await ask(await good({ jti: 'one', extra: 1 }), { publicKey: bob.line }), refused);
  t.match(await ask(await good({ jti: 'two' }), { publicKey: bob.line }), { kind: 'json' });
});

t.test('no room for more tokens is no way around that', async (t) => {
  const { ask, good } = makeExchange({ maxUsedTokens: 1 });
  t.match(await ask(await good({ jti: 'one' })), { kind: 'json' });
  t.match(await ask(await good({ jti: 'two' })), { kind: 'failure', code: 'ERR_LIMIT' });
});

t.test('a token to visit, by a policy that says so', async (t) => {
  const { issuer, issued, granted, audited, lines, askToVisit, good, state } = makeExchange();
  t.match(await askToVisit(await good()), { ...refused, reason: /lets this token visit/ });
  t.match(audited, [{ action: 'oidc.exchange', result: 'refused' }]);
  state.text = visiting;
  const token = await good({ jti: 'one' });
  const answer = await askToVisit(token, { ttl: '10m' });
  const until = issuer.nowMs + 600_000;
  t.match(answer, {
    kind: 'json',
    value: { token: /^pht_/, expiresAt: new Date(until).toISOString(), env: 'pr-42', id: /^[a-z2-7]{12}$/ },
  });
  const given = (answer.kind === 'json' ? answer.value : {}) as { token: string; id: string };
  t.equal(grantIdOf(grantKey, 'token', given.token), given.id);
  t.match(granted, [
    {
      id: given.id,
      kind: 'token',
      env: 'pr-42',
      service: undefined,
      owner: 'ana',
      name: 'oidc tests',
      createdBy: 'ci:acme/shop',
      expiresAt: until,
    },
  ]);
  t.match(audited.slice(1), [
    { action: 'token.create', target: 'pr-42', principal: 'ci:acme/shop', detail: { policy: 'tests' } },
    { action: 'oidc.exchange', result: 'ok', detail: { policy: 'tests', for: 'visit', id: given.id } },
  ]);
  t.notMatch(JSON.stringify([audited, lines]), given.token);
  t.equal(issued.length, 0, 'and no certificate');
});

t.test('it is for what the policy says, and for what is there', async (t) => {
  const { issuer, granted, askToVisit, good, state } = makeExchange();
  state.text = visiting;
  t.match(await askToVisit(await good(), { env: 'staging' }), refused);
  t.match(await askToVisit(await good({ repository: 'evil/shop' })), refused);
  t.match(await askToVisit(await good(), { env: 'pr-99' }), { kind: 'failure', code: 'ERR_ENV_UNKNOWN' });
  t.match(await askToVisit(await good(), { env: 'pr-*' }), { kind: 'failure', code: 'ERR_BAD_REQUEST' });
  t.equal(granted.length, 0);
  t.match(await askToVisit(await good(), { ttl: '30d' }), { kind: 'json' });
  t.equal(granted[0]?.expiresAt, issuer.nowMs + 3_600_000, 'not for longer than the policy allows');
});

t.test('one token of a job gives one for each environment, and its certificate', async (t) => {
  const { ask, askToVisit, good, state } = makeExchange();
  state.text = visiting;
  const token = await good();
  t.match(await ask(token), { kind: 'json' });
  t.match(await askToVisit(token), { kind: 'json' });
  t.match(await askToVisit(token), { ...refused, reason: /was used for this environment/ });
  t.match(await askToVisit(token, { env: 'pr-43' }), { kind: 'json' });
});

t.test('one that could not be written down may be asked for again', async (t) => {
  const { askToVisit, good, state } = makeExchange();
  state.text = visiting;
  const token = await good();
  state.failure = new PortholeError('ERR_STORE_UNAVAILABLE');
  t.match(await askToVisit(token), { kind: 'failure', code: 'ERR_STORE_UNAVAILABLE' });
  delete state.failure;
  t.match(await askToVisit(token), { kind: 'json' });
});

t.test('what kept a token out is for the log and the audit; strangers learn little', async (t) => {
  const { audited, lines, ask, good } = makeExchange();
  const answer = await ask(await good({ repository: 'evil/shop' }));
  t.match(answer, { ...refused, reason: 'No policy of this gateway admits this token.' });
  t.notMatch(JSON.stringify(answer), /repository|"shop"|acme/);
  t.match(lines.at(-1), {
    msg: 'oidc exchange',
    requestId: 'r1',
    reason: /shop: the claim repository is the text .*evil/,
  });
  t.match(audited, [{ result: 'refused', detail: { reason: /repository/, issuer: 'https://ci.test' } }]);
  t.match(await ask(await good({ aud: 'https://other.test' })), {
    ...refused,
    reason: /another audience: https:\/\/other/,
  });
});

t.test('what nobody has proven is not audited', async (t) => {
  const { audited, lines, ask, good, issuer } = makeExchange();
  t.match(await ask('nonsense'), { ...refused, reason: /not a signed ID token/ });
  t.match(await ask(await issuer.token(await signingKey('ES256', key.kid))), refused);
  t.match(await ask(await good({ exp: 1 })), { ...refused, reason: /expired/ });
  t.equal(audited.length, 0);
  t.equal(lines.filter(({ msg }) => msg === 'oidc exchange').length, 3);
});

t.test('the policies of the moment hold', async (t) => {
  const { ask, good, state, issuer } = makeExchange();
  t.match(await ask(await good()), { kind: 'json' });
  state.text = 'broken';
  t.match(await ask(await good({ jti: 'x' })), refused);
  t.equal(issuer.asked, 1);
});

t.test('an issuer that is down is told', async (t) => {
  const { ask, good, issuer, lines } = makeExchange();
  const token = await good();
  issuer.down = true;
  t.match(await ask(token), { kind: 'failure', code: 'ERR_ISSUER_UNAVAILABLE', retryAfterSeconds: 5 });
  t.match(lines.at(-1), { level: 'error', reason: /ECONNREFUSED/ });
});

t.test('without an authority, and with a fault, there is no certificate', async (t) => {
  const failing = (error: Error): CertificateIssuer => ({ issue: () => Promise.reject(error) });
  const without = makeExchange({ certificates: failing(new PortholeError('ERR_STORE_UNAVAILABLE')) });
  t.match(await without.ask(await without.good()), { kind: 'failure', code: 'ERR_STORE_UNAVAILABLE' });
  const broken = makeExchange({ certificates: failing(new Error('secret detail')) });
  const answer = await broken.ask(await broken.good());
  t.match(answer, { kind: 'failure', code: 'ERR_INTERNAL' });
  t.notMatch(JSON.stringify(answer), /secret detail/);
});

t.test('a question that is none', async (t) => {
  const { ask, exchange } = makeExchange();
  t.match(await ask(''), { kind: 'failure', code: 'ERR_BAD_REQUEST' });
  t.match(await ask('a.b.c', { role: 'admin' }), { kind: 'failure', code: 'ERR_BAD_REQUEST' });
  for (let count = 0; count < defaultLimits.burst; count++) exchange.enter('192.0.2.9')?.();
  t.equal(exchange.enter('192.0.2.9'), undefined);
  t.ok(exchange.enter('192.0.2.10'));
});
