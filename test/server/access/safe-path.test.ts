import fc from 'fast-check';
import t from 'tap';
import { encodedPath, maxPathBytes, returnPath, safePath } from '../../../server/access/safe-path.ts';

const origin = 'https://web--pr-42.preview.example.com';

t.test('paths of the host are kept as they are', async (t) => {
  const good = [
    '/',
    '/a/b?c=d&e=%20',
    '/caf%C3%A9/%E2%82%AC',
    '/?next=//evil.example/',
    '/?next=https://evil.example/%0D%0A',
    '/@evil.example/',
    '/a//b',
    '/a?b#c',
    '/../..//a',
  ];
  for (const path of good) t.equal(safePath(path), path, path);
});

t.test('what leads elsewhere, or could be taken to, is none', async (t) => {
  const bad = [
    '',
    'evil',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\/evil.example',
    '/a\\b',
    'https:evil.example',
    'https://evil.example/',
    'https:/\\evil.example',
    'javascript:alert(1)',
    '@evil.example',
    'user:secret@evil.example',
    ':443/',
    '.evil.example',
    '?a',
    '#a',
    ' //evil.example',
    '/ /evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/a\r\nSet-Cookie: a=b',
    '/\0',
    '/\x7f',
    '/a\u2028b',
    '/\u202emoc.live',
    '/é',
    // The same once decoded, or twice.
    '/%2Fevil.example',
    '/%2fevil.example',
    '/%5Cevil.example',
    '%2F%2Fevil.example',
    '/%252Fevil.example',
    '/%255cevil.example',
    '/%09/evil.example',
    '/%0d%0aSet-Cookie:%20a=b',
    '/%250d%250aSet-Cookie:%20a=b',
    '/%00',
  ];
  for (const path of bad) t.equal(safePath(path), undefined, encodeURIComponent(path));
});

t.test('a bound', async (t) => {
  const longest = `/${'a'.repeat(maxPathBytes - 1)}`;
  t.equal(safePath(longest), longest);
  t.equal(safePath(`${longest}a`), undefined);
});

t.test('whatever is let through stays on the origin, for every reader of URLs', async () => {
  const piece = fc.constantFrom(
    ...[
      '/',
      '//',
      '\\',
      '%2f',
      '%5c',
      '%252F',
      '%09',
      '\t',
      '\n',
      '\r',
      '\0',
      '@',
      ':',
      '?',
      '#',
      '.',
      '..',
      ' ',
    ],
    ...[
      'evil.example',
      'https:',
      'javascript:',
      'user',
      'a',
      '%0d%0a',
      'é',
      '\u3002',
      '\uff0f',
      ';',
      '&',
      '=',
    ],
  );
  const hostile = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''));
  const text = fc.oneof(
    hostile,
    hostile.map((each) => `/${each}`),
    fc.string(),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, (given) => {
      const path = safePath(given);
      if (path === undefined) return true;
      const urls = [new URL(path, origin), new URL(origin + path)];
      return path === given && urls.every((url) => url.origin === origin && url.username === '');
    }),
    { numRuns: 2000 },
  );
});

t.test('a path as a request has it becomes one that a URL has', async (t) => {
  t.equal(encodedPath('/caf\xc3\xa9?a="b"'), '/caf%C3%A9?a="b"');
  t.equal(encodedPath('/a%20b'), '/a%20b');
  t.equal(returnPath('/\xe2\x82\xac'), '/%E2%82%AC');
});

t.test('one that is none comes back to the start page', async (t) => {
  for (const path of ['*', '//evil.example', `/${'a'.repeat(3000)}`]) t.equal(returnPath(path), '/', path);
});
