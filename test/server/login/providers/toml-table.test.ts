import fc from 'fast-check';
import t from 'tap';
import { entriesOf, lineOf, parseToml } from '../../../../server/login/providers/toml-table.ts';

t.test('what TOML says, or where it is wrong', async (t) => {
  t.same(parseToml('a = 1'), { ok: true, value: { a: 1 } });
  t.match(parseToml('a = 1\nb = = 2'), { ok: false, problem: /^line 2, column \d+: [^\n]+$/ });
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseToml(text);
    }),
  );
});

t.test('entries are tables in a list', async (t) => {
  t.same(entriesOf({}, 'people'), []);
  t.same(entriesOf({ people: [{ a: 1 }] }, 'people'), [{ a: 1 }]);
  for (const people of [{ a: 1 }, 'x', [1], [new Date()], [[]]])
    t.equal(entriesOf({ people }, 'people'), undefined);
});

t.test('lines are found by the head and the key', async (t) => {
  const lines = [
    '[[provider]]',
    'name = "a"',
    '',
    ' [[ "people" ]]',
    'email = "x"',
    '[[people]] # second',
    'name = "b"',
    '"email" = "y"',
    '[[provider]]',
    'email = "z"',
  ];
  const line = (kind: string, index: number, key?: string): number | undefined =>
    lineOf(lines, { kind, index, key });
  t.equal(line('provider', 0), 1);
  t.equal(line('provider', 0, 'name'), 2);
  t.equal(line('provider', 0, 'email'), 1, 'not that of another entry');
  t.equal(line('people', 0, 'email'), 5);
  t.equal(line('people', 1, 'email'), 8);
  t.equal(line('people', 1), 6);
  t.equal(line('people', 2), undefined);
});
