import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { newGrant, ownerMark, shareUrl, signGrant, verifyGrant } from '../../../server/access/share-link.ts';
import type { SharePurpose } from '../../../server/access/share-link.ts';

const key = Buffer.alloc(32, 7);
const now = 1_700_000_000_000;
const own = ownerMark('ann');
const grant = { env: 'pr-42', owner: own, expiresAtMs: now + 60_000, id: 'abc' };

t.test('what was signed is verified, for its purpose and until it expires', async (t) => {
  for (const purpose of ['link', 'cookie'] as const) {
    const token = signGrant(key, purpose, grant);
    t.same(verifyGrant(key, purpose, token, now), grant);
    t.equal(verifyGrant(key, purpose === 'link' ? 'cookie' : 'link', token, now), undefined);
    t.same(verifyGrant(key, purpose, token, grant.expiresAtMs - 1), grant);
    t.equal(verifyGrant(key, purpose, token, grant.expiresAtMs), undefined);
    t.equal(verifyGrant(Buffer.alloc(32, 8), purpose, token, now), undefined, 'another key');
  }
});

t.test('the form of a token is what other programs may rely on', async (t) => {
  const [payload = '', mac = ''] = signGrant(key, 'link', grant).split('.');
  t.same(JSON.parse(Buffer.from(payload, 'base64url').toString()), {
    env: 'pr-42',
    own,
    exp: 1_700_000_060,
    id: 'abc',
  });
  t.equal(Buffer.from(mac, 'base64url').length, 32);
});

t.test('a new grant has an id of its own and whole seconds', async (t) => {
  const [a, b] = [newGrant('pr-1', 'ann', now + 1234), newGrant('pr-1', 'ann', now + 1234)];
  t.equal(a.expiresAtMs, now + 1000);
  t.not(a.id, b.id);
  t.same(verifyGrant(key, 'link', signGrant(key, 'link', a), now), a);
});

t.test('the link goes to any host and path', async (t) => {
  t.equal(
    shareUrl('https://web--pr-42.localhost:8443', 'T'),
    'https://web--pr-42.localhost:8443/?porthole-share=T',
  );
  t.equal(shareUrl('https://a.b', 'T', '/x?y=1'), 'https://a.b/x?y=1&porthole-share=T');
});

t.test('a genuine signature over a payload that is none is not enough', async (t) => {
  const payloads = [
    '',
    'null',
    '1',
    '[]',
    '{}',
    '{"env":"pr-1"}',
    '{"env":"pr-1","exp":9999999999,"id":"a"}',
    '{"env":"pr-1","own":7,"exp":9999999999,"id":"a"}',
    '{"env":"pr-1","own":"ann","exp":9999999999,"id":"a"}',
    `{"env":"pr-1","own":"${own}","exp":"9999999999","id":"a"}`,
    `{"env":"pr-1","own":"${own}","exp":1e300,"id":"a"}`,
    `{"env":"pr-1","own":"${own}","exp":9999999999.5,"id":"a"}`,
    `{"env":"PR_1","own":"${own}","exp":9999999999,"id":"a"}`,
    `{"env":7,"own":"${own}","exp":9999999999,"id":"a"}`,
    `{"env":"pr-1","own":"${own}","exp":9999999999,"id":7}`,
    `{"env":"pr-1","own":"${own}","exp":9999999999,"id":"${'x'.repeat(33)}"}`,
    '{not json',
  ];
  for (const payload of payloads) {
    const encoded = Buffer.from(payload).toString('base64url');
    const mac = createHmac('sha256', key).update(`porthole-share link ${encoded}`).digest('base64url');
    t.equal(verifyGrant(key, 'link', `${encoded}.${mac}`, now), undefined, payload);
  }
});

t.test('any grant comes back, and no other text is a token', async () => {
  const names = fc.constantFrom('a', 'pr-42', 'x'.repeat(40), '0-0');
  const purposes = fc.constantFrom<SharePurpose>('link', 'cookie');
  fc.assert(
    fc.property(
      names,
      fc.integer({ min: 1, max: 4_000_000_000 }),
      fc.string({ maxLength: 32 }),
      purposes,
      (env, exp, id, purpose) => {
        const given = { env, owner: ownerMark(id), expiresAtMs: exp * 1000, id };
        const found = verifyGrant(key, purpose, signGrant(key, purpose, given), exp * 1000 - 1);
        return JSON.stringify(found) === JSON.stringify(given);
      },
    ),
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 600 }), (text) => verifyGrant(key, 'link', text, 0) === undefined),
  );
});

t.test('a changed character anywhere makes it worthless', async (t) => {
  const token = signGrant(key, 'link', grant);
  fc.assert(
    fc.property(fc.nat(token.length - 2), fc.constantFrom('A', 'a', '0', '_', '-', '.', '~'), (at, other) => {
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      return changed === token || verifyGrant(key, 'link', changed, now) === undefined;
    }),
  );
  t.equal(verifyGrant(key, 'link', `${token}A`, now), undefined);
  t.equal(verifyGrant(key, 'link', 'A'.repeat(10_000), now), undefined);
});

t.test('owners are told apart, and not told', async (t) => {
  t.match(ownerMark('ann'), /^[\w-]{22}$/);
  t.not(ownerMark('ann'), ownerMark('bob'));
});
