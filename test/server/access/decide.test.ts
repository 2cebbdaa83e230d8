import fc from 'fast-check';
import t from 'tap';
import type { AccessRequest } from '../../../server/access/decide.ts';
import { decideAccess } from '../../../server/access/decide.ts';
import { shareCookie } from '../../../server/access/share-cookie.ts';
import { ownerMark, signGrant } from '../../../server/access/share-link.ts';

const key = Buffer.alloc(32, 7);
const nowMs = 1_700_000_000_000;
const context = { key, nowMs };
const grant = { env: 'pr-42', owner: ownerMark('ann'), expiresAtMs: nowMs + 60_000, id: 'abc' };
const link = signGrant(key, 'link', grant);
const expired = signGrant(key, 'link', { ...grant, expiresAtMs: nowMs });
const foreign = signGrant(key, 'link', { ...grant, env: 'pr-43' });
const ofBob = { ...grant, owner: ownerMark('bob') };
const forged = signGrant(Buffer.alloc(32, 9), 'link', grant);
const cookie = shareCookie(key, grant, nowMs).split(';', 1)[0] ?? '';
const cookieValue = cookie.split('=')[1] ?? '';

const request: AccessRequest = {
  env: 'pr-42',
  owner: 'ann',
  access: 'private',
  path: '/',
  cookie: undefined,
  shareHeader: undefined,
  navigation: true,
};

t.test('who gets in, and how', async (t) => {
  const cases: [string, Partial<AccessRequest>, string][] = [
    ['nothing', {}, 'deny'],
    ['public', { access: 'public' }, 'public'],
    ['public, with a bad link', { access: 'public', path: `/?porthole-share=${forged}` }, 'public'],
    ['team is closed', { access: 'team' }, 'deny'],
    ['team with a cookie', { access: 'team', cookie }, 'cookie'],
    ['cookie', { cookie }, 'cookie'],
    ['cookie among others', { cookie: `a=1; ${cookie}; b=2` }, 'cookie'],
    ['a bad one before it', { cookie: `__Host-porthole_share=bad; ${cookie}` }, 'cookie'],
    ['the link as a cookie', { cookie: `__Host-porthole_share=${link}` }, 'deny'],
    ['the cookie as a link', { path: `/?porthole-share=${cookieValue}` }, 'deny'],
    ['the cookie as a header', { shareHeader: cookieValue }, 'deny'],
    ['cookie for another env', { cookie, env: 'pr-43' }, 'deny'],
    ['header', { shareHeader: link }, 'header'],
    ['header for another env', { shareHeader: foreign }, 'deny'],
    ['link by a program', { path: `/x?porthole-share=${link}`, navigation: false }, 'link'],
    ['link by a browser', { path: `/x?porthole-share=${link}` }, 'exchange'],
    ['expired link', { path: `/?porthole-share=${expired}` }, 'deny'],
    ['expired link with a cookie', { path: `/?porthole-share=${expired}`, cookie }, 'cookie'],
    ['link for another env', { path: `/?porthole-share=${foreign}` }, 'deny'],
    ['link of another owner', { path: `/?porthole-share=${signGrant(key, 'link', ofBob)}` }, 'deny'],
    ['cookie of another owner', { cookie: shareCookie(key, ofBob, nowMs) }, 'deny'],
    ['header of another owner', { shareHeader: signGrant(key, 'link', ofBob) }, 'deny'],
    ['header, and nobody owns it', { shareHeader: link, owner: undefined }, 'header'],
    ['forged link', { path: `/?porthole-share=${forged}` }, 'deny'],
    [
      'a bad link before it',
      { path: `/?porthole-share=bad&porthole-share=${link}`, navigation: false },
      'link',
    ],
  ];
  for (const [name, change, expected] of cases) {
    const decision = decideAccess({ ...request, ...change }, context);
    t.equal(decision.kind === 'allow' ? decision.via : decision.kind, expected, name);
  }
});

t.test('an exchange leads to the same path without the link, with a cookie that then opens', async (t) => {
  const decision = decideAccess({ ...request, path: `//evil.example/a?b=1&porthole-share=${link}` }, context);
  if (decision.kind !== 'exchange') throw new Error(decision.kind);
  t.equal(decision.path, '//evil.example/a?b=1');
  const pair = decision.setCookie.split(';', 1)[0];
  t.match(decideAccess({ ...request, cookie: pair }, context), { kind: 'allow', via: 'cookie' });
  t.notOk(decision.setCookie.includes(link));
});

t.test('a program that comes by a link is remembered without a redirect', async (t) => {
  const decision = decideAccess({ ...request, path: `/?porthole-share=${link}`, navigation: false }, context);
  t.match(decision, { kind: 'allow', via: 'link', setCookie: /^__Host-porthole_share=/ });
});

t.test('no text opens a private environment', async () => {
  const text = fc.oneof(fc.string(), fc.constantFrom(forged, expired, foreign, cookieValue));
  fc.assert(
    fc.property(text, text, text, fc.boolean(), (inPath, inCookie, header, navigation) => {
      const path = `/?porthole-share=${encodeURIComponent(inPath)}`;
      const decision = decideAccess(
        {
          ...request,
          env: 'pr-44',
          path,
          cookie: `__Host-porthole_share=${inCookie}`,
          shareHeader: header,
          navigation,
        },
        context,
      );
      return decision.kind === 'deny';
    }),
  );
});
