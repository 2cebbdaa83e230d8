import fc from 'fast-check';
import t from 'tap';
import { didYouMean, editDistance } from '../../core/suggest.ts';

t.test('names the closest known word, if one is close', async (t) => {
  const known = ['--hold', '--grace', '--listen', '--ssh-listen'];
  t.equal(didYouMean('--hodl', known), ' (did you mean --hold?)');
  t.equal(didYouMean('--sshlisten', known), ' (did you mean --ssh-listen?)');
  t.equal(didYouMean('--graces', known), ' (did you mean --grace?)');
  t.equal(didYouMean('--gracious', known, '--'), '');
  t.equal(didYouMean('--certificate', known), '');
  t.equal(didYouMean('', known), '');
  t.equal(didYouMean('x'.repeat(1_000_000), known), '');
});

t.test('the distance counts single edits and swaps', async (t) => {
  t.equal(editDistance('hold', 'hodl'), 1);
  t.equal(editDistance('kitten', 'sitting'), 3);
  t.equal(editDistance('', 'abc'), 3);
  const word = fc.string({ maxLength: 12 });
  fc.assert(fc.property(word, (a) => editDistance(a, a) === 0));
  fc.assert(fc.property(word, word, (a, b) => a === b || editDistance(a, b) > 0));
  fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) === editDistance(b, a)));
  fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) <= Math.max(a.length, b.length)));
  fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) >= Math.abs(a.length - b.length)));
});
