import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { shellCommand, shellQuote } from '../../client/shell-quote.ts';

t.test('plain words stay as they are', async (t) => {
  for (const word of ['web=3000', '-o', '/web/8080', 'a@b:22', '%h']) t.equal(shellQuote(word), word);
  t.equal(shellQuote(''), "''");
  t.equal(shellQuote('~'), "'~'");
  t.equal(shellQuote('=ls'), "'=ls'", 'zsh would make the path of ls of it');
  t.equal(shellQuote("it's"), `'it'\\''s'`);
});

t.test('a real shell reads back every word', async () => {
  const word = fc.oneof(
    fc.stringMatching(/^[ab \n\t!-/:-@[-`{-~]*$/),
    fc.string().filter((text) => !text.includes('\0')),
  );
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
      const command = shellCommand([
        'node',
        '-e',
        'process.stdout.write(JSON.stringify(process.argv.slice(1)))',
        '--',
        ...words,
      ]);
      const read = execFileSync('/bin/sh', ['-c', command.replace(/^node/, shellQuote(process.execPath))], {
        encoding: 'utf8',
      });
      return read === JSON.stringify(words);
    }),
    { numRuns: 12 },
  );
});
