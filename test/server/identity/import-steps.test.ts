import t from 'tap';
import {
  additionStep,
  newKeys,
  revocationStep,
  withoutAdditions,
} from '../../../server/identity/import-steps.ts';
import { readListing } from '../../../server/identity/key-listing.ts';
import type { ImportTerms } from '../../../server/identity/kept-import.ts';
import { MemoryKeys, storedKey } from '../../support/memory-keys.ts';
import { publicKey } from '../../support/public-keys.ts';

const key = publicKey();
const read = readListing(`${key.line} work`);
const listed = read.ok ? read.keys : [];
const terms: ImportTerms = {
  source: 'github:ana',
  principal: 'ana',
  role: 'member',
  envPatterns: ['pr-*'],
  createdBy: 'root',
};
const options = { terms, label: 'github', by: { principal: 'root', address: '::1' }, now: 1000 };

t.test('new keys have names that the principal has not given yet', async (t) => {
  const keys = new MemoryKeys([storedKey({ fingerprint: 'SHA256:x', principal: 'ana', name: 'work' })]);
  t.match(newKeys(listed, options, keys), [
    { name: 'work-2', comment: 'work', blob: key.blob.toString('base64'), options: { touchRequired: true } },
  ]);
});

t.test('what is added and what is good again is one step with one line of the audit', async (t) => {
  const added = newKeys(listed, options, new MemoryKeys());
  t.match(additionStep(added, listed, options), {
    changes: [
      { kind: 'add', key: { fingerprint: key.fingerprint } },
      { kind: 'reinstate', fingerprint: key.fingerprint },
    ],
    audit: {
      at: 1000,
      principal: 'root',
      address: '::1',
      action: 'key.import',
      target: 'github:ana',
      detail: { for: 'ana', added: [`work ${key.fingerprint}`], returned: [key.fingerprint] },
    },
  });
});

t.test('each revocation is a step of its own, and says why', async (t) => {
  t.match(revocationStep(storedKey({ fingerprint: key.fingerprint }), options), {
    changes: [
      { kind: 'revoke', fingerprint: key.fingerprint, reason: 'no longer listed at github:ana', at: 1000 },
    ],
    audit: { action: 'key.revoke', target: 'ana/laptop', detail: { fingerprint: key.fingerprint } },
  });
});

t.test('without additions only what goes is left', async (t) => {
  const vanished = [storedKey({ fingerprint: 'SHA256:x' })];
  const difference = { missing: listed, returned: listed, unchanged: [], passedOver: [], vanished };
  t.same(withoutAdditions(difference), { ...difference, missing: [], returned: [] });
});
