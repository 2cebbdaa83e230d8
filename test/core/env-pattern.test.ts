import fc from 'fast-check';
import t from 'tap';
import { matchesPattern, patternProblem } from '../../core/env-pattern.ts';
import { isName, maxEnvLength } from '../../core/names.ts';

t.test('what matches', (t) => {
  const cases: readonly (readonly [
    pattern: string,
    matching: readonly string[],
    other: readonly string[],
  ])[] = [
    ['*', ['a', 'pr-1', ''], []],
    ['pr-*', ['pr-1', 'pr-', 'pr-a-b'], ['pr', 'spr-1', 'main']],
    ['*-preview', ['a-preview', 'a-preview-preview'], ['preview', 'a-preview-b']],
    ['pr-?', ['pr-1'], ['pr-12', 'pr-']],
    ['a*b*c', ['abc', 'axxbxxc', 'abcbc'], ['ab', 'acb', 'abcx']],
    ['main', ['main'], ['mai', 'main1', '']],
    ['**', ['', 'a'], []],
    ['?*', ['a', 'ab'], ['']],
    ['', [''], ['a']],
  ];
  for (const [pattern, matching, other] of cases) {
    for (const name of matching) t.ok(matchesPattern(pattern, name), `${pattern} matches ${name}`);
    for (const name of other) t.notOk(matchesPattern(pattern, name), `${pattern} does not match ${name}`);
  }
  t.end();
});

const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*', '?'), maxLength: 8 });
const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 10 });

t.test('it is what a regular expression says', (t) => {
  fc.assert(
    fc.property(pattern, name, (pattern, name) => {
      const source = pattern.replaceAll('*', '.*').replaceAll('?', '.');
      return matchesPattern(pattern, name) === new RegExp(`^${source}$`).test(name);
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('many stars take no time', (t) => {
  t.notOk(matchesPattern('*a'.repeat(63) + 'b', 'a'.repeat(63)));
  t.end();
});

t.test('a pattern that can match no name is refused, any other is not', (t) => {
  for (const good of ['*', 'pr-*', '?', 'pr-??', 'main', '*-*', 'x*n', 'xn*', 'a'.repeat(maxEnvLength)])
    t.equal(patternProblem(good), undefined, good);
  const bad = ['', 'PR-*', 'a--b', '-a', 'a-', '*-', 'a_b', 'ä*', 'a,b', 'xn', 'a b', 'a.b', '\u001b[2J'];
  for (const text of [...bad, 'a'.repeat(maxEnvLength + 1), '*'.repeat(200)]) {
    t.type(patternProblem(text), 'string', text);
    t.notMatch(patternProblem(text), /\u001b/);
  }
  t.end();
});

t.test('what is refused matches no name', (t) => {
  fc.assert(
    fc.property(pattern, name, (pattern, name) => {
      const refused = pattern !== '' && pattern.length < 9 && patternProblem(pattern) !== undefined;
      return !(refused && isName(name) && matchesPattern(pattern, name));
    }),
    { numRuns: 2000 },
  );
  t.end();
});
