import fc from 'fast-check';
import t from 'tap';
import { matchesPattern, patternProblem } from '../../../core/env-pattern.ts';
import { isName } from '../../../core/names.ts';
import { exampleOf, patternOutside, patternWithin } from '../../../server/identity/patterns.ts';

t.test('what lies within what', (t) => {
  const cases: readonly (readonly [pattern: string, others: readonly string[], within: boolean])[] = [
    ['pr-*', ['*'], true],
    ['*', ['pr-*'], false],
    ['*', ['*'], true],
    ['pr-1', ['pr-*'], true],
    ['pr-1', ['main', 'pr-*'], true],
    ['pr-?', ['pr-*'], true],
    ['pr-*', ['pr-?'], false],
    ['pr-*', ['pr-?*'], false],
    ['pr-?*', ['pr-*?'], true],
    ['pr-a*', ['pr-?*'], true],
    ['p*', ['pr-*'], false],
    ['*pr-*', ['*'], true],
    ['pr-*-x', ['pr-*'], true],
    ['pr-*', ['pr-*-x'], false],
    ['*a*', ['*a*'], true],
    ['*a*', ['?*', 'a'], false],
    ['main', ['main'], true],
    ['main', [], false],
    ['**', ['*'], true],
    ['*', ['**'], true],
  ];
  for (const [pattern, others, within] of cases)
    t.equal(patternWithin(pattern, others), within, `${pattern} in ${others.join(' ')}`);
  t.end();
});

t.test('the first one outside', (t) => {
  t.equal(patternOutside(['pr-1', 'main', '*'], ['pr-*', 'main']), '*');
  t.equal(patternOutside([], []), undefined);
  t.end();
});

const unit = fc.constantFrom('a', 'b', '*', '?', '-');
const pattern = fc.string({ unit, maxLength: 6 });
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), maxLength: 8 });

t.test('it never says yes wrongly', (t) => {
  fc.assert(
    fc.property(
      pattern,
      fc.array(pattern, { maxLength: 3 }),
      fc.array(name, { maxLength: 20 }),
      (one, others, names) => {
        if (!patternWithin(one, others)) return true;
        return names
          .filter((each) => matchesPattern(one, each))
          .every((each) => others.some((other) => matchesPattern(other, each)));
      },
    ),
    { numRuns: 5000 },
  );
  t.end();
});

t.test('it says yes to what is narrower', (t) => {
  const narrowed = fc.tuple(
    fc.string({ unit: fc.constantFrom('a', 'b', '*', '-'), maxLength: 6 }),
    fc.array(fc.constantFrom('a', 'ab', '?', '*', '*b'), { minLength: 8, maxLength: 8 }),
  );
  fc.assert(
    fc.property(narrowed, ([wide, fillings]) => {
      const narrow = [...wide].map((char, at) => (char === '*' ? fillings[at] : char)).join('');
      return patternWithin(narrow, [wide]) && patternWithin(wide, [wide]) && patternWithin(wide, ['*']);
    }),
  );
  t.end();
});

t.test('an example is a name that matches', (t) => {
  const sound = fc
    .string({ unit, minLength: 1, maxLength: 8 })
    .filter((text) => patternProblem(text) === undefined);
  fc.assert(
    fc.property(
      sound,
      (pattern) => isName(exampleOf(pattern)) && matchesPattern(pattern, exampleOf(pattern)),
    ),
  );
  t.equal(exampleOf('pr-*'), 'pr-1');
  t.end();
});
