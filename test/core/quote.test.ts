import fc from 'fast-check';
import t from 'tap';
import { quote } from '../../core/quote.ts';

t.test('printable text as it is, the rest escaped, the long cut', (t) => {
  t.equal(quote('web-1/api'), '"web-1/api"');
  t.equal(quote('a"b\\c'), '"a\\"b\\\\c"');
  t.equal(quote('\u001b[2J\u009bK\u202e'), '"\\u001b[2J\\u009bK\\u202e"');
  t.equal(quote('a'.repeat(100)), `"${'a'.repeat(60)}..."`);
  t.end();
});

t.test('whatever comes in, printable ASCII of a bounded length comes out', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const quoted = quote(text);
      return /^"[\x20-\x7e]*"$/.test(quoted) && quoted.length <= 60 * 6 + 5;
    }),
  );
  t.end();
});
