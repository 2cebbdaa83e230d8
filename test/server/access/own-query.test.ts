import fc from 'fast-check';
import t from 'tap';
import { readOwnQuery, stripQuery } from '../../../server/access/own-query.ts';

const nothing = { shares: [], tokens: [], asksForBasic: false };

t.test('what is meant for the gateway', async (t) => {
  t.same(readOwnQuery('/?porthole-share=A&b&porthole-token=B'), {
    shares: ['A'],
    tokens: ['B'],
    asksForBasic: false,
  });
  t.same(readOwnQuery('/?_preevy_auth_hint=basic'), { ...nothing, asksForBasic: true });
  t.same(readOwnQuery('/?_preevy_auth_hint=digest'), nothing);
  t.same(readOwnQuery('/?PORTHOLE%2dSHARE=A;porthole-share=B').shares, ['A', 'B']);
  t.equal(readOwnQuery(`/?${'porthole-share=A&'.repeat(100)}`).shares.length, 4);
  for (const path of [
    '/',
    '/?',
    '/porthole-share=A',
    '/?a=porthole-share=A',
    '/?porthole-share',
    '/?porthole-share=',
  ])
    t.same(readOwnQuery(path), nothing, path);
});

t.test('without it, and otherwise byte for byte', async (t) => {
  const cases: [string, string][] = [
    ['/', '/'],
    ['/a?b=1&c=%20&&d', '/a?b=1&c=%20&&d'],
    ['/?porthole-share=T', '/'],
    ['/?porthole-token=pht_T', '/'],
    ['/?_preevy_auth_hint=basic', '/'],
    ['/a?porthole-share=T&b=1', '/a?b=1'],
    ['/a?b=1&porthole-token=T&c=2&porthole-share=U', '/a?b=1&c=2'],
    ['/a?porthole%2Dshare=T&b', '/a?b'],
    ['/a?%70orthole-share=T', '/a'],
    ['/a?%2570orthole-share=T', '/a'],
    ['/a?Porthole-Share=T', '/a'],
    ['/a?+porthole-share+=T&b', '/a?b'],
    ['/a?%20porthole-share=T', '/a'],
    ['/a?porthole-share', '/a'],
    ['/a?porthole-share[]=T', '/a'],
    ['/a?porthole-share%5B0%5D=T', '/a'],
    ['/a?b;porthole-share=T;c', '/a?b;c'],
    ['/a?%=1&porthole-share=T', '/a?%=1'],
    ['/a?q=porthole-share=T', '/a?q=porthole-share=T'],
    ['/a?porthole=1&porthole-shared=2', '/a?porthole=1&porthole-shared=2'],
    ['/porthole-share=T', '/porthole-share=T'],
    ['/a?&porthole-share=T', '/a'],
    ['/a?porthole-share=T&', '/a'],
    ['/a?&&b;;porthole-share=T;&', '/a?&&b;;&'],
    ['*', '*'],
    ['https://h/a?porthole-share=T&b', 'https://h/a?b'],
  ];
  for (const [path, expected] of cases) t.equal(stripQuery(path), expected, path);
});

t.test('nothing of it gets through, and all else does', async () => {
  const own = fc.constantFrom(
    'porthole-share=SECRET',
    'Porthole%2DToken=SECRET',
    '%70orthole-share[]=SECRET',
    '_PREEVY_auth_hint=SECRET',
  );
  const other = fc.stringMatching(/^[a-z%=+]{0,8}$/);
  fc.assert(
    fc.property(fc.array(fc.oneof(own, other), { maxLength: 8 }), (pieces) => {
      const stripped = stripQuery(`/p?${pieces.join('&')}`);
      const kept = pieces.filter((piece) => !piece.includes('SECRET'));
      const query = kept.join('&');
      if (kept.length === pieces.length) return stripped === `/p?${query}`;
      return stripped === (query === '' ? '/p' : `/p?${query}`);
    }),
  );
});

t.test('never an error', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      readOwnQuery(`/?${text}`);
      return stripQuery(`/?porthole-share=SECRET&${text}`).includes('SECRET') === text.includes('SECRET');
    }),
  );
});
