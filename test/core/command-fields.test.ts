import t from 'tap';
import { flag, read, span, text } from '../../core/command-fields.ts';
import { problem } from '../../core/parsed.ts';

t.test('text that is fit for a table', (t) => {
  const short = text(3);
  for (const good of ['a', 'äöü', 'a b']) t.equal(short.parse(good), good);
  for (const bad of ['', 'abcd', 'a\u0000', '\u202e', '\u2028']) t.notOk(short.safeParse(bad).success);
  t.end();
});

t.test('what the parsers of the core read, with their problems', (t) => {
  const even = read((word) => (word.length % 2 === 0 ? { ok: true, value: word.length } : problem('is odd')));
  t.equal(even.parse('ab'), 2);
  t.match(even.safeParse('abc').error?.issues, [{ message: 'is odd' }]);
  t.equal(span.parse('2d'), 172_800_000);
  t.notOk(span.safeParse('2').success);
  t.equal(flag.parse(true), true);
  t.notOk(flag.safeParse('yes').success);
  t.end();
});
