import fc from 'fast-check';
import t from 'tap';
import { cookieValues } from '../../../server/access/cookie-values.ts';

t.test('the values of one name', async (t) => {
  const cases: [string | undefined, string[]][] = [
    [undefined, []],
    ['', []],
    ['a=1', ['1']],
    ['a=1; b=2', ['1']],
    ['b=2;a=1', ['1']],
    ['b=2;\t a=1 ;c=3', ['1']],
    ['b=a=1', []],
    ['ba=1', []],
    ['a', []],
    ['a=', ['']],
    ['a=1; a=2; a=3', ['1', '2', '3']],
    ['A=1', []],
    ['a=x=y', ['x=y']],
    ['xa=1; a=2', ['2']],
  ];
  for (const [header, expected] of cases) t.same(cookieValues(header, 'a'), expected, String(header));
});

t.test('only the first few', async (t) => {
  t.equal(cookieValues('a=1; '.repeat(1000), 'a').length, 4);
});

t.test('the same that a parser of whole headers finds', async () => {
  const name = fc.constantFrom('a', 'aa', 'b', ' a', 'a ', '=a');
  const value = fc.stringMatching(/^[a=b ]{0,6}$/);
  const cookie = fc.tuple(name, value).map(([key, text]) => `${key}=${text}`);
  fc.assert(
    fc.property(fc.array(cookie, { maxLength: 6 }), fc.constantFrom(';', '; '), (cookies, separator) => {
      const header = cookies.join(separator);
      const expected = header
        .split(';')
        .map((each) => each.trimStart())
        .filter((each) => each.startsWith('a='))
        .map((each) => each.slice(2).trim())
        .slice(0, 4);
      return JSON.stringify(cookieValues(header, 'a')) === JSON.stringify(expected);
    }),
  );
});
