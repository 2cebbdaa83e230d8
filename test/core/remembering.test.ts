import t from 'tap';
import { remembering } from '../../core/remembering.ts';

t.test('each text once, up to a bound', async (t) => {
  const made: string[] = [];
  const upper = remembering(
    (text) => {
      made.push(text);
      return text === 'none' ? undefined : text.toUpperCase();
    },
    { maxTexts: 2, maxLength: 5 },
  );
  t.equal(upper('a'), 'A');
  t.equal(upper('a'), 'A');
  t.equal(upper('none'), undefined);
  t.equal(upper('none'), undefined);
  t.same(made, ['a', 'none']);
  t.equal(upper('b'), 'B', 'too many: all is forgotten');
  t.equal(upper('a'), 'A');
  t.same(made, ['a', 'none', 'b', 'a']);
});

t.test('what is long is made anew', async (t) => {
  let count = 0;
  const length = remembering(
    (text) => {
      count += 1;
      return text.length;
    },
    { maxTexts: 2, maxLength: 5 },
  );
  t.equal(length('123456'), 6);
  t.equal(length('123456'), 6);
  t.equal(count, 2);
});
