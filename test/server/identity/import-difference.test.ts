import t from 'tap';
import { differenceOf, importedFrom, noLongerListed } from '../../../server/identity/import-difference.ts';
import { readListing } from '../../../server/identity/key-listing.ts';
import type { KeyRecord } from '../../../server/identity/key-record.ts';
import { MemoryKeys, storedKey } from '../../support/memory-keys.ts';
import { publicKey } from '../../support/public-keys.ts';

const source = 'github:ana';
const origin = { source, principal: 'ana' };
const key = publicKey();
const { fingerprint } = key;
const ours = { fingerprint, principal: 'ana', source: importedFrom(source) };

function compare(
  known: readonly KeyRecord[],
  lines: readonly string[] = [key.line],
  file: readonly string[] = [],
) {
  const listing = readListing(lines.join('\n'));
  const listed = listing.ok ? listing.keys : [];
  return differenceOf(
    { ...origin, listed },
    {
      keys: new MemoryKeys(known),
      inFile: (print) => (file.includes(print) ? { principal: 'bo' } : undefined),
    },
  );
}

const nothing = { missing: [], returned: [], unchanged: [], passedOver: [], vanished: [] };

t.test('a key that nobody knows is missing', async (t) => {
  t.match(compare([]), { ...nothing, missing: [{ fingerprint }] });
});

t.test('a key that came from there is unchanged, expired or not', async (t) => {
  t.match(compare([storedKey(ours)]), { ...nothing, unchanged: [{ fingerprint }] });
  t.match(compare([storedKey({ ...ours, expiresAt: 1 })]), { ...nothing, unchanged: [{ fingerprint }] });
});

t.test('one that is listed no longer has vanished', async (t) => {
  t.match(compare([storedKey(ours)], []), { ...nothing, vanished: [{ fingerprint }] });
});

t.test('only what came from there for this principal can vanish', async (t) => {
  for (const other of [
    { fingerprint, principal: 'ana', source: 'added' },
    { fingerprint, principal: 'ana', source: importedFrom('github:bo') },
    { fingerprint, principal: 'bo', source: importedFrom(source) },
    { ...ours, revokedAt: 5, revokedReason: 'stolen' },
  ])
    t.match(compare([storedKey(other)], []), nothing, JSON.stringify(other));
});

t.test('one that the import has revoked returns', async (t) => {
  const revoked = storedKey({ ...ours, revokedAt: 5, revokedReason: noLongerListed(source) });
  t.match(compare([revoked]), { ...nothing, returned: [{ fingerprint }] });
});

t.test('one that somebody has revoked never does', async (t) => {
  for (const revokedReason of ['stolen', '', undefined]) {
    const revoked = storedKey({
      ...ours,
      revokedAt: 5,
      ...(revokedReason !== undefined && { revokedReason }),
    });
    t.match(compare([revoked]), { ...nothing, passedOver: [{ fingerprint, why: /was revoked/ }] });
  }
});

t.test('nor is one touched that came here in another way', async (t) => {
  const added = storedKey({ fingerprint, principal: 'ana', source: 'added' });
  t.match(compare([added]), {
    ...nothing,
    passedOver: [{ fingerprint, why: /there already as ana\/laptop/ }],
  });
  const elsewhere = storedKey({ fingerprint, principal: 'bo' });
  t.match(compare([elsewhere]), { ...nothing, passedOver: [{ why: /bo\/laptop, of another principal/ }] });
});

t.test('nor one that the operator has in the file', async (t) => {
  t.match(compare([], [key.line], [fingerprint]), { ...nothing, passedOver: [{ why: /file.*for bo/ }] });
});
