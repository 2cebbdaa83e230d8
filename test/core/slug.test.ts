import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { base32 } from '../../core/base32.ts';
import { isName, isServiceName } from '../../core/names.ts';
import { lowerCaseAscii, slug } from '../../core/slug.ts';

function hash(text: string): string {
  return base32(createHash('sha256').update(text).digest()).slice(0, 6);
}

t.test('the readable part, then the hash of the original', (t) => {
  const cases: Record<string, string> = {
    'Feature/Foo_Bar': 'feature-foo-bar',
    '__a//b__': 'a-b',
    ___: 'x',
    '': 'x',
    xn: 'xn',
    '3000': '3000',
    'dependabot/npm_and_yarn/left-pad-1.3.0': 'dependabot-npm-and-yarn-left-pad',
    'grün/ü': 'gr-n',
  };
  for (const [original, readable] of Object.entries(cases))
    t.equal(slug(original, 40), `${readable}-${hash(original)}`);
  t.end();
});

t.test('the cut leaves neither a hyphen at the end nor two in a row', (t) => {
  const original = 'abc/def/ghi';
  for (let maxLength = 8; maxLength <= 20; maxLength += 1) {
    t.ok(isName(slug(original, maxLength)), `cut at ${String(maxLength)}: ${slug(original, maxLength)}`);
  }
  t.equal(slug(original, 11), `abc-${hash(original)}`);
  t.end();
});

t.test('a room that holds no slug is a mistake of the caller', (t) => {
  t.throws(() => slug('web', 7), RangeError);
  t.end();
});

t.test('lower case for ASCII letters only', (t) => {
  t.equal(lowerCaseAscii('WeB\u212aİ'), 'web\u212aİ');
  t.end();
});

const originals = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.stringMatching(/^[A-Za-z0-9_/.-]{0,80}$/),
  fc.stringMatching(/^-{0,5}[a-z]{0,3}-{0,50}[0-9]{0,3}-{0,3}$/),
);

t.test('every slug is a valid name that fits, for a service too', (t) => {
  fc.assert(
    fc.property(originals, fc.integer({ min: 8, max: 63 }), (original, maxLength) => {
      const name = slug(original, maxLength);
      return isServiceName(name) && name.length <= maxLength;
    }),
    { numRuns: 2000 },
  );
  t.end();
});
