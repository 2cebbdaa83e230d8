import fc from 'fast-check';
import t from 'tap';
import { nameNewTarget } from '../../../server/targets/new-target.ts';
import { targetNameProblem } from '../../../server/targets/target-names.ts';
import { MemoryBook, someTarget, targetId } from '../../support/memory-book.ts';

const id = '1a2b3c4d-0000-4000-8000-000000000000';

t.test('a name that is good and free, whatever it wishes and whatever is there', (t) => {
  const name = fc.constantFrom(
    'pr-42',
    'pr-42-2',
    'pr-42-1a2b',
    'm-42',
    'box',
    'x'.repeat(63),
    `${'x'.repeat(61)}-2`,
  );
  const there = fc.record({
    name,
    env: fc.constantFrom('pr-42', 'box'),
    owner: fc.constantFrom('ana', 'bob'),
  });
  const wish = fc.oneof(name, fc.constantFrom('42', '0x1', 'localhost', 'www', '', 'A b', id), fc.string());
  const facts = fc.record({ foreign: fc.uniqueArray(name), live: fc.boolean(), wish });
  fc.assert(
    fc.property(
      fc.uniqueArray(there, { selector: (each) => each.name }),
      facts,
      (all, { foreign, live, wish }) => {
        const targets = all.map((each, at) => someTarget({ ...each, id: targetId(at) }));
        const book = new MemoryBook({ targets });
        const { name, displaced } = nameNewTarget(
          { id, env: 'pr-42', owner: 'ana', name: wish },
          { book, isLive: () => live, isForeign: (each) => each !== 'pr-42' && foreign.includes(each) },
        );
        const holder = book.targetNamed(name);
        if (targetNameProblem(name) !== undefined) throw new Error(`${name} is none`);
        if (holder?.id !== displaced?.target.id) throw new Error(`${name} is taken`);
        if (displaced !== undefined) {
          if (targetNameProblem(displaced.name) !== undefined) throw new Error(`${displaced.name} is none`);
          if (book.targetNamed(displaced.name) !== undefined) throw new Error(`${displaced.name} is taken`);
          if (holder?.env !== 'pr-42' || (live && holder.owner === 'ana'))
            throw new Error(`${name} is not free`);
        } else if (name !== 'pr-42' && foreign.includes(name)) throw new Error(`${name} is somebody else's`);
      },
    ),
  );
  t.end();
});

t.test('where every number is taken', (t) => {
  const isForeign = (name: string): boolean => /^pr-42-\d+$/.test(name);
  const book = new MemoryBook({ targets: [someTarget()] });
  const wish = { id, env: 'pr-42', owner: 'ana', name: 'pr-42' };
  t.same(nameNewTarget(wish, { book, isLive: () => true, isForeign }), { name: 'pr-42-1a2b' });
  const all = { book, isLive: () => true, isForeign: () => true };
  t.same(nameNewTarget(wish, all), { name: 'pr-42-1a2b3c4d000040008000000000000000' });
  t.end();
});
