import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { quoteWord, splitWords } from '../../core/command-words.ts';

t.test('words are split as a POSIX shell splits them', (t) => {
  const cases: readonly (readonly [text: string, words: readonly string[]])[] = [
    ['', []],
    [' \t\r\n ', []],
    ['key list', ['key', 'list']],
    ['  key \t list\n', ['key', 'list']],
    [`a'b c'd`, ['ab cd']],
    [`'' ""`, ['', '']],
    [`"a\\"b\\\\c\\d\\$\\\`"`, ['a"b\\c\\d$`']],
    [`'a\\b'`, ['a\\b']],
    [`a\\ b \\'`, ['a b', "'"]],
    ['a\\\nb "c\\\nd"', ['ab', 'cd']],
    ['$HOME * ; | & > # ~ `x`', ['$HOME', '*', ';', '|', '&', '>', '#', '~', '`x`']],
    ['--reason "left the team"', ['--reason', 'left the team']],
    ['ä 日本', ['ä', '日本']],
  ];
  for (const [text, words] of cases) t.same(splitWords(text), { ok: true, value: words }, text);
  t.end();
});

t.test('what is open at the end, and what is too long, is a problem', (t) => {
  for (const text of [`'`, `"`, `a "b`, `a 'b"c`, `a\\`, `"a\\"`])
    t.match(splitWords(text), { ok: false }, text);
  t.match(splitWords('a'.repeat(8192)), { ok: true });
  t.match(splitWords('a'.repeat(8193)), { ok: false });
  t.match(splitWords('ä'.repeat(4097)), { ok: false }, 'bytes count');
  t.end();
});

const words = fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 10 });

t.test('whatever is quoted is read back', (t) => {
  fc.assert(
    fc.property(words, (words) => {
      const split = splitWords(words.map(quoteWord).join(' '));
      return split.ok && JSON.stringify(split.value) === JSON.stringify(words);
    }),
  );
  t.end();
});

t.test('a shell reads the same', (t) => {
  const all = ['', 'a b', `it's`, '"', '\\', '$(x)', 'a\nb', '*', '--name=x', '~', '#', 'ä'];
  const line = `printf '%s\\0' ${all.map(quoteWord).join(' ')}`;
  t.same(execFileSync('sh', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1), all);
  t.end();
});

t.test('no text makes it fail or take long', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(`'`, '"', '\\', ' ', 'a', '\n'), maxLength: 200 }),
      (text) => {
        const split = splitWords(text);
        return split.ok ? split.value.join('').length <= text.length : split.problem !== '';
      },
    ),
  );
  t.match(splitWords(`"${'\\'.repeat(8190)}`), { ok: false });
  t.end();
});
