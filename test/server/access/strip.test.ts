import fc from 'fast-check';
import t from 'tap';
import { isOwnCookie, stripCookies, stripReferer } from '../../../server/access/strip.ts';

t.test('the cookies of the gateway, in every spelling', async (t) => {
  const own = [
    '__Host-porthole_session',
    '__Host-porthole_session=x',
    '__Host-porthole_embed=x',
    '__host-PORTHOLE_login',
    '__Secure-porthole',
    '__Http-porthole_a',
    '__Host-Http-porthole_a',
    'porthole',
    'Porthole_session=1',
    ' porthole-x=1',
    '\tporthole-x\t=1',
    '"__Host-porthole_session"=1',
    '%5F%5FHost-porthole_session=x',
    '__Host-p%6Frthole_session=x',
    '%255f_Host-porthole_session=x',
    '__Host%2Dporthole=x',
    // A cookie without a name is sent as its value alone.
    '=__Host-porthole_session=x',
    '= porthole=x',
    '==porthole=x',
  ];
  for (const cookie of own) t.equal(isOwnCookie(cookie), true, cookie);
  const others = [
    'sid',
    'my_porthole=1',
    '__Host-sid',
    '__Host_porthole=1',
    'x=porthole',
    'x=%70orthole',
    '',
  ];
  for (const cookie of others) t.equal(isOwnCookie(cookie), false, cookie);
});

t.test('a Cookie header without them, and otherwise byte for byte', async (t) => {
  const cases: [string, string | undefined][] = [
    ['a=1; b=2', 'a=1; b=2'],
    ['a=1;b=2 ;  c', 'a=1;b=2 ;  c'],
    ['a=%41; b%41=2', 'a=%41; b%41=2'],
    ['__Host-porthole_session=t', undefined],
    ['a=1; __Host-porthole_session=t; b=2', 'a=1; b=2'],
    ['a="1" ;__Host-porthole_session=t;  b= 2', 'a="1" ;  b= 2'],
    ['__Host-porthole_session=t; __Host-porthole_embed=u; a=1', 'a=1'],
    ['a=1; __HOST-Porthole_Login=t', 'a=1'],
    ['=__Host-porthole_session=t; a=1', 'a=1'],
    ['%5f%5fHost-porthole_session=t; a=1', 'a=1'],
    ['a=porthole; b=2', 'a=porthole; b=2'],
    [
      '$Version=1; __Host-porthole_session="t"; $Path="/"; $Port; a=1; $Path="/x"',
      '$Version=1; a=1; $Path="/x"',
    ],
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
    '__Host-porthole_session',
    '__HOST-PORTHOLE',
    ' porthole ',
    '=porthole',
    '%70orthole',
    '"porthole"',
    '$Path',
  );
  const cookie = fc.tuple(name, fc.stringMatching(/^[a-z"%]{0,5}$/)).map(([key, value]) => `${key}=${value}`);
  fc.assert(
    fc.property(fc.array(cookie), fc.constantFrom(';', '; ', ' ;'), (cookies, separator) => {
      const kept = stripCookies(cookies.join(separator)) ?? '';
      return !kept.split(';').some((each) => isOwnCookie(each));
    }),
  );
});

t.test('the cookies of the app stay as they are, in their order', async () => {
  const app = fc.stringMatching(/^[a-z]=[!-:<-~]{0,8}$/);
  const own = fc.constantFrom('__Host-porthole_session=x', '__Host-porthole_embed=y');
  fc.assert(
    fc.property(fc.array(fc.oneof(app, own)), (cookies) => {
      const kept = cookies.filter((cookie) => !cookie.startsWith('__Host-'));
      return (stripCookies(cookies.join('; ')) ?? '') === kept.join('; ');
    }),
  );
});

t.test('long headers of any kind take their time, and no more', async (t) => {
  const headers = [
    '%'.repeat(32_768),
    '='.repeat(32_768),
    '; '.repeat(16_384),
    '$a;'.repeat(10_000),
    'porthole'.repeat(4096),
  ];
  for (const header of headers) t.doesNotThrow(() => stripCookies(header));
});

t.test('a Referer without what was in the address', async (t) => {
  t.equal(
    stripReferer('https://web--e.preview.example.com/a?porthole-share=T&b=1'),
    'https://web--e.preview.example.com/a?b=1',
  );
  t.equal(
    stripReferer('https://web--e.preview.example.com/a?b=1'),
    'https://web--e.preview.example.com/a?b=1',
  );
  t.equal(stripReferer('porthole'), 'porthole');
});
