import t from 'tap';
import { shareCookie, shareCookieName, shareCookiesIn } from '../../../server/access/share-cookie.ts';
import { ownerMark, signGrant, verifyGrant } from '../../../server/access/share-link.ts';

const key = Buffer.alloc(32, 7);
const now = 1_700_000_000_000;
const grant = { env: 'pr-42', owner: ownerMark('ann'), expiresAtMs: now + 90_000, id: 'abc' };

t.test('is host-only, out of reach of scripts and other sites, and as long-lived as the link', async (t) => {
  const [pair = '', ...attributes] = shareCookie(key, grant, now).split('; ');
  t.same(attributes.sort(), ['HttpOnly', 'Max-Age=90', 'Path=/', 'SameSite=Lax', 'Secure']);
  t.ok(pair.startsWith(`${shareCookieName}=`));
  const value = pair.slice(shareCookieName.length + 1);
  t.same(verifyGrant(key, 'cookie', value, now), grant);
  t.not(value, signGrant(key, 'link', grant), 'never the link itself');
  t.equal(verifyGrant(key, 'link', value, now), undefined);
});

t.test('is found in a header, wherever, however often', async (t) => {
  t.same(shareCookiesIn(undefined), []);
  t.same(shareCookiesIn('a=1'), []);
  t.same(shareCookiesIn(`a=1;${shareCookieName}=x ; b=2`), ['x']);
  t.same(shareCookiesIn(`${shareCookieName}=x; ${shareCookieName}=y`), ['x', 'y']);
  t.same(shareCookiesIn(`x${shareCookieName}=x`), []);
  t.equal(shareCookiesIn(`${shareCookieName}=x; `.repeat(100)).length, 4, 'a bounded number is looked at');
});
