import fc from 'fast-check';
import t from 'tap';
import type { HandOver } from '../../../server/access/hand-over.ts';
import { handOverQuery, handOverUrl, readHandOver, readToken } from '../../../server/access/hand-over.ts';
import { stateHash } from '../../../server/access/state-cookie.ts';

const state = stateHash('nonce');
const plain: HandOver = { label: 'web--pr-42', path: '/a?b=c&d', state };
const read = (changes: Record<string, string | undefined>): boolean => {
  const query = new URLSearchParams(handOverQuery(plain));
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
  }
  return readHandOver(`/_porthole/login?${query.toString()}`).ok;
};

t.test('it is written for the login pages, and read there', async (t) => {
  const url = handOverUrl('https://preview.example.com', plain);
  t.equal(
    url,
    `https://preview.example.com/_porthole/login?to=web--pr-42&return=%2Fa%3Fb%3Dc%26d&state=${state}`,
  );
  const all: HandOver = {
    ...plain,
    share: 'abcdefghij27.MAC_-',
    token: 'pht_abcdefghij27.MAC',
    chain: { home: 'pr-42', rest: ['api--pr-42', '8080--pr-42'] },
  };
  for (const each of [plain, all, { ...all, chain: { home: 'web--pr-42', rest: [] } }])
    t.same(readHandOver(handOverUrl('https://h', each).slice(9)), { ok: true, value: each });
});

t.test('where to is a host that there can be', async (t) => {
  for (const to of [
    undefined,
    '',
    'evil.example',
    'a--b--c--d',
    'WEB--pr-42',
    'web--pr-42.evil',
    '-',
    'xn--a',
  ])
    t.equal(read({ to }), false, String(to));
});

t.test('where on it is a path', async (t) => {
  const bad = [
    '//evil',
    '/\\evil',
    'https:evil',
    '/a\r\n',
    'https://api--pr-42.preview.example.com/',
    '/%2fevil',
  ];
  for (const path of [undefined, '', ...bad]) t.equal(read({ return: path }), false, String(path));
});

t.test('the state is one', async (t) => {
  for (const bad of [undefined, '', 'x', `${state}x`, `${state.slice(1)}!`])
    t.equal(read({ state: bad }), false, String(bad));
});

t.test('a chain has hosts of the one environment, each once, and not too many', async (t) => {
  t.equal(read({ home: 'pr-42' }), true);
  t.equal(read({ home: 'pr-42', rest: 'api--pr-42' }), true);
  const bad: [string, string][] = [
    ['pr-43', ''],
    ['evil.example', ''],
    ['', 'api--pr-42'],
    ['pr-42', 'api--pr-43'],
    ['pr-42', 'api--pr-42,api--pr-42'],
    ['pr-42', 'pr-42'],
    ['pr-42', 'web--pr-42'],
    ['pr-42', 'https://evil'],
    ['pr-42', 'a--pr-42,b--pr-42,c--pr-42,d--pr-42,e--pr-42,f--pr-42'],
  ];
  for (const [home, rest] of bad) t.equal(read({ home, rest }), false, `${home} ${rest}`);
});

t.test('nothing is there twice, and nothing is too long', async (t) => {
  const query = handOverQuery(plain);
  t.equal(readHandOver(`/?${query}&to=api--pr-42`).ok, false);
  t.equal(readHandOver(`/?${query}&return=/`).ok, false);
  t.equal(readHandOver(`/?${query}&x=${'a'.repeat(9000)}`).ok, false);
  t.equal(readHandOver('/').ok, false);
  t.equal(readHandOver('').ok, false);
});

t.test('what cannot be a link or a token is left out', async (t) => {
  t.equal(readToken('abcdefghij27.MAC_-'), 'abcdefghij27.MAC_-');
  for (const bad of [null, undefined, '', 'a b', 'a%', '<script>', 'a'.repeat(129)])
    t.equal(readToken(bad), undefined);
  t.equal(read({ share: '<script>' }), true);
});

t.test('whatever is read can be come back to on a host of the same environment', async () => {
  const part = fc.constantFrom(
    '//evil',
    '/a',
    '/\\evil',
    'https:evil',
    '%2f',
    '/%2f%2f',
    '\t',
    'web--pr-42',
    'x--pr-43',
  );
  fc.assert(
    fc.property(part, part, fc.array(part), (to, path, rest) => {
      const query = new URLSearchParams({ to, return: path, state, home: 'pr-42', rest: rest.join(',') });
      const result = readHandOver(`/?${query.toString()}`);
      if (!result.ok) return true;
      const { label, chain } = result.value;
      const origin = `https://${label}.preview.example.com`;
      const labels = [label, chain?.home ?? '', ...(chain?.rest ?? [])];
      return (
        new URL(origin + result.value.path).origin === origin &&
        labels.every((each) => /(^|--)pr-42$/.test(each))
      );
    }),
  );
});
