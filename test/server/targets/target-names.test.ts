import fc from 'fast-check';
import t from 'tap';
import {
  findTarget,
  isTargetId,
  targetAddressed,
  targetNameProblem,
} from '../../../server/targets/target-names.ts';
import { MemoryBook, someTarget } from '../../support/memory-book.ts';

const first = someTarget({ id: 'abcdef01-0000-4000-8000-000000000000', name: 'pr-42' });
const second = someTarget({ id: 'abcdef02-0000-4000-8000-000000000000', name: 'abcdef', owner: 'bob' });
const third = someTarget({ id: '12345678-0000-4000-8000-000000000000', name: 'box' });
const book = new MemoryBook({ targets: [first, second, third] });

t.test('what a person writes for a machine', (t) => {
  const cases: readonly (readonly [string, typeof first | undefined])[] = [
    [first.id, first],
    [first.id.toUpperCase(), first],
    ['pr-42', first],
    ['PR-42', first],
    ['abcdef', second],
    ['abcdef0', undefined],
    ['abcdef01', first],
    ['ABCDEF01-00', first],
    ['123456', third],
    ['12345', undefined],
    ['123456x', undefined],
    ['', undefined],
    ['box2', undefined],
  ];
  for (const [text, target] of cases) t.equal(findTarget(book, text), target, text);
  t.end();
});

t.test('what a name in an address means, and whose it must be', (t) => {
  const owners: Record<string, string> = { 'pr-42': 'ana', box: 'bob' };
  const find = (name: string) => targetAddressed(book, name, (env) => owners[env]);
  t.equal(find('pr-42'), first);
  t.equal(find(first.id), first);
  t.equal(find('abcdef'), second, 'no environment is called so');
  t.equal(find('box'), undefined, 'the environment of somebody else is');
  t.equal(find('pr-7'), undefined);
  owners['pr-42'] = 'bob';
  t.equal(find('pr-42'), undefined, 'the former owner`s');
  t.equal(find(first.id), first);
  t.end();
});

t.test('what a machine may be called', (t) => {
  for (const name of ['pr-42', 'a', '1a', 'abcdef', 'vm-0x1', 'x'.repeat(63)])
    t.equal(targetNameProblem(name), undefined, name);
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /is none/],
    ['Pr-42', /is none/],
    ['a--b', /is none/],
    ['-a', /is none/],
    ['a b', /is none/],
    ['a\nHost *', /"a\\u000aHost \*" is none/],
    ['*', /is none/],
    ['10.0.0.1', /is none/],
    ['x'.repeat(64), /is none/],
    ['42', /address/],
    ['2130706433', /address/],
    ['0x7f000001', /address/],
    [first.id, /id of a machine/],
    ['localhost', /reserved/],
    ['gate', /reserved/],
  ];
  for (const [name, problem] of cases) t.match(targetNameProblem(name), problem, name);
  t.end();
});

t.test('a name that is good is one word, and no option', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (text) => {
      const isGood = targetNameProblem(text) === undefined;
      if (isGood && !/^[a-z0-9][a-z0-9-]*$/.test(text)) throw new Error(text);
    }),
  );
  fc.assert(
    fc.property(
      fc.uuid(),
      (id) => isTargetId(id) && targetNameProblem(id) !== undefined && !isTargetId(`${id}0`),
    ),
  );
  t.end();
});
