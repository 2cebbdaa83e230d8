import t from 'tap';
import { z } from 'zod';
import { readBy } from '../../../../server/login/providers/entry-problem.ts';

const schema = z.strictObject({ name: z.string('is needed'), size: z.number('is a number').optional() });

t.test('an entry, or each of its problems with its key', async (t) => {
  t.same(readBy(schema, { name: 'a' }, ['name', 'size']), { value: { name: 'a' } });
  t.same(readBy(schema, { size: 'secret', nam: 1, other: 2 }, ['name', 'size']), {
    problems: [
      { key: 'name', text: 'is needed' },
      { key: 'size', text: 'is a number' },
      { key: 'nam', text: 'unknown key (did you mean name?)' },
      { key: 'other', text: 'unknown key' },
    ],
  });
  t.match(readBy(schema, 'x', []), { problems: [{ key: undefined }] });
});
