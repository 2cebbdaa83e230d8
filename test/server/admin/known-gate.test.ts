import t from 'tap';
import { knownGate } from '../../../server/admin/known-gate.ts';
import { MemoryBook, someGate } from '../../support/memory-book.ts';

t.test('a gate by its name or its id', (t) => {
  const book = new MemoryBook({ gates: [someGate()] });
  for (const text of ['ops', 'OPS', 'gategategat2']) t.match(knownGate(book, text), { name: 'ops' }, text);
  t.match(knownGate(book, 'default'), { isDefault: true });
  t.match(knownGate(book, 'op'), { kind: 'error', message: 'there is no gate op (did you mean ops?)' });
  t.end();
});
