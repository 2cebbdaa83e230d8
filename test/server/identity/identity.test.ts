import fc from 'fast-check';
import t from 'tap';
import { anyEnv, mayNameEnv } from '../../../server/identity/identity.ts';

t.test('no pattern means no name', (t) => {
  t.equal(mayNameEnv({ envPatterns: [] }, 'anything'), false);
  t.equal(mayNameEnv({ envPatterns: anyEnv }, 'anything'), true);
  t.end();
});

t.test('patterns', (t) => {
  const cases: [string, string, boolean][] = [
    ['pr-*', 'pr-42', true],
    ['pr-*', 'pr-', true],
    ['pr-*', 'xpr-42', false],
    ['pr-*', 'pr', false],
    ['pr-?', 'pr-4', true],
    ['pr-?', 'pr-42', false],
    ['*', 'x', true],
    ['main', 'main', true],
    ['main', 'main2', false],
    ['*-staging', 'a-b-staging', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['a.c', 'abc', false],
    ['[a]', 'a', false],
  ];
  for (const [pattern, env, expected] of cases) {
    t.equal(mayNameEnv({ envPatterns: [pattern] }, env), expected, `${pattern} ${env}`);
  }
  t.equal(mayNameEnv({ envPatterns: ['main', 'pr-*'] }, 'pr-1'), true, 'any of them');
  t.equal(mayNameEnv({ envPatterns: ['main', 'pr-*'] }, 'dev'), false);
  t.end();
});

t.test('a name made from a pattern matches it, and a pattern without wildcards only itself', (t) => {
  const plain = fc.stringMatching(/^[a-z0-9-]{0,8}$/);
  fc.assert(
    fc.property(plain, plain, plain, (before, between, after) => {
      t.ok(mayNameEnv({ envPatterns: [`${before}*${after}`] }, before + between + after));
      return mayNameEnv({ envPatterns: [before] }, between) === (before === between);
    }),
  );
  t.end();
});
