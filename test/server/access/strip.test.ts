import fc from 'fast-check';
import t from 'tap';
import {
  isOwnCookie,
  shareTokensIn,
  stripCookies,
  stripShareParameter,
} from '../../../server/access/strip.ts';

t.test('the cookies of the gateway, in every spelling', async (t) => {
  const own = [
    '__Host-porthole_share',
    '__Host-porthole_share=x',
    '__host-PORTHOLE_share',
    '__Secure-porthole',
    '__Http-porthole_a',
    '__Host-Http-porthole_a',
    'porthole',
    'Porthole_session=1',
    ' porthole-x=1',
    // A cookie without a name is sent as its value alone.
    '=__Host-porthole_share=x',
    '= porthole=x',
  ];
  for (const cookie of own) t.equal(isOwnCookie(cookie), true, cookie);
  for (const cookie of ['sid', 'my_porthole=1', '__Host-sid', '__Host_porthole=1', 'x=porthole', '']) {
    t.equal(isOwnCookie(cookie), false, cookie);
  }
});

t.test('a Cookie header without them', async (t) => {
  const cases: [string, string | undefined][] = [
    ['a=1; b=2', 'a=1; b=2'],
    ['a=1;b=2 ;  c', 'a=1;b=2 ;  c'],
    ['__Host-porthole_share=t', undefined],
    ['a=1; __Host-porthole_share=t; b=2', 'a=1; b=2'],
    ['__Host-porthole_share=t; __Host-porthole_share=u; a=1', 'a=1'],
    ['a=1; __HOST-Porthole_Share=t', 'a=1'],
    ['=__Host-porthole_share=t; a=1', 'a=1'],
    ['a=porthole; b=2', 'a=porthole; b=2'],
    ['porthole', undefined],
    ['; ;porthole=1;', undefined],
    ['', ''],
  ];
  for (const [header, expected] of cases) t.equal(stripCookies(header), expected, header);
});

t.test('no header gets one through', async () => {
  const name = fc.constantFrom(
    'a',
    'porthole',
    '__Host-porthole_share',
    '__HOST-PORTHOLE',
    ' porthole ',
    '=porthole',
  );
  const cookie = fc.tuple(name, fc.string({ maxLength: 5 })).map(([key, value]) => `${key}=${value}`);
  fc.assert(
    fc.property(fc.array(cookie), fc.constantFrom(';', '; ', ' ;'), (cookies, separator) => {
      const kept = stripCookies(cookies.join(separator)) ?? '';
      return !kept.split(';').some((each) => isOwnCookie(each));
    }),
  );
});

t.test('a path without the share parameter, and otherwise byte for byte', async (t) => {
  const cases: [string, string][] = [
    ['/', '/'],
    ['/a?b=1&c=%20&&d', '/a?b=1&c=%20&&d'],
    ['/?porthole-share=T', '/'],
    ['/a?porthole-share=T&b=1', '/a?b=1'],
    ['/a?b=1&porthole-share=T&c=2&porthole-share=U', '/a?b=1&c=2'],
    ['/a?porthole%2Dshare=T&b', '/a?b'],
    ['/a?%70orthole-share=T', '/a'],
    ['/a?Porthole-Share=T', '/a'],
    ['/a?porthole-share', '/a'],
    ['/a?+porthole-share=T', '/a?+porthole-share=T'],
    ['/a?%=1&porthole-share=T', '/a?%=1'],
    ['/a?q=porthole-share=T', '/a?q=porthole-share=T'],
    ['/porthole-share=T', '/porthole-share=T'],
    ['*', '*'],
    ['/a?', '/a?'],
  ];
  for (const [path, expected] of cases) t.equal(stripShareParameter(path), expected, path);
});

t.test('what is left names no share parameter, and what does not, stays', async () => {
  const pair = fc.constantFrom(
    'a=1',
    'porthole-share=T',
    'porthole%2dshare=T',
    '%70ORTHOLE-share=',
    'b',
    '%zz=1',
    '',
  );
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const path = `/p?${pairs.join('&')}`;
      const kept = new URLSearchParams(stripShareParameter(path).slice('/p'.length));
      return [...kept.keys()].every((name) => name.toLowerCase() !== 'porthole-share');
    }),
  );
  fc.assert(fc.property(fc.webPath(), (path) => stripShareParameter(path) === path));
});

t.test('the tokens in a path', async (t) => {
  t.same(shareTokensIn('/'), []);
  t.same(shareTokensIn('/a?b=porthole-share'), []);
  t.same(shareTokensIn('/a?porthole-share=T'), ['T']);
  t.same(shareTokensIn('/a?x=1&porthole-share=T&porthole-share=U'), ['T', 'U']);
  t.same(shareTokensIn('/a?xporthole-share=T'), []);
});
