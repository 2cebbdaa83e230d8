import t from 'tap';
import { facts, short, table } from '../../../server/admin/table.ts';

t.test('columns are aligned, and nothing trails', (t) => {
  t.same(
    table([
      ['A', 'LONG', 'C'],
      ['1', '2', ''],
      ['123', '4'],
    ]),
    ['A    LONG  C', '1    2', '123  4'],
  );
  t.same(table([]), []);
  t.end();
});

t.test('facts that are not known are left out', (t) => {
  t.same(
    facts([
      ['a', '1'],
      ['bcd', undefined],
      ['ef', '2'],
    ]),
    ['  a   1', '  ef  2'],
  );
  t.end();
});

t.test('long text is cut between characters', (t) => {
  t.equal(short('a'.repeat(40)), 'a'.repeat(40));
  t.equal(short('🔑'.repeat(41)), `${'🔑'.repeat(39)}…`);
  t.end();
});
