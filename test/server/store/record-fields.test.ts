import fc from 'fast-check';
import t from 'tap';
import { z } from 'zod';
import {
  jsonOf,
  lineOfText,
  moment,
  parseJson,
  storableLine,
  wholeOrNull,
  withoutNull,
  wordsOf,
} from '../../../server/store/record-fields.ts';
import { isStorableText } from '../../../server/store/node-sqlite-dialect.ts';

t.test('whatever somebody says becomes a line that is read again', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(100), (text, length) => {
      const line = storableLine(text, length);
      return line.length <= length && lineOfText.safeParse(line).success && isStorableText(line);
    }),
  );
  t.equal(storableLine('a\0b\u009f\ud83d', 5), 'a b \ufffd');
  t.equal(storableLine('😀', 1), '\ufffd', 'cut in the middle of one');
});

t.test('moments are whole, and no earlier or later than dates reach', async (t) => {
  for (const good of [0, 8.64e15]) t.ok(moment.safeParse(good).success);
  for (const bad of [-1, 0.5, 8.64e15 + 1, '1', null]) t.notOk(moment.safeParse(bad).success);
  t.same([wholeOrNull(1.9), wholeOrNull(undefined)], [1, null]);
});

t.test('what is wrong is told by its place, and not by what is there', async (t) => {
  t.equal(parseJson('{'), undefined);
  t.same(parseJson('[1]'), [1]);
  const parsed = z.object({ hash: z.number() }).safeParse({ hash: 'secret' });
  t.match(wordsOf(parsed.error as z.ZodError), /^hash: /);
  t.notMatch(wordsOf(parsed.error as z.ZodError), /secret/);
});

t.test('what is not there has no field, and JSON is what is written there', async (t) => {
  const fields = withoutNull({ a: 1, b: null, c: 0, d: '' });
  t.same(fields, { a: 1, c: 0, d: '' });
  t.notOk('b' in fields);
  const list = jsonOf(z.array(z.string()));
  t.same(list.parse('["a"]'), ['a']);
  for (const bad of ['[1]', '{', '', 5, null, `["${'x'.repeat(1_048_576)}"]`])
    t.notOk(list.safeParse(bad).success);
});
