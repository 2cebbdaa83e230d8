import fc from 'fast-check';
import t from 'tap';
import { redact } from '../../../core/redact.ts';
import { ApiTokens, longestApiTokenMs } from '../../../server/access/api-tokens.ts';
import type { KeyAccount } from '../../../server/access/key-account.ts';
import { isOwnAuthorization } from '../../../server/ingress/own-authorization.ts';
import { PlainSealer } from '../../support/door.ts';

const host = 'preview.test';
const hourMs = 3_600_000;
const account: KeyAccount = {
  ...{ kind: 'key', principal: 'ana', fingerprint: `SHA256:${'a'.repeat(43)}` },
  ...{ role: 'member', envPatterns: ['pr-*'], certificate: undefined },
};
const certificate = { serial: '7', id: 'ana@ci', authority: 'SHA256:ca', expiresAt: 5 };

function setting() {
  const clock = { now: 1_000_000 };
  const sealer = new PlainSealer();
  const tokens = new ApiTokens({ sealer, host, now: () => clock.now });
  const make = (of: KeyAccount = account, ttlMs = hourMs) => {
    const made = tokens.make(of, ttlMs);
    if (!made.ok) throw new Error(made.problem);
    return made.value;
  };
  return { clock, sealer, tokens, make };
}

t.test('a token says whose it is, until when, and nothing else of a key', (t) => {
  const { tokens, make } = setting();
  const { id, token, expiresAt } = make();
  t.match(token, /^pha_[\w.-]+$/);
  t.match(id, /^[a-z2-7]{12}$/);
  t.equal(expiresAt, 1_000_000 + hourMs);
  t.same(tokens.accountOf(token), {
    kind: 'good',
    id,
    expiresAt,
    // What it may do is looked up.
    account: { ...account, role: 'machine', envPatterns: [] },
  });
  t.not(make().token, token);
  t.end();
});

t.test('of a certificate it says all that there is to know', (t) => {
  const { tokens, make } = setting();
  for (const expiresAt of [5, undefined]) {
    const certified = { ...account, certificate: { ...certificate, expiresAt } };
    t.match(tokens.accountOf(make(certified).token), { kind: 'good', account: certified });
  }
  const envPatterns = Array.from({ length: 32 }, (_, at) => `${'x'.repeat(80)}-${String(at)}`);
  t.match(tokens.make({ ...account, certificate, envPatterns }, hourMs), { ok: false, problem: /too much/ });
  t.end();
});

t.test('it ends', (t) => {
  const { clock, tokens, make } = setting();
  const { token } = make();
  clock.now += hourMs - 1;
  t.match(tokens.accountOf(token), { kind: 'good' });
  clock.now += 1;
  t.same(tokens.accountOf(token), { kind: 'expired' });
  t.equal(make(account, Infinity).expiresAt - clock.now, longestApiTokenMs);
  t.end();
});

t.test('what was made for something else, or elsewhere, is none', (t) => {
  const { sealer, tokens, make } = setting();
  const { token } = make();
  const other = new ApiTokens({ sealer, host: 'other.test' });
  t.equal(other.accountOf(token), undefined);
  const statement = JSON.stringify({ id: 'a'.repeat(12), until: 9e15, principal: 'ana', key: 'SHA256:x' });
  t.match(tokens.accountOf(`pha_${sealer.seal('api-token', host, statement)}`), { kind: 'good' });
  for (const wrong of [
    '',
    'pha_',
    token.slice(4),
    token.replace('pha_', 'pht_'),
    `${token}A`,
    ` ${token}`,
    `pha_${sealer.seal('login', host, statement)}`,
    `pha_${sealer.seal('api-token', host, 'nonsense')}`,
    `pha_${sealer.seal('api-token', host, '{}')}`,
    `pha_${sealer.seal('api-token', host, statement.replace('}', ',"more":1}'))}`,
  ])
    t.equal(tokens.accountOf(wrong), undefined, wrong);
  t.end();
});

t.test('no text makes it throw, or is a token by chance', (t) => {
  const { tokens } = setting();
  fc.assert(fc.property(fc.string(), (text) => tokens.accountOf(`pha_${text}`) === undefined));
  t.end();
});

t.test('logs do not show it, and apps do not get it', (t) => {
  const { token } = setting().make();
  t.equal(redact(`GET /x?y=${token}&z=1`), 'GET /x?y=[redacted]&z=1');
  t.same(redact({ words: ['curl', token] }), { words: ['curl', '[redacted]'] });
  t.ok(isOwnAuthorization(`Bearer ${token}`));
  t.ok(isOwnAuthorization(`Basic ${Buffer.from(`x:${token}`).toString('base64')}`));
  t.end();
});
