import fc from 'fast-check';
import t from 'tap';
import { install, RecordTable, TableDraft } from '../../../server/targets/record-table.ts';

interface Thing {
  readonly id: string;
  readonly name: string;
  readonly of: string;
}

function tableOf(...things: readonly Thing[]): RecordTable<Thing> {
  const table = new RecordTable<Thing>({ unique: ({ name }) => name, group: ({ of }) => of });
  for (const thing of things) table.put(thing);
  return table;
}

const [one, two] = [
  { id: '1', name: 'one', of: 'a' },
  { id: '2', name: 'two', of: 'a' },
];

t.test('records are found by id, by name and by what they belong to', (t) => {
  const table = tableOf(one, two);
  t.equal(table.size, 2);
  t.equal(table.get('1'), one);
  t.equal(table.named('two'), two);
  t.same(table.of('a'), [one, two]);
  t.same(table.of('b'), []);
  table.put({ ...one, name: 'eins', of: 'b' });
  t.equal(table.named('one'), undefined);
  t.equal(table.named('eins')?.id, '1');
  t.same(table.of('a'), [two]);
  table.delete('2');
  table.delete('3');
  t.same([...table.values()], [{ ...one, name: 'eins', of: 'b' }]);
  t.same(table.of('a'), []);
  t.end();
});

t.test('a draft is the table as it would be, and changes nothing', (t) => {
  const table = tableOf(one, two);
  const draft = new TableDraft(table);
  draft.put({ ...one, name: 'two' });
  draft.put({ ...two, name: 'one' });
  draft.put({ id: '3', name: 'three', of: 'c' });
  t.equal(draft.size, 3);
  t.equal(draft.named('one')?.id, '2');
  t.equal(draft.nameOf(two), 'two');
  draft.delete('3');
  draft.delete('3');
  t.equal(draft.size, 2);
  t.equal(draft.named('three'), undefined);
  t.same(
    [...draft.values()].map(({ id, name }) => [id, name]),
    [
      ['1', 'two'],
      ['2', 'one'],
    ],
  );
  t.same([...table.values()], [one, two]);
  install(table, draft.changes);
  t.equal(table.named('two')?.id, '1');
  t.equal(table.named('one')?.id, '2');
  t.end();
});

t.test('what a draft shows is what is there when it is installed', (t) => {
  const thing = fc.record({
    id: fc.constantFrom('1', '2', '3', '4'),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    of: fc.constantFrom('x', 'y'),
  });
  const step = fc.oneof(thing, fc.constantFrom('1', '2', '3', '4'));
  const isFree = (records: Pick<TableDraft<Thing>, 'named'>, { id, name }: Thing): boolean =>
    (records.named(name)?.id ?? id) === id;
  fc.assert(
    fc.property(fc.array(thing), fc.array(step), (before, steps) => {
      const table = tableOf();
      for (const each of before) if (isFree(table, each)) table.put(each);
      const draft = new TableDraft(table);
      for (const each of steps) {
        if (typeof each === 'string') draft.delete(each);
        else if (isFree(draft, each)) draft.put(each);
      }
      const shown = [...draft.values()];
      if (draft.size !== shown.length) throw new Error('its size');
      install(table, draft.changes);
      const there = [...table.values()];
      if (there.length !== shown.length) throw new Error('another number of them');
      for (const each of shown) {
        const found = [
          table.get(each.id),
          table.named(each.name),
          table.of(each.of).find(({ id }) => id === each.id),
        ];
        if (found.some((one) => one !== each)) throw new Error(JSON.stringify({ each, found }));
      }
    }),
  );
  t.end();
});
