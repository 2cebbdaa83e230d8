import fc from 'fast-check';
import t from 'tap';
import { readExchangeRequest } from '../../../server/oidc/exchange-request.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const key = makeKey(t);
const least = { token: 'a.b.c', publicKey: `${key.line} me@here\n` };

function read(value: unknown) {
  return readExchangeRequest(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
}

t.test('a token and a key', async (t) => {
  const request = read(least);
  t.match(request, {
    ok: true,
    value: {
      kind: 'certificate',
      token: 'a.b.c',
      key: { base64: key.blob.toString('base64') },
      ttlMs: undefined,
      env: undefined,
    },
  });
  t.same(read({ ...least, for: 'certificate' }), request);
});

t.test('with less than the policy allows', async (t) => {
  t.match(read({ ...least, ttl: '10m', env: ['pr-1', 'pr-1', 'x-*'] }), {
    value: { ttlMs: 600_000, env: ['pr-1', 'x-*'] },
  });
  t.match(read({ ...least, ttl: null, env: 'pr-1' }), { value: { ttlMs: undefined, env: ['pr-1'] } });
});

t.test('to visit one environment', async (t) => {
  const visit = { token: 'a.b.c', for: 'visit' };
  t.same(read({ ...visit, env: 'pr-42', ttl: '30m' }), {
    ok: true,
    value: { kind: 'visit', token: 'a.b.c', env: 'pr-42', ttlMs: 1_800_000 },
  });
  t.match(read({ ...visit, env: ['pr-42'] }), { value: { env: 'pr-42', ttlMs: undefined } });
  t.match(read({ ...visit, env: 'Feature/X' }), { value: { env: /^feature-x-[a-z2-7]{6}$/ } }, 'a branch');
  for (const env of [undefined, null, '', [], ['a', 'b'], 5, 'pr-*', '?', '*', 'x'.repeat(256)])
    t.match(read({ ...visit, env }), { ok: false, problem: /one environment/ }, String(env));
  t.match(read({ ...visit, for: 'everything', env: 'pr-42' }), { ok: false, problem: /visit/ });
  t.match(read({ ...visit, env: 'pr-42', ttl: '1s' }), { ok: false, problem: /ttl/ });
});

t.test('anything else is refused, and nothing secret repeated', async (t) => {
  const wrong: unknown[] = [
    '',
    'null',
    '[]',
    '"x"',
    '{',
    {},
    { token: 'a.b.c' },
    { publicKey: key.line },
    { ...least, token: '' },
    { ...least, token: 5 },
    { ...least, publicKey: 'ssh-ed25519 AAAA' },
    { ...least, publicKey: [key.line] },
    { ...least, ttl: '10' },
    { ...least, ttl: 600 },
    { ...least, ttl: '1s' },
    { ...least, env: [] },
    { ...least, env: [5] },
    { ...least, env: ['PR'] },
    { ...least, env: ['a,b'] },
    { ...least, env: Array.from({ length: 65 }, () => 'a') },
    { ...least, role: 'admin' },
  ];
  for (const body of wrong) t.equal(read(body).ok, false, JSON.stringify(body).slice(0, 80));
  const answer = read({ token: 'hunter2.hunter2.hunter2', publicKey: key.privateKey });
  t.equal(answer.ok, false);
  t.notMatch(JSON.stringify(answer), new RegExp(`hunter2|${key.privateKey.split('\n')[2] ?? ''}`));
});

t.test('whatever comes, there is an answer', async () => {
  const field = fc.constantFrom('token', 'publicKey', 'for', 'ttl', 'env', 'x');
  fc.assert(
    fc.property(fc.dictionary(field, fc.jsonValue()), (value) => typeof read(value).ok === 'boolean'),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => typeof readExchangeRequest(Buffer.from(bytes)).ok === 'boolean'),
  );
});
