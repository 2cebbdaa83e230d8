import t from 'tap';
import {
  brings,
  bringsNothing,
  checkAfter,
  whyNothingNew,
} from '../../../server/identity/import-judgement.ts';
import type { Difference } from '../../../server/identity/import-difference.ts';
import type { KeptImport } from '../../../server/identity/kept-import.ts';
import { storedKey } from '../../support/memory-keys.ts';

const nothing: Difference = { missing: [], returned: [], unchanged: [], passedOver: [], vanished: [] };
const there = { ...nothing, unchanged: [storedKey({ fingerprint: 'SHA256:x' })] };
const source = { name: 'github:ana', url: '', principal: undefined, label: 'github' };
const kept: KeptImport = {
  source: 'github:ana',
  principal: 'ana',
  role: 'machine',
  envPatterns: [],
  createdAt: 1,
  createdBy: 'root',
  check: {},
};

t.test('what is there already is something, but nothing new', async (t) => {
  t.equal(brings(nothing), false);
  t.equal(brings(there), true);
  t.equal(brings(there, 'new'), false);
});

t.test('an import that brings nothing says why', async (t) => {
  t.equal(bringsNothing(source, nothing, { skipped: [] }), 'github:ana lists no keys');
  const passedOver = [{ fingerprint: 'SHA256:x', why: 'it is there' }];
  const skipped = [{ line: 2, problem: 'it is weak' }];
  t.match(
    bringsNothing(source, { ...nothing, passedOver }, { skipped }),
    /no key that could be imported: SHA256:x: it is there; line 2: it is weak/,
  );
});

t.test('nothing new is taken after the time, or once the account was not there', async (t) => {
  t.equal(whyNothingNew(kept, 1000), undefined);
  t.equal(whyNothingNew({ ...kept, expiresAt: 1001 }, 1000), undefined);
  t.match(whyNothingNew({ ...kept, expiresAt: 1000 }, 1000), /has passed/);
  t.match(whyNothingNew({ ...kept, check: { absentSince: 0 } }, 1000), /on 1970-01-01/);
});

t.test('of problems that follow each other the first moment counts', async (t) => {
  t.same(checkAfter([], 9), { checkedAt: 9, succeededAt: 9 });
  t.same(checkAfter(['a', 'b'], 9), { checkedAt: 9, problem: 'a; b', problemSince: 9 });
  const before = { checkedAt: 1, succeededAt: 1, problem: 'c', problemSince: 3 };
  t.same(checkAfter(['a'], 9, before), { checkedAt: 9, succeededAt: 1, problem: 'a', problemSince: 3 });
  t.same(checkAfter([], 9, before), { checkedAt: 9, succeededAt: 9 });
});
