import fc from 'fast-check';
import t from 'tap';
import { httpUrl, oneLine, safeLines } from '../../client/printable.ts';

t.test('one line, without anything that a terminal would obey', async (t) => {
  t.equal(oneLine(' a\r\n\tb\u001b[2J\u202e\u2028 '), 'a b?[2J??');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(oneLine(text))),
  );
});

t.test('several lines, each as it is but for what a terminal would obey', async (t) => {
  t.same(safeLines('NAME  ROLE\r\n  ana   admin\n'), ['NAME  ROLE', '  ana   admin']);
  t.same(safeLines('a\u001b[2J\u202eb\tc\n\nd'), ['a?[2J?b?c', '', 'd']);
  t.same(safeLines(''), []);
  t.same(safeLines('\n'), ['']);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      safeLines(text).every((line) => !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(line)),
    ),
  );
});

t.test('only what is a URL of the web is one', async (t) => {
  for (const url of ['https://web--pr-1.example.com/', 'http://localhost:1/x?y=z'])
    t.equal(httpUrl(url), url);
  for (const other of [
    '',
    'ftp://x/',
    'javascript:1',
    'https://x/ y',
    'https://x/\n',
    'https://',
    '[core] x = https://x',
  ])
    t.equal(httpUrl(other), undefined, other);
});
