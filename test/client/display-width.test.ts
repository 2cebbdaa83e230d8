import fc from 'fast-check';
import t from 'tap';
import { cutToWidth, displayWidth } from '../../client/display-width.ts';

t.test('columns of a text', async (t) => {
  t.equal(displayWidth('abc'), 3);
  t.equal(displayWidth('日本'), 4);
  t.equal(displayWidth('e\u0301'), 1);
  t.equal(displayWidth('🚀'), 2);
  t.equal(displayWidth(''), 0);
});

t.test('what does not fit is cut', async (t) => {
  t.equal(cutToWidth('abcdef', 6), 'abcdef');
  t.equal(cutToWidth('abcdef', 5), 'abcd…');
  t.equal(cutToWidth('日本語', 4), '日…');
  t.equal(cutToWidth('abc', 0), '');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 80 }), (text, columns) => {
      const cut = cutToWidth(text, columns);
      return displayWidth(cut) <= columns && (displayWidth(text) > columns || cut === text);
    }),
  );
});
