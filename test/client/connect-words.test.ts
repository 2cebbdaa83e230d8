import fc from 'fast-check';
import t from 'tap';
import { readWords } from '../../client/connect-words.ts';

t.test('which word is the environment', async (t) => {
  const cases: readonly (readonly [string, string | undefined, string])[] = [
    ['pr-42 3000', 'pr-42', '3000'],
    ['pr-42 web=3000 api=4000', 'pr-42', 'web=3000 api=4000'],
    ['Feature/Foo_Bar 3000', 'Feature/Foo_Bar', '3000'],
    ['pr-42', 'pr-42', ''],
    ['42 3000', '42', '3000'],
    ['3000 web=4000', '3000', 'web=4000'],
    ['3000', undefined, '3000'],
    ['web=3000', undefined, 'web=3000'],
    ['web=3000 api=4000', undefined, 'web=3000 api=4000'],
    ['web:8080=3000', undefined, 'web:8080=3000'],
    ['unix:/run/x', undefined, 'unix:/run/x'],
    ['db=unix:/run/x', undefined, 'db=unix:/run/x'],
    ['localhost:3000', undefined, 'localhost:3000'],
    ['[::1]:3000 web=1', undefined, '[::1]:3000 web=1'],
    ['3000?access=public', undefined, '3000?access=public'],
    ['', undefined, ''],
  ];
  for (const [line, env, targets] of cases) {
    const words = readWords(line.split(' ').filter(Boolean), false);
    t.same(words, { env, targets: targets.split(' ').filter(Boolean) }, line);
  }
});

t.test('with --env every word is a target', async (t) => {
  t.same(readWords(['pr-42', '3000'], true), { env: undefined, targets: ['pr-42', '3000'] });
});

t.test('no word is lost, and none is taken for both', async () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.boolean(), (words, given) => {
      const { env, targets } = readWords(words, given);
      return JSON.stringify(env === undefined ? targets : [env, ...targets]) === JSON.stringify(words);
    }),
  );
});
