import fc from 'fast-check';
import t from 'tap';
import { commandSchemas } from '../../../core/command-values.ts';
import { importedNames } from '../../../server/identity/imported-names.ts';
import { readListing } from '../../../server/identity/key-listing.ts';
import { publicKey } from '../../support/public-keys.ts';

const { line } = publicKey();

function listed(comments: readonly string[]) {
  return comments.map((comment) => {
    const listing = readListing(`${line} ${comment}`);
    const [key] = listing.ok ? listing.keys : [];
    if (key === undefined) throw new Error(`no key: ${comment}`);
    return key;
  });
}

t.test('keys without a comment are numbered, from the first number that is free', async (t) => {
  t.same(importedNames(listed(['', '']), 'github', []), ['github-1', 'github-2']);
  t.same(importedNames(listed(['', '']), 'github', ['github-2', 'laptop']), ['github-1', 'github-3']);
});

t.test('others are named for their comments', async (t) => {
  const comments = ['ana@laptop', 'ana@laptop', 'Ana (work, new)', '***', '-x'];
  t.same(importedNames(listed(comments), 'gitlab', ['x']), [
    'ana@laptop',
    'ana@laptop-2',
    'Ana-work-new',
    'gitlab-1',
    'x-2',
  ]);
});

t.test('every name is one that commands take, and none is there twice', async () => {
  const { name: schema } = commandSchemas['key rename'].shape;
  const comment = fc.stringMatching(/^[\x21-\x7e]{0,90}$/);
  fc.assert(
    fc.property(
      fc.array(comment, { maxLength: 5 }),
      fc.array(comment, { maxLength: 5 }),
      (comments, taken) => {
        const all = comments.flatMap((each) => {
          const listing = readListing(`${line} ${each}`);
          return listing.ok ? listing.keys : [];
        });
        const names = importedNames(all, 'github', taken);
        const known = new Set([...taken, ...names]);
        return (
          names.every((name) => schema.safeParse(name).success && !taken.includes(name)) &&
          known.size === new Set(taken).size + all.length
        );
      },
    ),
  );
});
