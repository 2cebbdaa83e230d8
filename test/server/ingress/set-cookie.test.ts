import fc from 'fast-check';
import t from 'tap';
import { narrowCookie } from '../../../server/ingress/set-cookie.ts';

const context = { hostname: 'web--pr-1.preview.test', upstreamHostname: undefined };

t.test('a cookie reaches no further than the preview that set it', async (t) => {
  const cases: [string, string | undefined][] = [
    ['a=1', 'a=1'],
    ['a=1; Path=/; Secure', 'a=1; Path=/; Secure'],
    ['a=1; Domain=preview.test; Path=/', 'a=1; Path=/'],
    ['a=1; domain=.preview.test', 'a=1'],
    ['a=1;DOMAIN = "Preview.Test" ;Path=/', 'a=1;Path=/'],
    ['a=1; Domain=test', 'a=1'],
    ['a=1; Domain=preview.test.', 'a=1'],
    ['a=1; Domain=', 'a=1'],
    // Browsers decode the name as they do in a URL.
    ['a=1; Domain=%70review.test', 'a=1'],
    ['a=1; Domain=\xef\xbd\x90review.test', 'a=1'],
    ['a=1; Domain=preview\xe3\x80\x82test; Path=/', 'a=1; Path=/'],
    ['a=1; Domain=..preview.test', 'a=1'],
    ['a=1; Domain="preview.test."', 'a=1'],
    ['a=1; Domain=preview.test\t', 'a=1'],
    ['a=1; Domain=preview.test; Domain=test', 'a=1'],
    // Its own host, and what a browser refuses anyway, stay.
    ['a=1; Domain=web--pr-1.preview.test', 'a=1; Domain=web--pr-1.preview.test'],
    ['a=1; Domain=example.org', 'a=1; Domain=example.org'],
    ['a=1; Domain=w.test', 'a=1; Domain=w.test'],
    ['domain=preview.test; Path=/', 'domain=preview.test; Path=/'],
    ['__Host-porthole_share=x', undefined],
    ['porthole=x; Path=/', undefined],
    ['=__Host-porthole_share=x', undefined],
    ['__HOST-Porthole_session=x; Path=/; Secure', undefined],
    ['\t __host-porthole_session =x', undefined],
    [' = =__Secure-porthole=x', undefined],
    ['__Host-Http-porthole_session=x', undefined],
    ['__Host-porthole_session', undefined],
  ];
  for (const [value, expected] of cases) t.equal(narrowCookie(value, context), expected, value);
});

t.test('a Domain that the upstream took from its rewritten Host is narrowed too', async (t) => {
  const rewritten = { ...context, upstreamHostname: 'localhost' };
  t.equal(narrowCookie('a=1; Domain=localhost; Path=/', rewritten), 'a=1; Path=/');
  t.equal(narrowCookie('a=1; Domain=localhost', context), 'a=1; Domain=localhost');
});

t.test('no Domain above the host is left', async () => {
  const attribute = fc.constantFrom(
    'Path=/',
    'Domain=preview.test',
    ' domain=.TEST',
    'Domain="test"',
    'DOMAIN =preview.test ',
    'Secure',
  );
  fc.assert(
    fc.property(fc.array(attribute), fc.constantFrom(';', '; '), (attributes, separator) => {
      const value = ['a=1', ...attributes].join(separator);
      return !/domain/i.test(narrowCookie(value, context) ?? '');
    }),
  );
});
